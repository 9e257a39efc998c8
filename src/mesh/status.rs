//! How the mesh fares, as the interface on this node has it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ipnet::IpNet;
use serde::Serialize;

use super::up::driver;
use super::{DiscoveryStatus, Driver, Keys, Programs, discovery_status, echo};
use crate::config::{Cluster, IpAddress};
use crate::diag::{Error, Result};

/// The interface, and what it knows of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Its name.
    pub interface: String,
    /// `kernel` or `userspace`.
    pub driver: Driver,
    /// The node whose key the interface has, where the cluster file knows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Its public key.
    pub public_key: String,
    /// Its UDP port.
    pub listen_port: u16,
    /// The others, by name and then by key.
    pub peers: Vec<PeerStatus>,
    /// What discovery knows, where it runs for this interface and may be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discovery: Option<DiscoveryStatus>,
}

/// Another node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerStatus {
    /// Its name, where the cluster file knows its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its public key.
    pub public_key: String,
    /// What is reached through it.
    pub allowed_ips: Vec<IpNet>,
    /// Where it was heard from last, or is to be called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// When the two last agreed on a key, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latest_handshake: Option<u64>,
    /// How many seconds ago that was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_age: Option<u64>,
    /// Bytes.
    pub received: u64,
    /// Bytes.
    pub sent: u64,
    /// Whether its address in the mesh answers; none where that was not asked, or could not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reachable: Option<bool>,
    /// Whether the interface has it for a peer. One that the cluster file has and the interface does not is missing.
    pub configured: bool,
}

impl Status {
    /// Whether every node of the mesh is a peer, and none of those that were asked is silent.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.peers.iter().all(|peer| peer.configured && peer.reachable != Some(false))
    }
}

/// The state of an interface. With a cluster file its peers have names, and what should be there and is not is seen.
///
/// `patience`: how long others may take to answer; none to ask nobody.
///
/// # Errors
/// Environment: there is no such interface of WireGuard, or no permission.
pub fn status(name: &str, known: Option<(&Cluster, &Keys)>, programs: &Programs, patience: Option<Duration>) -> Result<Status> {
    let show = |what: &str| programs.wg(&["show", name, what]);
    let first = show("public-key")?;
    if !first.good {
        let error = Error::environment(format!("there is no interface `{name}` of WireGuard")).caused_by(first.stderr.clone());
        let forbidden = first.stderr.contains("not permitted") || first.stderr.contains("ermission denied");
        return Err(error.hint(if forbidden { "run it as root" } else { "`manifestgen mesh up NODE` brings it up" }));
    }
    let good = |what: &str| programs.wg_good(&["show", name, what]);
    let mut status = Status {
        interface: name.to_owned(),
        driver: driver(name, programs)?,
        node: known.and_then(|(_, keys)| owner(keys, &first.stdout)),
        public_key: first.stdout,
        listen_port: good("listen-port")?.parse().unwrap_or_default(),
        peers: Vec::new(),
        discovery: discovery_status(name),
    };
    let allowed_ips = good("allowed-ips")?;
    // First, because an answer changes what `wg` knows of a peer.
    let answers = patience.map(|patience| ask(&allowed_ips, patience)).unwrap_or_default();
    let texts = Texts { allowed_ips, endpoints: good("endpoints")?, handshakes: good("latest-handshakes")?, transfer: good("transfer")? };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    status.peers = texts.peers(now);
    for peer in &mut status.peers {
        peer.reachable = answers.get(&peer.public_key).copied().flatten();
    }
    if let Some((cluster, keys)) = known {
        name_and_miss(&mut status, cluster, keys);
    }
    status.peers.sort_by(|a, b| (a.name.is_none(), &a.name, &a.public_key).cmp(&(b.name.is_none(), &b.name, &b.public_key)));
    Ok(status)
}

fn owner(keys: &Keys, key: &str) -> Option<String> {
    keys.iter().find(|(_, other)| *other == key).map(|(name, _)| name.clone())
}

/// Names peers by their keys, and adds those that the interface does not have.
fn name_and_miss(status: &mut Status, cluster: &Cluster, keys: &Keys) {
    for peer in &mut status.peers {
        peer.name = owner(keys, &peer.public_key);
    }
    let there: BTreeSet<String> = status.peers.iter().filter_map(|peer| peer.name.clone()).collect();
    let own = status.node.clone();
    for (_, node, mesh) in cluster.mesh_nodes() {
        let name = node.name.to_string();
        if there.contains(&name) || own.as_ref() == Some(&name) {
            continue;
        }
        let address = mesh.address.as_ref().and_then(IpAddress::address);
        status.peers.push(PeerStatus {
            public_key: keys.get(&name).cloned().unwrap_or_default(),
            name: Some(name),
            allowed_ips: address.map(IpNet::from).into_iter().collect(),
            endpoint: None,
            latest_handshake: None,
            handshake_age: None,
            received: 0,
            sent: 0,
            reachable: None,
            configured: false,
        });
    }
}

