//! SWIM among the nodes of the mesh, by foca: who is up, who is asked, and what is told along the way.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::net::IpAddr;
use std::num::{NonZeroU8, NonZeroUsize};
use std::time::{Duration, Instant};

use foca::{Config, Foca, Notification, PeriodicParams, Runtime, Timer};
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::codec::{Speech, addressed};
use super::life::Life;
use super::sighting::{Ear, Said, Sighting};

/// How often another one is probed, how often what is new is told, and to how many.
const PROBE: Duration = Duration::from_secs(5);
/// How long an answer may take before others are asked to probe, too.
const ANSWER: Duration = Duration::from_millis(1500);
const LISTENERS: usize = 3;
/// How often one sighting is sent before it is told anew.
const TELLINGS: u8 = 8;
/// How long a silent member has to speak up.
const SUSPECTED: Duration = Duration::from_secs(15);

/// This node among the others.
pub(super) struct Gossip {
    foca: Foca<Life, Speech, SmallRng, Ear>,
    outbox: Outbox,
    timers: BTreeMap<(Instant, u64), Timer<Life>>,
    /// Keeps timers of one moment apart, in their order.
    count: u64,
    said: Said,
}

/// What foca wants to be done.
#[derive(Default)]
struct Outbox {
    messages: Vec<(IpAddr, Vec<u8>)>,
    timers: Vec<(Duration, Timer<Life>)>,
}

impl Runtime<Life> for Outbox {
    fn notify(&mut self, _notification: Notification<'_, Life>) {}

    fn send_to(&mut self, to: Life, data: &[u8]) {
        self.messages.push((to.address, data.to_vec()));
    }

    fn submit_after(&mut self, event: Timer<Life>, after: Duration) {
        self.timers.push((after, event));
    }
}

impl Gossip {
    /// `most`: the longest message, in bytes. `seed`: anything that no other start of the program has.
    pub(super) fn new(address: IpAddr, most: usize, seed: u64) -> Self {
        let said = Said::default();
        let (life, ear) = (Life { address, number: seed }, Ear { said: Said::clone(&said) });
        let foca = Foca::with_custom_broadcast(life, config(most), SmallRng::seed_from_u64(seed), Speech::default(), ear);
        Self { foca, outbox: Outbox::default(), timers: BTreeMap::new(), count: 0, said }
    }

    /// Takes a message in whose sender is proven; answers whether it could be read. The sender must be who the message says.
    pub(super) fn receive(&mut self, now: Instant, sender: IpAddr, message: &[u8]) -> bool {
        if addressed(message) != Some((sender, self.foca.identity().address)) {
            return false;
        }
        let read = self.foca.handle_data(message, &mut self.outbox).is_ok();
        self.keep_timers(now);
        read
    }

    /// What others said since this was asked last, each with who said it.
    pub(super) fn said(&self) -> Vec<(IpAddr, Sighting)> {
        self.said.take()
    }

    /// Tells others, a few at a time.
    pub(super) fn tell(&mut self, sighting: &Sighting) {
        // A sighting is far shorter than a message.
        let _ = self.foca.add_broadcast(&sighting.write());
    }

    /// Asks a node for a sign of life, whether it is taken for a member or not.
    pub(super) fn greet(&mut self, now: Instant, address: IpAddr) {
        // Nodes take a greeting in any life of theirs. What fails is an encoding that has no room, and there is room.
        let _ = self.foca.announce(Life { address, number: 0 }, &mut self.outbox);
        self.keep_timers(now);
    }

