//! The other nodes: their proofs, what is known of where they are, and what is done about it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use tokio::net::lookup_host;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::envelope::{Pair, Refused};
use super::gossip::Gossip;
use super::hints::Hints;
use super::limit::Limit;
use super::observe::{call, look, source};
use super::report::{DiscoveryPeer, DiscoveryStatus, PeerState, Refusals};
use super::search::{ASK_AFTER, Search, Seen, Standing};
use super::sighting::Sighting;
use crate::config::Endpoint;
use crate::diag::{Error, Progress, Result};
use crate::mesh::keys::PrivateKey;
use crate::mesh::{Interface, Programs};

/// Datagrams in a second whose proof is looked at, and those of one node that are taken in.
const LOOKED_AT: u32 = 1000;
const TAKEN_IN: u32 = 20;
/// How often others are told what was seen, and nodes greeted that are no members.
const TELL: Duration = Duration::from_secs(15);
const GREET: Duration = Duration::from_secs(30);
/// How often a name is resolved anew while its node is silent, how long that may take, and how many of its addresses are tried.
const RESOLVE: Duration = Duration::from_secs(30);
const RESOLVED_WITHIN: Duration = Duration::from_secs(3);
const MOST_ADDRESSES: usize = 4;

/// All other nodes of the cluster file.
pub(super) struct Peers {
    interface: String,
    node: String,
    /// This node's address in the mesh, and its ports: WireGuard's and discovery's.
    address: IpAddr,
    listens: u16,
    port: u16,
    /// The longest datagram, in bytes.
    longest: usize,
    peers: BTreeMap<IpAddr, Known>,
    hints: Hints,
    all: Limit,
    refused: Refusals,
    told: Option<Instant>,
}

struct Known {
    name: String,
    key: String,
    pair: Pair,
    limit: Limit,
    search: Search,
    /// As the cluster file has it.
    written: Option<Endpoint>,
    file: Vec<SocketAddr>,
    resolved: Option<Instant>,
    greeted: Option<Instant>,
}

impl Peers {
    pub(super) fn new(interface: &Interface, key: &PrivateKey, now: Instant) -> Result<Self> {
        let second = Duration::from_secs(1);
        let mut peers = BTreeMap::new();
        for peer in &interface.peers {
            let secret = key.shared_with(&peer.public_key).ok_or_else(|| {
                Error::usage(format!("the key of node `{}`, `{}`, is none that can be trusted", peer.name, peer.public_key))
                    .hint("`manifestgen secret rotate` makes another one")
            })?;
            let known = Known {
                name: peer.name.clone(),
                key: peer.public_key.clone(),
                pair: Pair::new(&secret, &interface.public_key, &peer.public_key)?,
                limit: Limit::new(second / TAKEN_IN, 2 * TAKEN_IN),
                search: Search::new(now),
                written: peer.endpoint.clone(),
                file: Vec::new(),
                resolved: None,
                greeted: None,
            };
            peers.insert(peer.address, known);
        }
        let inside = interface.peers.iter().flat_map(|peer| peer.allowed_ips.iter().copied());
        Ok(Self {
            interface: interface.name.clone(),
            node: interface.node.clone(),
            address: interface.address.addr(),
            listens: interface.port,
            port: interface.discovery.unwrap_or_default(),
            longest: super::longest(interface),
            peers,
            hints: Hints::new(inside.chain([interface.address.trunc()]).collect()),
            all: Limit::new(second / LOOKED_AT, 2 * LOOKED_AT),
            refused: Refusals::default(),
            told: None,
        })
    }

    /// The datagram for a node; none for one that the cluster file does not have.
    pub(super) fn seal(&mut self, to: IpAddr, message: &[u8]) -> Option<Vec<u8>> {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        Some(self.peers.get_mut(&to)?.pair.seal(u64::try_from(clock).unwrap_or_default(), message))
    }

    /// Takes a datagram in, or counts why not.
    pub(super) fn receive(&mut self, now: Instant, from: SocketAddr, datagram: &[u8], gossip: &mut Gossip) {
        let read = self
            .open(now, from, datagram)
            .and_then(|message| if gossip.receive(now, from.ip(), message) { Ok(()) } else { Err(Refused::Unreadable) });
        if let Err(why) = read {
            self.refused.count(why);
        }
        for (witness, sighting) in gossip.said() {
            // Of this node others need tell nothing.
            if self.peers.contains_key(&sighting.subject) {
                self.hints.learn(now, witness, &sighting);
            }
        }
    }

