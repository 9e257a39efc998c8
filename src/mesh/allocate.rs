//! Addresses for nodes of the mesh.
//!
//! An address is given out once and then stands in the cluster file, so no other node's coming or going can move it. (An address
//! worked out anew each time from a node's name cannot have that: where two names lead to one address, who gives way
//! depends on who is there.) A name still decides where the search begins, so that a node which leaves and comes back most
//! likely finds its old address, and a new one seldom gets that of a node whose peers have not forgotten it yet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use sha2::{Digest, Sha256};

use crate::config::{Cluster, IpAddress};
use crate::diag::{Error, Result};

/// The addresses of nodes that have none yet, by name; empty when all have one.
///
/// # Errors
/// Usage: the cluster file has no range for the mesh, or the range is used up.
pub fn missing(cluster: &Cluster) -> Result<BTreeMap<String, IpAddr>> {
    let without: BTreeSet<&str> =
        cluster.mesh_nodes().filter(|(_, _, mesh)| mesh.address.is_none()).map(|(_, node, _)| node.name.as_str()).collect();
    if without.is_empty() {
        return Ok(BTreeMap::new());
    }
    let Some(range) = cluster.mesh.as_ref().and_then(|mesh| mesh.cidr.network()) else {
        return Err(Error::usage("the cluster file has no range of addresses for the mesh").hint("add `mesh: {cidr: 10.250.0.0/24}`"));
    };
    let taken = cluster.nodes.iter().filter_map(|node| node.mesh.as_ref()?.address.as_ref().and_then(IpAddress::address));
    allocate(range, &taken.collect(), &without)
}

/// An address of a range for each name, none of them taken, nor the range's first or, of IPv4, its last.
///
/// # Errors
/// Usage: the range is used up.
pub fn allocate(range: IpNet, taken: &BTreeSet<IpAddr>, names: &BTreeSet<&str>) -> Result<BTreeMap<String, IpAddr>> {
    let hosts = Hosts::of(range);
    let mut taken = taken.clone();
    let mut given = BTreeMap::new();
    for name in names {
        let start = hosts.place(name);
        // Whatever is taken, one more try than that finds what is left.
        let tries = u128::try_from(taken.len()).unwrap_or(u128::MAX).saturating_add(1).min(hosts.count);
        let free = (0..tries).map(|step| hosts.address(start, step)).find(|address| !taken.contains(address));
        let address = free.ok_or_else(|| {
            Error::usage(format!("`{range}` has no address left for node `{name}`"))
                .hint("a larger range has a shorter prefix length; one that holds the present range moves no node")
        })?;
        taken.insert(address);
        given.insert((*name).to_owned(), address);
    }
    Ok(given)
}

/// The addresses of a range that nodes can have.
struct Hosts {
    first: u128,
    count: u128,
    v4: bool,
}

impl Hosts {
    fn of(range: IpNet) -> Self {
        let bits = u32::from(range.max_prefix_len() - range.prefix_len());
        let all = if bits >= 128 { u128::MAX } else { 1_u128 << bits };
        let (network, v4) = match range.network() {
            IpAddr::V4(address) => (u128::from(u32::from(address)), true),
            IpAddr::V6(address) => (u128::from(address), false),
        };
        // A range of one or two addresses has neither a name of its own nor a broadcast address (RFC 3021).
        let (before, after) = if bits < 2 { (0, 0) } else { (1, u128::from(v4)) };
        Self { first: network + before, count: all - before - after, v4 }
    }

    /// Where the search for a name begins.
    fn place(&self, name: &str) -> u128 {
        let digest = Sha256::digest(name.as_bytes());
        let number = digest.iter().take(16).fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        number % self.count
    }

    /// The address some steps after a place, past the end from the beginning again.
    fn address(&self, place: u128, step: u128) -> IpAddr {
        let left = self.count - place;
        let at = if step < left { place + step } else { step - left };
        let number = self.first + at;
        if self.v4 { IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))) } else { IpAddr::V6(Ipv6Addr::from(number)) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(text: &str) -> IpNet {
        text.parse().expect("a range")
    }

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("node-{number}")).collect()
    }

    fn all(range_: IpNet, names: &[String]) -> Result<BTreeMap<String, IpAddr>> {
        allocate(range_, &BTreeSet::new(), &names.iter().map(String::as_str).collect())
    }

    #[test]
    fn a_range_is_used_to_the_last_address_and_no_further() {
        for (text, count) in
            [("10.0.0.0/29", 6), ("10.0.0.0/31", 2), ("10.0.0.0/32", 1), ("fd00::/126", 3), ("fd00::/127", 2), ("10.0.0.0/30", 2)]
        {
            let given = all(range(text), &names(count)).expect("enough");
            let different: BTreeSet<&IpAddr> = given.values().collect();
            assert_eq!(different.len(), count, "{text}");
            let error = all(range(text), &names(count + 1)).expect_err("one too many");
            assert!(error.message.contains("has no address left for node"), "{error}");
        }
    }

    #[test]
    fn the_largest_ranges_are_no_exception() {
        for text in ["0.0.0.0/0", "::/0", "fd00::/8", "255.255.255.0/24", "ffff::/16"] {
            let given = all(range(text), &names(20)).expect("enough");
            assert!(given.values().all(|address| range(text).contains(address)), "{given:?}");
        }
    }

    /// Nodes join and leave in any order.
    #[derive(Debug, Clone)]
    enum Event {
        Join(u8),
        Leave(u8),
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        prop::collection::vec(prop_oneof![2 => (0..40_u8).prop_map(Event::Join), 1 => (0..40_u8).prop_map(Event::Leave)], 1..120)
    }

    proptest! {
        /// What `write_back` writes is the record; this is all that is ever asked of it.
        #[test]
        fn no_node_is_moved_by_others(events in events(), text in prop::sample::select(vec!["10.250.0.0/26", "10.250.0.0/16", "fd77::/64"])) {
            let range = range(text);
            let mut record: BTreeMap<String, IpAddr> = BTreeMap::new();
            for event in events {
                let before = record.clone();
                match event {
                    Event::Leave(number) => {
                        record.remove(&format!("node-{number}"));
                    }
                    Event::Join(number) => {
                        let name = format!("node-{number}");
                        if !record.contains_key(&name) {
                            let taken = record.values().copied().collect();
                            record.extend(allocate(range, &taken, &[name.as_str()].into()).expect("room for 40"));
                        }
                    }
                }
                for (name, address) in &record {
                    prop_assert!(before.get(name).is_none_or(|old| old == address), "{name} was moved");
                    prop_assert!(range.contains(address) && *address != range.network());
                    prop_assert!(!address.is_ipv4() || *address != range.broadcast());
                }
                let different: BTreeSet<&IpAddr> = record.values().collect();
                prop_assert_eq!(different.len(), record.len());
            }
        }

        #[test]
        fn the_order_of_names_does_not_matter(count in 1..30_usize) {
            let (forward, mut backward) = (names(count), names(count));
            backward.reverse();
            prop_assert_eq!(all(range("10.0.0.0/27"), &forward).expect("room"), all(range("10.0.0.0/27"), &backward).expect("room"));
        }
    }

    #[test]
    fn a_node_that_comes_back_finds_its_address() {
        let given = all(range("10.250.0.0/16"), &names(5)).expect("room");
        let others: BTreeSet<IpAddr> = given.iter().filter(|(name, _)| *name != "node-3").map(|(_, address)| *address).collect();
        let again = allocate(range("10.250.0.0/16"), &others, &["node-3"].into()).expect("room");
        assert_eq!(again["node-3"], given["node-3"]);
    }
}