    /// When something is to be done.
    pub(super) fn due(&self) -> Option<Instant> {
        self.timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// Does what is to be done by now.
    pub(super) fn go_on(&mut self, now: Instant) {
        while let Some(entry) = self.timers.first_entry().filter(|entry| entry.key().0 <= now) {
            let timer = entry.remove();
            // foca complains about a cycle that began late, and goes on with the next one.
            let _ = self.foca.handle_timer(timer, &mut self.outbox);
            self.keep_timers(now);
        }
    }

    /// Says good-bye.
    pub(super) fn leave(&mut self) {
        let _ = self.foca.leave_cluster(&mut self.outbox);
    }

    /// Who is up, as far as this node heard.
    pub(super) fn members(&self) -> BTreeSet<IpAddr> {
        self.foca.iter_members().map(|member| member.id().address).collect()
    }

    /// What is to be sent, and to whom.
    pub(super) fn messages(&mut self) -> Vec<(IpAddr, Vec<u8>)> {
        mem::take(&mut self.outbox.messages)
    }

    fn keep_timers(&mut self, now: Instant) {
        for (after, timer) in self.outbox.timers.drain(..) {
            self.count += 1;
            self.timers.insert((now + after, self.count), timer);
        }
    }
}

fn config(most: usize) -> Config {
    let listeners = NonZeroUsize::new(LISTENERS).unwrap_or(NonZeroUsize::MIN);
    Config {
        probe_period: PROBE,
        probe_rtt: ANSWER,
        num_indirect_probes: listeners,
        max_transmissions: NonZeroU8::new(TELLINGS).unwrap_or(NonZeroU8::MIN),
        suspect_to_down_after: SUSPECTED,
        // There are no more members than nodes in the cluster file, and whoever was down comes back in his next life.
        remove_down_after: None,
        max_packet_size: NonZeroUsize::new(most).unwrap_or(NonZeroUsize::MIN),
        notify_down_members: true,
        // All nodes are in the cluster file, so they are greeted by name and need not be asked for.
        periodic_announce: None,
        periodic_announce_to_down_members: None,
        periodic_gossip: Some(PeriodicParams { frequency: PROBE, num_members: listeners }),
    }
}

#[cfg(test)]
mod tests {
    use foca::{Codec, Header, Member, Message, State};
    use proptest::prelude::*;

    use super::*;
    use crate::mesh::discovery::codec::tests::life;

    /// Nodes 1 to N and a clock of their own; a message takes no time.
    struct World {
        nodes: BTreeMap<IpAddr, Gossip>,
        now: Instant,
        /// Who does not hear whom.
        cut: BTreeSet<(IpAddr, IpAddr)>,
    }

    fn node(host: u8) -> IpAddr {
        life(host, 0).address
    }

    impl World {
        fn new(count: u8) -> Self {
            let nodes = (1..=count).map(|host| (node(host), Gossip::new(node(host), 1200, u64::from(host) << 32))).collect();
            Self { nodes, now: Instant::now(), cut: BTreeSet::new() }
        }

        fn greet_strangers(&mut self) {
            let all: Vec<IpAddr> = self.nodes.keys().copied().collect();
            for (own, gossip) in &mut self.nodes {
                let members = gossip.members();
                for other in all.iter().filter(|other| *other != own && !members.contains(other)) {
                    gossip.greet(self.now, *other);
                }
            }
            self.deliver();
        }

        fn deliver(&mut self) {
            loop {
                let sent: Vec<(IpAddr, IpAddr, Vec<u8>)> = self
                    .nodes
                    .iter_mut()
                    .flat_map(|(from, gossip)| gossip.messages().into_iter().map(|(to, message)| (*from, to, message)).collect::<Vec<_>>())
                    .collect();
                if sent.is_empty() {
                    return;
                }
                for (from, to, message) in sent.into_iter().filter(|(from, to, _)| !self.cut.contains(&(*from, *to))) {
                    if let Some(gossip) = self.nodes.get_mut(&to) {
                        assert!(gossip.receive(self.now, from, &message));
                    }
                }
            }
        }

        /// As the daemon does, nodes greet those that are no members every 10 s.
        fn pass(&mut self, seconds: u64) {
            for half in 0..seconds * 2 {
                if half % 20 == 0 {
                    self.greet_strangers();
                }
                self.now += Duration::from_millis(500);
                for gossip in self.nodes.values_mut() {
                    gossip.go_on(self.now);
                }
                self.deliver();
            }
        }

        fn members(&self, host: u8) -> usize {
            self.nodes[&node(host)].members().len()
        }
    }

    #[test]
    fn those_that_greet_each_other_know_each_other() {
        let mut world = World::new(5);
        world.greet_strangers();
        assert!((1..=5).all(|host| world.members(host) == 4));
        world.pass(120);
        assert!((1..=5).all(|host| world.members(host) == 4));
    }

    #[test]
    fn what_one_has_seen_all_hear_and_nobody_repeats() {
        let mut world = World::new(5);
        world.greet_strangers();
        let sighting = Sighting { subject: node(3), endpoint: ([203, 0, 113, 3], 51820).into(), age: 7 };
        for _ in 0..4 {
            world.nodes.get_mut(&node(1)).expect("a node").tell(&sighting);
            world.pass(15);
        }
        for host in 2..=5 {
            let said = world.nodes.get_mut(&node(host)).expect("a node").said();
            assert!(!said.is_empty() && said.iter().all(|one| *one == (node(1), sighting)), "{host}: {said:?}");
        }
    }

