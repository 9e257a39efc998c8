//! Relays (DERP) and STUN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{GoDuration, Host, HttpUrl, IpAddress, Port};

/// Relays for nodes that cannot reach each other directly. Headscale does not start without at least one region.
///
/// The default is the embedded server and no other, because Headscale's own default, Tailscale's public relays, keeps it from
/// starting where there is no internet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Derp {
    /// The relay inside of Headscale.
    pub server: DerpServer,
    /// Maps of relays to fetch, in JSON. Headscale does not start while one cannot be fetched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(example = ["https://controlplane.tailscale.com/derpmap/default"])]
    pub urls: Vec<HttpUrl>,
    /// Relays of your own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<DerpMap>,
    /// Whether the maps are read again from time to time.
    pub auto_update_enabled: bool,
    /// How often they are read again.
    pub update_frequency: GoDuration,
}

impl Default for Derp {
    fn default() -> Self {
        Self { server: DerpServer::default(), urls: Vec::new(), map: None, auto_update_enabled: true, update_frequency: "3h".into() }
    }
}

/// The relay inside of Headscale, with a STUN server beside it.
///
/// Clients relay over TLS only: with an `http://` server URL they still find each other's addresses by STUN and connect directly,
/// but cannot relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DerpServer {
    /// Whether it runs.
    pub enabled: bool,
    /// The number of its region.
    #[schemars(range(min = 1))]
    pub region_id: u16,
    /// The short name of its region.
    pub region_code: String,
    /// The name of its region as shown to people.
    pub region_name: String,
    /// Whether only nodes of this mesh may relay.
    pub verify_clients: bool,
    /// The UDP port of STUN. By default `service.stunNodePort` where the Service is of type `NodePort`, else 3478: Headscale tells
    /// clients the port that it listens on, so both must be the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stun_port: Option<Port>,
    /// Whether Headscale writes the region itself. If not, `map` has to hold it.
    pub automatically_add_embedded_derp_region: bool,
    /// The public IPv4 address, for clients whose DNS does not work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<IpAddress>,
    /// The public IPv6 address, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<IpAddress>,
}

impl Default for DerpServer {
    fn default() -> Self {
        Self {
            enabled: true,
            region_id: 999,
            region_code: "headscale".to_owned(),
            region_name: "Headscale Embedded DERP".to_owned(),
            verify_clients: true,
            stun_port: None,
            automatically_add_embedded_derp_region: true,
            ipv4: None,
            ipv6: None,
        }
    }
}

/// Relays of your own, written to a file that Headscale reads.
///
/// Tailscale's `HomeParams` and `OmitDefaultRegions` have no key: Headscale drops them when it merges its maps.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DerpMap {
    /// The regions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<DerpRegion>,
    /// Numbers of regions from `urls` that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disabled_regions: Vec<u16>,
}

/// Relays that stand close to each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DerpRegion {
    /// Its number; 900 to 999 are free for one's own.
    #[schemars(range(min = 1))]
    pub region_id: u16,
    /// Its short name.
    pub region_code: String,
    /// Its name as shown to people.
    pub region_name: String,
    /// Where it is, in degrees north.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -90.0, max = 90.0))]
    pub latitude: Option<f64>,
    /// Where it is, in degrees east.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = -180.0, max = 180.0))]
    pub longitude: Option<f64>,
    /// Whether clients pick it only when nothing else works.
    #[serde(default)]
    pub avoid: bool,
    /// Whether clients neither measure it nor make it their home.
    #[serde(default)]
    pub no_measure_no_home: bool,
    /// The relays, best first.
    #[serde(default)]
    pub nodes: Vec<DerpNode>,
}

/// One relay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DerpNode {
    /// Its name, unique in all regions: `900a`.
    pub name: String,
    /// Its host name.
    pub host_name: Host,
    /// The name in its certificate, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_name: Option<String>,
    /// Its IPv4 address, so that no DNS is needed; `none` for a relay without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv4: Option<String>,
    /// Its IPv6 address, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ipv6: Option<String>,
    /// The UDP port of STUN; 0 is 3478, -1 means none.
    #[serde(default)]
    #[schemars(range(min = -1, max = 65535))]
    pub stun_port: i32,
    /// Whether it answers STUN only and relays nothing.
    #[serde(default)]
    pub stun_only: bool,
    /// The TCP port of its TLS listener; 0 is 443.
    #[serde(default)]
    pub derp_port: u16,
    /// Whether it answers on port 80, too, for checks of captive portals.
    #[serde(default)]
    pub can_port_80: bool,
    /// Whether clients skip the check of its certificate. For tests only.
    #[serde(default)]
    pub insecure_for_tests: bool,
    /// The address that STUN is sent to instead. For tests only.
    #[serde(default, rename = "stunTestIP", skip_serializing_if = "Option::is_none")]
    pub stun_test_ip: Option<IpAddress>,
}
