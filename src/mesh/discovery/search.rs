//! Where to call one peer: what is left alone, what is tried, and what is gone back to.
//!
//! WireGuard takes a peer's endpoint from the packets that it has authenticated. So an endpoint is proven when the bytes received from that peer
//! have grown since it was set, and whatever is set wrongly does no more than find nobody. A peer that is heard is left alone, whatever
//! anybody says of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// After this silence a peer is asked for a sign of life. Who runs no discovery gives one by itself: WireGuard answers data with an empty packet
/// after 10 s (whitepaper, section 6.5).
pub(super) const ASK_AFTER: Duration = Duration::from_secs(10);
/// After this silence WireGuard is told once more to call it where it does: wireguard-go goes on sending from an address that this machine has no
/// longer until it is told an endpoint (`StdNetEndpoint.src`, cleared by device/sticky_linux.go only when the interface is another).
const AGAIN_AFTER: Duration = Duration::from_secs(20);
/// After this silence it is looked for elsewhere: it was asked, and even WireGuard's own answer did not come.
pub(super) const LOST_AFTER: Duration = Duration::from_secs(25);
/// How long an endpoint has to prove itself: WireGuard begins a handshake every 5 s (whitepaper, section 6.1, Rekey-Timeout).
const TRY_FOR: Duration = Duration::from_secs(12);
/// How many are tried before a pause.
const MOST_TRIALS: usize = 8;
/// The first pause; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// What WireGuard knows of a peer at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    /// Bytes received from it, all of them authenticated. Read before the endpoint.
    pub(super) received: u64,
    pub(super) endpoint: Option<SocketAddr>,
}

/// The search for one peer.
#[derive(Debug, Clone)]
pub(super) struct Search {
    received: Option<u64>,
    endpoint: Option<SocketAddr>,
    /// Since when it is silent; the beginning, where it was never heard.
    heard: Instant,
    met: bool,
    /// Where it was heard last.
    proven: Option<SocketAddr>,
    phase: Phase,
    /// Whether it was called again where it is called, in this silence.
    again: bool,
    pauses: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phase {
    /// Nothing is done.
    Content,
    /// The last of these is being tried.
    Trying { since: Instant, tried: Vec<SocketAddr> },
    /// All of these found nobody.
    Resting { until: Instant, tried: Vec<SocketAddr> },
}

/// How a search stands, for reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Heard,
    Asking,
    Trying,
    Resting,
}

impl Search {
    pub(super) fn new(now: Instant) -> Self {
        Self { received: None, endpoint: None, heard: now, met: false, proven: None, phase: Phase::Content, again: false, pauses: 0 }
    }

    /// Takes in what WireGuard knows. Answers where the peer is when that is news.
    pub(super) fn see(&mut self, now: Instant, seen: Seen) -> Option<SocketAddr> {
        // An interface that was made anew counts from 0.
        let grown = self.received.is_some_and(|before| seen.received > before || (seen.received < before && seen.received > 0));
        self.received = Some(seen.received);
        self.endpoint = seen.endpoint;
        if !grown {
            return None;
        }
        let is_news = self.phase != Phase::Content || self.proven != seen.endpoint;
        (self.heard, self.met, self.proven) = (now, true, seen.endpoint);
        (self.phase, self.again, self.pauses) = (Phase::Content, false, 0);
        seen.endpoint.filter(|_| is_news)
    }

    /// Takes in what WireGuard knows right after an endpoint was set. What was received until then proves the one before it.
    pub(super) fn was_set(&mut self, seen: Seen) {
        self.received = Some(seen.received);
        self.endpoint = seen.endpoint;
    }

