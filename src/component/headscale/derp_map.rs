//! The file with relays of one's own.
//!
//! Headscale reads it with `gopkg.in/yaml.v3` into Tailscale's structs, which have no YAML names: the keys are the Go field names
//! in lower case, and one that is misspelt is silently ignored.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::IpAddress;
use crate::config::headscale::{DerpMap, DerpNode, DerpRegion};
use crate::diag::{Error, Result};

#[derive(Debug, Serialize)]
struct Map<'a> {
    /// A region without content removes the one of the same number that a URL gave.
    regions: BTreeMap<u16, Option<Region<'a>>>,
}

#[derive(Debug, Serialize)]
struct Region<'a> {
    regionid: u16,
    regioncode: &'a str,
    regionname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    latitude: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    longitude: Option<f64>,
    avoid: bool,
    nomeasurenohome: bool,
    nodes: Vec<Node<'a>>,
}

#[derive(Debug, Serialize)]
struct Node<'a> {
    name: &'a str,
    regionid: u16,
    hostname: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    certname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv4: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv6: Option<&'a str>,
    stunport: i32,
    stunonly: bool,
    derpport: u16,
    canport80: bool,
    insecurefortests: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stuntestip: Option<&'a str>,
}

/// The file's text.
pub(super) fn to_yaml(map: &DerpMap) -> Result<String> {
    let disabled = map.disabled_regions.iter().map(|id| (*id, None));
    let regions = disabled.chain(map.regions.iter().map(|region| (region.region_id, Some(self::region(region))))).collect();
    crate::yaml::to_string(&Map { regions }).map_err(|cause| Error::internal("the DERP map does not serialize").caused_by(cause))
}

fn region(region: &DerpRegion) -> Region<'_> {
    Region {
        regionid: region.region_id,
        regioncode: &region.region_code,
        regionname: &region.region_name,
        latitude: region.latitude,
        longitude: region.longitude,
        avoid: region.avoid,
        nomeasurenohome: region.no_measure_no_home,
        nodes: region.nodes.iter().map(|relay| node(region.region_id, relay)).collect(),
    }
}

fn node(regionid: u16, node: &DerpNode) -> Node<'_> {
    Node {
        name: &node.name,
        regionid,
        hostname: node.host_name.as_str(),
        certname: node.cert_name.as_deref(),
        ipv4: node.ipv4.as_deref(),
        ipv6: node.ipv6.as_deref(),
        stunport: node.stun_port,
        stunonly: node.stun_only,
        derpport: node.derp_port,
        canport80: node.can_port_80,
        insecurefortests: node.insecure_for_tests,
        stuntestip: node.stun_test_ip.as_ref().map(IpAddress::as_str),
    }
}
