//! What others said of where a node may be, and in which order that is tried.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use ipnet::IpNet;

use super::sighting::Sighting;

/// How many others are listened to about one node. The one that said something longest ago makes way.
const MOST_WITNESSES: usize = 8;
/// How long a hint counts after its witness heard from there.
const COUNTS_FOR: Duration = Duration::from_mins(10);

/// What is known of where nodes may be. Of any node there is little: what each of a few others said last.
pub(super) struct Hints {
    /// The mesh itself and what is routed into it: an endpoint in there would carry the tunnel through itself.
    inside: Vec<IpNet>,
    said: BTreeMap<IpAddr, Vec<Hint>>,
}

#[derive(Debug, Clone, Copy)]
struct Hint {
    witness: IpAddr,
    endpoint: SocketAddr,
    at: Instant,
}

/// How much an endpoint has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    voices: usize,
    kind: Kind,
    at: Option<Instant>,
}

/// Who knows it, the best last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Where this node met it last.
    Former,
    /// What it says of itself, which may hold in its own network alone.
    Own,
    /// The cluster file.
    File,
    /// Another node, which has just heard from there.
    Seen,
}

impl Hints {
    pub(super) fn new(inside: Vec<IpNet>) -> Self {
        Self { inside, said: BTreeMap::new() }
    }

    /// Takes what a node said, in place of what it said before. Answers whether it is anything to try.
    pub(super) fn learn(&mut self, now: Instant, witness: IpAddr, sighting: &Sighting) -> bool {
        let endpoint = SocketAddr::new(sighting.endpoint.ip().to_canonical(), sighting.endpoint.port());
        let age = Duration::from_secs(u64::from(sighting.age));
        if !self.may_be_called(endpoint) || age > COUNTS_FOR {
            return false;
        }
        let hint = Hint { witness, endpoint, at: now.checked_sub(age).unwrap_or(now) };
        let said = self.said.entry(sighting.subject).or_default();
        let is_own = witness == sighting.subject;
        let same = |other: &Hint| other.witness == witness && (!is_own || other.endpoint.is_ipv4() == endpoint.is_ipv4());
        if let Some(before) = said.iter_mut().find(|other| same(other)) {
            *before = hint;
            return true;
        }
        let others = |hint: &&Hint| hint.witness != sighting.subject;
        if !is_own && said.iter().filter(others).count() >= MOST_WITNESSES {
            let oldest = said.iter().filter(others).min_by_key(|hint| hint.at).map(|hint| hint.witness);
            said.retain(|hint| Some(hint.witness) != oldest);
        }
        said.push(hint);
        true
    }

    /// Where a node may be, the likeliest first: what most voices say, then what was seen by others, what the cluster file says, what it says
    /// of itself, and where it was. How young a hint is counts last, for anybody can say that it is young.
    pub(super) fn candidates(&self, now: Instant, subject: IpAddr, file: &[SocketAddr], former: Option<SocketAddr>) -> Vec<SocketAddr> {
        let mut weights: BTreeMap<SocketAddr, Weight> = BTreeMap::new();
        let mut add = |endpoint: SocketAddr, kind: Kind, at: Option<Instant>| {
            let weight = weights.entry(endpoint).or_insert(Weight { voices: 0, kind, at });
            *weight = Weight { voices: weight.voices + 1, kind: weight.kind.max(kind), at: weight.at.max(at) };
        };
        for hint in self.said.get(&subject).into_iter().flatten().filter(|hint| now.saturating_duration_since(hint.at) <= COUNTS_FOR) {
            add(hint.endpoint, if hint.witness == subject { Kind::Own } else { Kind::Seen }, Some(hint.at));
        }
        for endpoint in file.iter().filter(|endpoint| self.may_be_called(**endpoint)) {
            add(*endpoint, Kind::File, None);
        }
        if let Some(endpoint) = former {
            add(endpoint, Kind::Former, None);
        }
        let mut all: Vec<(Weight, SocketAddr)> = weights.into_iter().map(|(endpoint, weight)| (weight, endpoint)).collect();
        all.sort_unstable_by_key(|one| Reverse(*one));
        all.into_iter().map(|(_, endpoint)| endpoint).collect()
    }