    /// What to set, where something is to be set now: the next candidate, or after the last one where the peer was before.
    pub(super) fn next(&mut self, now: Instant, candidates: &[SocketAddr]) -> Option<SocketAddr> {
        let (mut tried, fresh) = match &self.phase {
            // One that nobody can call is looked for from the beginning.
            Phase::Content if self.endpoint.is_some() && now < self.heard + LOST_AFTER => {
                let again = !self.again && now >= self.heard + AGAIN_AFTER;
                self.again |= again;
                return self.endpoint.filter(|_| again);
            }
            Phase::Trying { since, .. } if now < *since + TRY_FOR => return None,
            Phase::Trying { tried, .. } => (tried.clone(), true),
            // Something that nobody has said before is tried at once.
            Phase::Resting { until, tried } if now < *until => (tried.clone(), false),
            // Where it is being called has had its time.
            Phase::Content | Phase::Resting { .. } => (self.endpoint.into_iter().collect(), true),
        };
        let next = candidates.iter().find(|endpoint| !tried.contains(endpoint)).copied().filter(|_| tried.len() < MOST_TRIALS);
        if let Some(next) = next {
            tried.push(next);
            self.phase = Phase::Trying { since: now, tried };
            return Some(next);
        }
        if fresh {
            let pause = PAUSE.saturating_mul(1 << self.pauses.min(8)).min(LONGEST_PAUSE);
            self.pauses += 1;
            self.phase = Phase::Resting { until: now + pause, tried };
            return self.former();
        }
        None
    }

    /// What to set when nobody goes on looking: where the peer was, unless it is called there now.
    pub(super) fn former(&self) -> Option<SocketAddr> {
        self.proven.filter(|_| self.phase != Phase::Content && self.endpoint != self.proven)
    }

    /// Where it was heard last.
    pub(super) const fn proven(&self) -> Option<SocketAddr> {
        self.proven
    }

    /// Where it is called.
    pub(super) const fn endpoint(&self) -> Option<SocketAddr> {
        self.endpoint
    }