    #[test]
    fn who_dies_is_missed_and_who_comes_back_is_known() {
        let mut world = World::new(4);
        world.greet_strangers();
        let dead = world.nodes.remove(&node(4));
        assert!(dead.is_some());
        world.pass(120);
        assert!((1..=3).all(|host| world.members(host) == 2));
        world.nodes.insert(node(4), Gossip::new(node(4), 1200, 77));
        world.pass(15);
        assert!((1..=4).all(|host| world.members(host) == 3));
    }

    #[test]
    fn two_that_were_cut_off_meet_again() {
        let mut world = World::new(2);
        world.greet_strangers();
        world.cut = [(node(1), node(2)), (node(2), node(1))].into();
        world.pass(120);
        assert!((1..=2).all(|host| world.members(host) == 0));
        world.cut.clear();
        world.pass(35);
        assert!((1..=2).all(|host| world.members(host) == 1));
    }

    #[test]
    fn a_member_cannot_have_another_one_taken_for_dead() {
        let mut world = World::new(3);
        world.greet_strangers();
        let lives: Vec<Life> = (1..=3).map(|host| Life { address: node(host), number: u64::from(host) << 32 }).collect();
        for (state, number) in [(State::Down, lives[1].number), (State::Suspect, lives[1].number), (State::Alive, u64::MAX)] {
            let (mut speech, mut message) = (Speech::default(), Vec::new());
            let header = Header { src: lives[2], src_incarnation: 0, dst: lives[0], message: Message::Gossip };
            speech.encode_header(&header, &mut message).expect("room");
            message.extend(1_u16.to_be_bytes());
            let lie = Member::new(Life { address: node(2), number }, u16::MAX, state);
            speech.encode_member(&lie, &mut message).expect("room");
            assert!(world.nodes.get_mut(&node(1)).expect("a node").receive(world.now, node(3), &message));
            assert_eq!(world.members(1), 2);
        }
        world.pass(60);
        assert!((1..=3).all(|host| world.members(host) == 2));
    }

    #[test]
    fn a_datagram_full_of_suspicion_is_answered_once() {
        let mut world = World::new(5);
        world.greet_strangers();
        let (sender, receiver) = (Life { address: node(2), number: 2 << 32 }, Life { address: node(1), number: 1 << 32 });
        let (mut speech, mut message) = (Speech::default(), Vec::new());
        let header = Header { src: sender, src_incarnation: 0, dst: receiver, message: Message::Gossip };
        speech.encode_header(&header, &mut message).expect("room");
        message.extend(60_u16.to_be_bytes());
        for incarnation in 0..60 {
            speech.encode_member(&Member::new(receiver, incarnation, State::Suspect), &mut message).expect("room");
        }
        let first = world.nodes.get_mut(&node(1)).expect("a node");
        assert!(first.receive(world.now, node(2), &message));
        assert!(first.messages().len() <= LISTENERS);
    }

    #[test]
    fn nobody_speaks_in_another_ones_name() {
        let mut world = World::new(3);
        world.nodes.get_mut(&node(2)).expect("a node").greet(world.now, node(1));
        let (to, message) = world.nodes.get_mut(&node(2)).expect("a node").messages().remove(0);
        assert_eq!(to, node(1));
        let first = world.nodes.get_mut(&node(1)).expect("a node");
        assert!(!first.receive(world.now, node(3), &message));
        assert!(first.members().is_empty());
        // Nor is what was meant for another one taken.
        assert!(!world.nodes.get_mut(&node(3)).expect("a node").receive(world.now, node(2), &message));
    }

    proptest! {
        /// Whatever a member sends after a header that is right: nothing breaks, nobody else gets in, and answers are no longer than asked for.
        #[test]
        fn anything_may_come(rest in prop::collection::vec(any::<u8>(), 0..300), tag in 0..11_u8) {
            let mut world = World::new(2);
            world.greet_strangers();
            let (sender, receiver) = (Life { address: node(2), number: 2 << 32 }, Life { address: node(1), number: 1 << 32 });
            let mut message = Vec::new();
            let header = Header { src: sender, src_incarnation: 0, dst: receiver, message: Message::Announce };
            Speech::default().encode_header(&header, &mut message).expect("room");
            message.pop();
            message.push(tag);
            message.extend(rest);
            let first = world.nodes.get_mut(&node(1)).expect("a node");
            first.receive(world.now, node(2), &message);
            prop_assert!(first.members().iter().all(|member| *member == node(2)));
            prop_assert!(first.messages().len() <= 1 + LISTENERS);
        }
    }
}
