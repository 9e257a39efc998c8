//! What WireGuard knows of the peers, and what it is told.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};

use super::search::Seen;
use crate::diag::{Error, Result};
use crate::mesh::Programs;
use crate::mesh::status::table;

/// What is known of all peers, by their public keys.
pub(super) fn look(interface: &str, programs: &Programs) -> Result<BTreeMap<String, Seen>> {
    // In this order: what the endpoint is when bytes have been counted is where they came from, or something newer.
    let transfer = programs.wg(&["show", interface, "transfer"])?;
    let endpoints = programs.wg(&["show", interface, "endpoints"])?;
    if !transfer.good || !endpoints.good {
        return Err(Error::environment(format!("there is no interface `{interface}` of WireGuard any more"))
            .hint("discovery begins anew after `manifestgen mesh up NODE`")
            .caused_by(transfer.stderr + &endpoints.stderr));
    }
    Ok(read(&transfer.stdout, &endpoints.stdout))
}

fn read(transfer: &str, endpoints: &str) -> BTreeMap<String, Seen> {
    let endpoints = table(endpoints);
    let seen = |(key, words): (String, Vec<String>)| {
        let received = words.first().and_then(|word| word.parse().ok()).unwrap_or_default();
        let endpoint = endpoints.get(&key).and_then(|words| words.first()?.parse().ok());
        (key, Seen { received, endpoint })
    };
    table(transfer).into_iter().map(seen).collect()
}

/// Has WireGuard call a peer elsewhere. Nothing else of it changes: no key, no allowed address; and a key that is no peer's is refused, because
/// `wg set` would make a peer of it.
pub(super) fn call(interface: &str, key: &str, endpoint: SocketAddr, programs: &Programs) -> Result<()> {
    if !look(interface, programs)?.contains_key(key) {
        return Err(Error::environment(format!("`{key}` is no peer of `{interface}`")).hint("`manifestgen mesh up NODE` makes it one"));
    }
    programs.wg_good(&["set", interface, "peer", key, "endpoint", &endpoint.to_string()]).map(|_| ())
}

/// The address of this machine that packets to some place leave with. None are sent.
pub(super) fn source(to: SocketAddr) -> Option<SocketAddr> {
    let any: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(to).ok()?;
    socket.local_addr().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wg_prints_is_understood() {
        let seen = read("a=\t148\t92\nb=\t0\t0\nc=\t7\t7", "a=\t[2001:db8::1]:51820\nb=\t(none)\nc=\t[fe80::1%eth0]:51820");
        let endpoint = "[2001:db8::1]:51820".parse().ok();
        let expected = [
            ("a=".to_owned(), Seen { received: 148, endpoint }),
            ("b=".to_owned(), Seen { received: 0, endpoint: None }),
            // An address of one link alone is nothing to tell others of.
            ("c=".to_owned(), Seen { received: 7, endpoint: None }),
        ];
        assert_eq!(seen, expected.into());
    }

    #[test]
    fn the_source_is_an_address_of_this_machine() {
        let to = "127.0.0.1:9".parse().expect("an endpoint");
        assert_eq!(source(to).map(|source| source.ip()), Some([127, 0, 0, 1].into()));
    }
}