    /// The message of a datagram whose sender is who its address says.
    fn open<'a>(&mut self, now: Instant, from: SocketAddr, datagram: &'a [u8]) -> Result<&'a [u8], Refused> {
        let peer = self.peers.get_mut(&from.ip()).filter(|_| from.port() == self.port).ok_or(Refused::Stranger)?;
        if !self.all.lets_through(now) {
            return Err(Refused::TooMany);
        }
        if datagram.len() > self.longest {
            return Err(Refused::Unreadable);
        }
        let message = peer.pair.open(datagram)?;
        // After the proof, so that whoever else sends from that address does not use up what the node itself may send.
        if peer.limit.lets_through(now) { Ok(message) } else { Err(Refused::TooMany) }
    }

    /// Looks how peers fare, tells others, and goes on looking for those that are lost.
    pub(super) async fn round(&mut self, programs: &Programs, gossip: &mut Gossip, progress: &dyn Progress) -> Result<()> {
        let seen = self.look(programs).await?;
        let now = Instant::now();
        for peer in self.peers.values_mut() {
            if let Some(seen) = seen.get(&peer.key)
                && let Some(endpoint) = peer.search.see(now, *seen)
            {
                progress.note(&format!("`{}` is at {endpoint}", peer.name));
                self.told = None;
            }
        }
        self.greet(now, gossip);
        if self.told.is_none_or(|told| now.saturating_duration_since(told) >= TELL) {
            self.told = Some(now);
            self.tell(now, gossip);
        }
        self.resolve(now).await;
        // One that the interface does not have is no peer: `mesh up` makes it one.
        let there: Vec<IpAddr> = self.peers.iter().filter(|(_, peer)| seen.contains_key(&peer.key)).map(|(address, _)| *address).collect();
        for address in there {
            self.search(address, programs, gossip, progress).await?;
        }
        Ok(())
    }

    async fn look(&self, programs: &Programs) -> Result<BTreeMap<String, Seen>> {
        let (interface, programs) = (self.interface.clone(), programs.clone());
        blocking(move || look(&interface, &programs)).await
    }

    async fn call(&self, key: &str, endpoint: SocketAddr, programs: &Programs) -> Result<()> {
        let (interface, key, programs) = (self.interface.clone(), key.to_owned(), programs.clone());
        blocking(move || call(&interface, &key, endpoint, &programs)).await
    }

    /// Asks those that are silent for a sign of life, and those that are no members whether they are.
    fn greet(&mut self, now: Instant, gossip: &mut Gossip) {
        let members = gossip.members();
        for (address, peer) in &mut self.peers {
            let silent = peer.search.silent_for(now) >= ASK_AFTER;
            let stranger = !members.contains(address) && peer.greeted.is_none_or(|at| now.saturating_duration_since(at) >= GREET);
            if silent || stranger {
                peer.greeted = Some(now);
                gossip.greet(now, *address);
            }
        }
    }

    /// Tells where others were heard just now, and where this node is in the networks that it calls them from.
    fn tell(&self, now: Instant, gossip: &mut Gossip) {
        let mut own: Vec<SocketAddr> = Vec::new();
        for (address, peer) in self.peers.iter().filter(|(_, peer)| peer.search.is_heard(now)) {
            let Some(endpoint) = peer.search.proven().filter(|endpoint| self.hints.may_be_called(*endpoint)) else { continue };
            let age = u16::try_from(peer.search.silent_for(now).as_secs()).unwrap_or(u16::MAX);
            gossip.tell(&Sighting { subject: *address, endpoint, age });
            if !own.iter().any(|known| known.is_ipv4() == endpoint.is_ipv4()) {
                let source = source(endpoint).map(|source| SocketAddr::new(source.ip(), self.listens));
                own.extend(source.filter(|source| self.hints.may_be_called(*source)));
            }
        }
        for endpoint in own {
            gossip.tell(&Sighting { subject: self.address, endpoint, age: 0 });
        }
    }

    /// Resolves the names of silent nodes: they may stand for other addresses by now.
    async fn resolve(&mut self, now: Instant) {
        let due = |peer: &&mut Known| {
            peer.search.silent_for(now) >= ASK_AFTER && peer.resolved.is_none_or(|at| now.saturating_duration_since(at) >= RESOLVE)
        };
        let resolved = self.peers.values_mut().filter(due).map(|peer| async move {
            peer.resolved = Some(now);
            let Some(Endpoint { host, port }) = &peer.written else { return };
            if let Ok(Ok(found)) = timeout(RESOLVED_WITHIN, lookup_host((host.as_str(), *port))).await {
                peer.file = found.take(MOST_ADDRESSES).collect();
            }
        });
        join_all(resolved).await;
    }

    async fn search(&mut self, address: IpAddr, programs: &Programs, gossip: &mut Gossip, progress: &dyn Progress) -> Result<()> {
        let now = Instant::now();
        let Some(peer) = self.peers.get_mut(&address) else { return Ok(()) };
        let candidates = self.hints.candidates(now, address, &peer.file, peer.search.proven());
        let Some(endpoint) = peer.search.next(now, &candidates) else { return Ok(()) };
        let key = peer.key.clone();
        if peer.search.endpoint() != Some(endpoint) {
            progress.note(&format!("`{}` is silent: it is called at {endpoint}", peer.name));
        }
        self.call(&key, endpoint, programs).await?;
        let seen = self.look(programs).await?;
        if let (Some(peer), Some(seen)) = (self.peers.get_mut(&address), seen.get(&key)) {
            peer.search.was_set(*seen);
        }
        // A packet for it, so that WireGuard begins a handshake.
        gossip.greet(Instant::now(), address);
        Ok(())
    }

    /// Has peers that are being looked for called where they were heard last.
    pub(super) async fn go_back(&self, programs: &Programs) -> Result<()> {
        for peer in self.peers.values() {
            if let Some(endpoint) = peer.search.former() {
                self.call(&peer.key, endpoint, programs).await?;
            }
        }
        Ok(())
    }

    pub(super) fn status(&self, now: Instant, gossip: &Gossip) -> DiscoveryStatus {
        let members = gossip.members();
        let of = |(address, peer): (&IpAddr, &Known)| DiscoveryPeer {
            name: peer.name.clone(),
            is_member: members.contains(address),
            state: match peer.search.standing(now) {
                Standing::Heard => PeerState::Heard,
                Standing::Asking => PeerState::Asking,
                Standing::Trying => PeerState::Trying,
                Standing::Resting => PeerState::Resting,
            },
            silent_for: peer.search.silent_for(now).as_secs(),
            endpoint: peer.search.endpoint(),
            proven: peer.search.proven(),
            candidates: self.hints.candidates(now, *address, &peer.file, peer.search.proven()),
        };
        let mut peers: Vec<DiscoveryPeer> = self.peers.iter().map(of).collect();
        peers.sort_by(|a, b| a.name.cmp(&b.name));
        DiscoveryStatus { node: self.node.clone(), port: self.port, peers, refused: self.refused }
    }
}