/// Whether peers answer, by their keys. A peer's own address is the first that leads to it alone.
fn ask(allowed_ips: &str, patience: Duration) -> BTreeMap<String, Option<bool>> {
    let own = |ips: &[String]| -> Option<IpAddr> {
        let nets = ips.iter().filter_map(|net| net.parse::<IpNet>().ok());
        nets.filter(|net| net.prefix_len() == net.max_prefix_len()).map(|net| net.addr()).next()
    };
    let asked: Vec<(String, IpAddr)> = table(allowed_ips).into_iter().filter_map(|(key, ips)| Some((key, own(&ips)?))).collect();
    let addresses: Vec<IpAddr> = asked.iter().map(|(_, address)| *address).collect();
    asked.into_iter().map(|(key, _)| key).zip(echo::answers(&addresses, patience)).collect()
}

/// A line for each peer, its key first (wg(8), "show"). What there is none of is said to be `(none)`.
pub(super) fn table(text: &str) -> BTreeMap<String, Vec<String>> {
    let words = |line: &str| -> Option<(String, Vec<String>)> {
        let mut words = line.split(['\t', ' ']).map(ToOwned::to_owned);
        Some((words.next()?, words.filter(|word| word != "(none)").collect()))
    };
    text.lines().filter_map(words).collect()
}

/// What `wg show INTERFACE …` prints.
struct Texts {
    allowed_ips: String,
    endpoints: String,
    handshakes: String,
    transfer: String,
}

impl Texts {
    fn peers(&self, now: u64) -> Vec<PeerStatus> {
        let (endpoints, handshakes, transfer) = (table(&self.endpoints), table(&self.handshakes), table(&self.transfer));
        let number = |table: &BTreeMap<String, Vec<String>>, key: &str, at: usize| -> u64 {
            table.get(key).and_then(|words| words.get(at)?.parse().ok()).unwrap_or_default()
        };
        let peer = |(key, ips): (String, Vec<String>)| {
            // Never is written as 0.
            let latest_handshake = Some(number(&handshakes, &key, 0)).filter(|at| *at > 0);
            PeerStatus {
                name: None,
                allowed_ips: ips.iter().filter_map(|net| net.parse().ok()).collect(),
                endpoint: endpoints.get(&key).and_then(|words| words.first()).cloned(),
                latest_handshake,
                handshake_age: latest_handshake.map(|at| now.saturating_sub(at)),
                received: number(&transfer, &key, 0),
                sent: number(&transfer, &key, 1),
                reachable: None,
                configured: true,
                public_key: key,
            }
        };
        table(&self.allowed_ips).into_iter().map(peer).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KNOWN: &str = "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=";
    const STRANGE: &str = "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=";

    #[test]
    fn what_wg_prints_is_understood() {
        let texts = Texts {
            allowed_ips: format!("{KNOWN}\t10.250.0.2/32 192.168.1.11/32\n{STRANGE}\t(none)"),
            endpoints: format!("{KNOWN}\t[2001:db8::1]:51820\n{STRANGE}\t(none)"),
            handshakes: format!("{KNOWN}\t1000\n{STRANGE}\t0"),
            transfer: format!("{KNOWN}\t148\t92\n{STRANGE}\t0\t0"),
        };
        let mut status = Status {
            interface: "wg0".to_owned(),
            driver: Driver::Kernel,
            node: Some("a".to_owned()),
            public_key: String::new(),
            listen_port: 51820,
            peers: texts.peers(1007),
            discovery: None,
        };
        let cluster: Cluster = serde_json::from_value(json!({"cluster": {"name": "c"}, "nodes": [
            {"name": "a", "mesh": {"type": "wireguard"}},
            {"name": "b", "mesh": {"type": "wireguard"}},
            {"name": "new", "mesh": {"type": "wireguard", "address": "10.250.0.9"}},
        ]}))
        .expect("a cluster");
        name_and_miss(&mut status, &cluster, &[("b".to_owned(), KNOWN.to_owned())].into());
        assert!(!status.is_good());
        insta::assert_snapshot!(serde_json::to_string_pretty(&status.peers).expect("JSON"), @r#"
        [
          {
            "publicKey": "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=",
            "allowedIps": [],
            "received": 0,
            "sent": 0,
            "configured": true
          },
          {
            "name": "b",
            "publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=",
            "allowedIps": [
              "10.250.0.2/32",
              "192.168.1.11/32"
            ],
            "endpoint": "[2001:db8::1]:51820",
            "latestHandshake": 1000,
            "handshakeAge": 7,
            "received": 148,
            "sent": 92,
            "configured": true
          },
          {
            "name": "new",
            "publicKey": "",
            "allowedIps": [
              "10.250.0.9/32"
            ],
            "received": 0,
            "sent": 0,
            "configured": false
          }
        ]
        "#);
    }
}