    /// Whether an endpoint can be that of a node: one machine's address, outside of the mesh. Link-local ones mean something on one link alone.
    pub(super) fn may_be_called(&self, endpoint: SocketAddr) -> bool {
        let ip = endpoint.ip().to_canonical();
        let odd = match ip {
            IpAddr::V4(ip) => ip.is_broadcast() || ip.is_link_local() || ip.octets()[0] == 0 || ip.octets()[0] >= 240,
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        let in_mesh = self.inside.iter().any(|net| net.contains(&ip));
        endpoint.port() != 0 && !odd && !in_mesh && !ip.is_unspecified() && !ip.is_loopback() && !ip.is_multicast()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(host: u8) -> IpAddr {
        [10, 250, 0, host].into()
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an endpoint")
    }

    fn hints() -> Hints {
        Hints::new(vec!["10.250.0.0/24".parse().expect("a range"), "192.168.7.7/32".parse().expect("a range")])
    }

    fn seen(subject: u8, endpoint: &str, age: u16) -> Sighting {
        Sighting { subject: node(subject), endpoint: at(endpoint), age }
    }

    #[test]
    fn what_most_say_is_tried_first() {
        let (mut hints, now) = (hints(), Instant::now() + COUNTS_FOR);
        for (witness, sighting) in [
            (2, seen(9, "203.0.113.2:1", 30)),
            (3, seen(9, "203.0.113.2:1", 40)),
            // One that says it is the youngest.
            (4, seen(9, "203.0.113.4:1", 0)),
            (9, seen(9, "192.168.1.9:1", 0)),
        ] {
            assert!(hints.learn(now, node(witness), &sighting));
        }
        let all = hints.candidates(now, node(9), &[at("198.51.100.1:5")], Some(at("198.51.100.2:5")));
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(all, ["203.0.113.2:1", "203.0.113.4:1", "198.51.100.1:5", "192.168.1.9:1", "198.51.100.2:5"]);
        // The cluster file and the former endpoint are voices, too.
        let same = [at("203.0.113.4:1")];
        assert_eq!(hints.candidates(now, node(9), &same, Some(same[0]))[0], same[0]);
        // After a while nothing of it counts.
        assert!(hints.candidates(now + COUNTS_FOR + Duration::from_secs(1), node(9), &[], None).is_empty());
    }

    #[test]
    fn a_node_has_one_voice_about_another() {
        let (mut hints, now) = (hints(), Instant::now());
        for host in 1..=50 {
            hints.learn(now, node(2), &seen(9, &format!("203.0.113.{host}:1"), 0));
        }
        assert_eq!(hints.candidates(now, node(9), &[], None), [at("203.0.113.50:1")]);
        // And about itself one for each family.
        for own in ["192.168.1.9:1", "192.168.1.10:1", "[2001:db8::9]:1"] {
            hints.learn(now, node(9), &seen(9, own, 0));
        }
        assert_eq!(hints.candidates(now, node(9), &[], None).len(), 3);
    }

    #[test]
    fn what_is_no_machine_outside_of_the_mesh_is_never_tried() {
        let mut hints = hints();
        for wrong in [
            "0.0.0.0:1",
            "0.1.2.3:1",
            "127.0.0.1:1",
            "224.0.0.1:1",
            "240.0.0.1:1",
            "255.255.255.255:1",
            "169.254.0.1:1",
            "203.0.113.1:0",
            "10.250.0.3:51820",
            "192.168.7.7:51820",
            "[::]:1",
            "[::1]:1",
            "[ff02::1]:1",
            "[fe80::1]:1",
            "[::ffff:127.0.0.1]:1",
            "[::ffff:10.250.0.3]:1",
        ] {
            assert!(!hints.learn(Instant::now(), node(2), &seen(9, wrong, 0)), "{wrong}");
        }
        assert!(hints.learn(Instant::now(), node(2), &seen(9, "[::ffff:203.0.113.1]:1", 0)));
        assert_eq!(hints.candidates(Instant::now(), node(9), &[], None), [at("203.0.113.1:1")]);
    }

    proptest! {
        /// Whatever is said, by whomever, of whomever: what is kept of a node has a bound.
        #[test]
        fn little_is_kept(said in prop::collection::vec((1..60_u8, 1..4_u8, 1..255_u8, 0..700_u16), 0..400)) {
            let (mut hints, now) = (hints(), Instant::now());
            for (witness, subject, host, age) in said {
                hints.learn(now, node(witness), &seen(subject, &format!("203.0.113.{host}:1"), age));
            }
            for subject in 1..4 {
                prop_assert!(hints.candidates(now, node(subject), &[], None).len() <= MOST_WITNESSES + 2);
            }
            prop_assert!(hints.said.values().all(|said| said.len() <= MOST_WITNESSES + 2));
        }
    }
}