/// `wg` is waited for where that holds nothing else up.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    spawn_blocking(work).await.map_err(|cause| Error::internal("`wg` was not waited for").caused_by(cause))?
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use x25519_dalek::{PublicKey, StaticSecret};

    use super::*;
    use crate::mesh::Peer;

    const PORT: u16 = 51822;

    fn node(host: u8) -> IpAddr {
        [10, 250, 0, host].into()
    }

    fn text(bytes: &[u8; 32]) -> String {
        BASE64_STANDARD.encode(bytes)
    }

    fn public(host: u8) -> String {
        text(PublicKey::from(&StaticSecret::from([host; 32])).as_bytes())
    }

    /// A node of a mesh of three, and its gossip.
    fn member(host: u8) -> (Peers, Gossip) {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        std::fs::write(&file, text(&[host; 32])).expect("written");
        let key = PrivateKey::read(&file).expect("a key");
        let peers = (1..=3).filter(|other| *other != host).map(|other| Peer {
            name: format!("node-{other}"),
            public_key: public(other),
            address: node(other),
            allowed_ips: vec![node(other).into()],
            endpoint: None,
            persistent_keepalive: None,
        });
        let interface = Interface {
            cluster: "c".to_owned(),
            node: format!("node-{host}"),
            name: "wg0".to_owned(),
            address: ipnet::IpNet::new(node(host), 24).expect("a range"),
            port: 51820,
            mtu: 1420,
            public_key: public(host),
            private_key_file: "/run/agenix/key".to_owned().into(),
            discovery: Some(PORT),
            peers: peers.collect(),
        };
        let peers = Peers::new(&interface, &key, Instant::now()).expect("peers");
        (peers, Gossip::new(node(host), 1159, u64::from(host)))
    }

    /// A greeting from one node to another.
    fn greeting(from: u8, to: u8) -> Vec<u8> {
        let (mut peers, mut gossip) = member(from);
        gossip.greet(Instant::now(), node(to));
        let (to, message) = gossip.messages().remove(0);
        peers.seal(to, &message).expect("a peer")
    }

    #[test]
    fn what_is_not_believed_is_counted_by_why() {
        let (mut peers, mut gossip) = member(1);
        let (now, good) = (Instant::now(), greeting(2, 1));
        let mut receive = |from: (IpAddr, u16), datagram: &[u8]| {
            peers.receive(now, from.into(), datagram, &mut gossip);
            (gossip.members().len(), peers.refused)
        };
        let mut refused = Refusals::default();
        // From an address outside of the cluster file, from a pod's port, from another member's address.
        refused.stranger += 1;
        assert_eq!(receive(([10, 250, 0, 77].into(), PORT), &good), (0, refused));
        refused.stranger += 1;
        assert_eq!(receive((node(2), 40000), &good), (0, refused));
        refused.forged += 1;
        assert_eq!(receive((node(3), PORT), &good), (0, refused));
        // What was meant for another one.
        refused.forged += 1;
        assert_eq!(receive((node(2), PORT), &greeting(2, 3)), (0, refused));
        refused.unreadable += 1;
        assert_eq!(receive((node(2), PORT), b""), (0, refused));
        // The good one, and again.
        assert_eq!(receive((node(2), PORT), &good), (1, refused));
        refused.old += 1;
        assert_eq!(receive((node(2), PORT), &good), (1, refused));
        // Too long for any of ours.
        refused.unreadable += 1;
        assert_eq!(receive((node(2), PORT), &[1; 1201]), (1, refused));
    }

    #[test]
    fn a_flood_of_one_leaves_room_for_others() {
        let (mut peers, mut gossip) = member(1);
        let now = Instant::now();
        let (mut flooding, mut greeter) = member(2);
        greeter.greet(now, node(1));
        let (_, message) = greeter.messages().remove(0);
        for _ in 0..500 {
            let datagram = flooding.seal(node(1), &message).expect("a peer");
            peers.receive(now, (node(2), PORT).into(), &datagram, &mut gossip);
        }
        assert_eq!(peers.refused.too_many, 500 - 2 * u64::from(TAKEN_IN));
        peers.receive(now, (node(3), PORT).into(), &greeting(3, 1), &mut gossip);
        assert!(gossip.members().contains(&node(3)));
        // Forgeries use up nothing of whom they pretend to be.
        for _ in 0..500 {
            peers.receive(now, (node(3), PORT).into(), &[1; 200], &mut gossip);
        }
        assert_eq!((peers.refused.forged, peers.refused.too_many), (500, 460));
    }

    #[test]
    fn a_witness_is_who_sent_the_datagram() {
        let (mut peers, mut gossip) = member(1);
        let now = Instant::now();
        peers.receive(now, (node(2), PORT).into(), &greeting(2, 1), &mut gossip);
        let (mut others, mut other) = member(2);
        let seen = |subject, host| Sighting { subject: node(subject), endpoint: ([203, 0, 113, host], 51820).into(), age: 0 };
        for sighting in [seen(3, 3), seen(1, 1), seen(99, 99)] {
            other.tell(&sighting);
        }
        // Both know each other: the greeting is answered, and what was seen goes along with what follows.
        for (to, message) in gossip.messages() {
            assert_eq!(to, node(2));
            let datagram = peers.seal(to, &message).expect("a peer");
            others.receive(now, (node(1), PORT).into(), &datagram, &mut other);
        }
        other.go_on(now + Duration::from_mins(1));
        for (to, message) in other.messages() {
            let datagram = others.seal(to, &message).expect("a peer");
            peers.receive(now, (node(2), PORT).into(), &datagram, &mut gossip);
        }
        // What is said of this node itself, and of one that the cluster file does not have, is not kept.
        let of = |subject| peers.hints.candidates(now, node(subject), &[], None);
        assert_eq!(of(3), [SocketAddr::from(([203, 0, 113, 3], 51820))]);
        assert!(of(1).is_empty() && of(99).is_empty());
    }
}