    pub(super) fn silent_for(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.heard)
    }

    /// Whether it is where it is called.
    pub(super) fn is_heard(&self, now: Instant) -> bool {
        self.met && self.phase == Phase::Content && self.silent_for(now) < LOST_AFTER
    }

    pub(super) fn standing(&self, now: Instant) -> Standing {
        match self.phase {
            Phase::Trying { .. } => Standing::Trying,
            Phase::Resting { .. } => Standing::Resting,
            Phase::Content if self.is_heard(now) => Standing::Heard,
            Phase::Content => Standing::Asking,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(host: u8) -> SocketAddr {
        ([203, 0, 113, host], 51820).into()
    }

    /// A search with a peer that was heard at 1, and a clock in seconds since then.
    fn lost() -> (Search, impl Fn(u64) -> Instant) {
        let began = Instant::now();
        let mut search = Search::new(began);
        search.see(began, Seen { received: 0, endpoint: Some(at(1)) });
        search.see(began, Seen { received: 100, endpoint: Some(at(1)) });
        (search, move |seconds| began + Duration::from_secs(seconds))
    }

    #[test]
    fn a_peer_that_is_heard_is_left_alone() {
        let (mut search, clock) = lost();
        assert_eq!(search.next(clock(19), &[at(2), at(3)]), None);
        search.see(clock(19), Seen { received: 101, endpoint: Some(at(1)) });
        assert_eq!(search.next(clock(38), &[at(2), at(3)]), None);
        assert_eq!(search.standing(clock(38)), Standing::Heard);
    }

    #[test]
    fn a_silent_peer_is_called_once_more_where_it_is_first() {
        let (mut search, clock) = lost();
        assert_eq!(search.next(clock(20), &[at(2)]), Some(at(1)));
        search.was_set(Seen { received: 100, endpoint: Some(at(1)) });
        assert_eq!(search.next(clock(24), &[at(2)]), None);
        assert_eq!(search.next(clock(25), &[at(2)]), Some(at(2)));
    }

    #[test]
    fn what_finds_nobody_makes_way_for_where_the_peer_was() {
        let (mut search, clock) = lost();
        let wrong = |search: &mut Search, endpoint| search.was_set(Seen { received: 100, endpoint: Some(endpoint) });
        assert_eq!(search.next(clock(25), &[at(1), at(2), at(3)]), Some(at(2)));
        wrong(&mut search, at(2));
        assert_eq!(search.next(clock(30), &[at(3)]), None);
        assert_eq!(search.next(clock(37), &[at(2), at(3)]), Some(at(3)));
        wrong(&mut search, at(3));
        assert_eq!(search.next(clock(49), &[at(2), at(3)]), Some(at(1)));
        wrong(&mut search, at(1));
        assert_eq!(search.standing(clock(49)), Standing::Resting);
        // Until the pause is over only what is new is tried.
        assert_eq!(search.next(clock(60), &[at(2), at(3)]), None);
        assert_eq!(search.next(clock(61), &[at(2), at(4)]), Some(at(4)));
        wrong(&mut search, at(4));
        assert_eq!(search.next(clock(73), &[at(2), at(4)]), Some(at(1)));
        wrong(&mut search, at(1));
        assert_eq!(search.next(clock(132), &[at(2)]), None);
        assert_eq!(search.next(clock(133), &[at(2)]), Some(at(2)));
    }

    #[test]
    fn an_endpoint_is_proven_by_what_comes_after_it_was_set() {
        let (mut search, clock) = lost();
        assert_eq!(search.next(clock(25), &[at(2)]), Some(at(2)));
        // A last packet from the former one came in between.
        search.was_set(Seen { received: 140, endpoint: Some(at(2)) });
        assert_eq!(search.see(clock(27), Seen { received: 140, endpoint: Some(at(2)) }), None);
        assert_eq!(search.proven(), Some(at(1)));
        assert_eq!(search.see(clock(28), Seen { received: 232, endpoint: Some(at(2)) }), Some(at(2)));
        assert_eq!((search.proven(), search.standing(clock(28))), (Some(at(2)), Standing::Heard));
    }

    #[test]
    fn a_peer_that_calls_by_itself_ends_the_search() {
        let (mut search, clock) = lost();
        search.next(clock(25), &[at(2)]);
        search.was_set(Seen { received: 100, endpoint: Some(at(2)) });
        assert_eq!(search.see(clock(26), Seen { received: 248, endpoint: Some(at(7)) }), Some(at(7)));
        assert_eq!(search.next(clock(40), &[at(2)]), None);
    }

    #[test]
    fn a_peer_that_nobody_can_call_is_tried_where_others_have_seen_it() {
        let (began, mut search) = (Instant::now(), Search::new(Instant::now()));
        search.see(began, Seen { received: 0, endpoint: None });
        assert_eq!(search.next(began, &[]), None);
        assert_eq!(search.next(began + Duration::from_secs(5), &[at(2)]), Some(at(2)));
        search.was_set(Seen { received: 0, endpoint: Some(at(2)) });
        // There is nothing to go back to.
        assert_eq!(search.next(began + Duration::from_secs(17), &[at(2)]), None);
        assert_eq!(search.former(), None);
    }

    #[test]
    fn an_interface_that_is_new_counts_anew() {
        let (mut search, clock) = lost();
        assert_eq!(search.see(clock(20), Seen { received: 0, endpoint: Some(at(1)) }), None);
        search.see(clock(21), Seen { received: 50, endpoint: Some(at(1)) });
        assert_eq!(search.silent_for(clock(21)), Duration::ZERO);
    }

    proptest! {
        /// Others say what they like, every 5 s something else.
        #[test]
        fn liars_change_nothing_but_where_a_lost_peer_is_looked_for(said in prop::collection::vec(prop::collection::vec(2..200_u8, 0..9), 1..200)) {
            let (mut search, clock) = lost();
            let mut away = 0;
            for (round, hosts) in (0_u64..).zip(&said) {
                let (now, candidates) = (clock(round * 5), hosts.iter().copied().map(at).collect::<Vec<_>>());
                if let Some(endpoint) = search.next(now, &candidates) {
                    prop_assert!(candidates.contains(&endpoint) || endpoint == at(1));
                    prop_assert!(endpoint == at(1) || search.silent_for(now) >= LOST_AFTER);
                    search.was_set(Seen { received: 100, endpoint: Some(endpoint) });
                    // After some wrong ones it is called where it was.
                    away = if endpoint == at(1) { 0 } else { away + 1 };
                    prop_assert!(away < MOST_TRIALS, "{away} in a row");
                }
            }
            prop_assert_eq!(search.proven(), Some(at(1)));
            // And whoever is heard again has it all behind him.
            let last = clock(5 * u64::try_from(said.len()).expect("small"));
            search.see(last, Seen { received: 200, endpoint: Some(at(9)) });
            prop_assert_eq!(search.next(last, &[at(2)]), None);
        }
    }
}
