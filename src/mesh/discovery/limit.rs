//! How many datagrams are looked at.

use std::time::{Duration, Instant};

/// So many at once, and then one each so often (the "generic cell rate algorithm": a leaky bucket that is one point in time).
#[derive(Debug, Clone)]
pub(super) struct Limit {
    each: Duration,
    depth: Duration,
    /// When all that was let through would have come at the allowed pace.
    even: Option<Instant>,
}

impl Limit {
    pub(super) fn new(each: Duration, at_once: u32) -> Self {
        Self { each, depth: each.saturating_mul(at_once.saturating_sub(1)), even: None }
    }

    pub(super) fn lets_through(&mut self, now: Instant) -> bool {
        let even = self.even.map_or(now, |even| even.max(now));
        if even.saturating_duration_since(now) > self.depth {
            return false;
        }
        self.even = Some(even + self.each);
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn never_more_than_a_burst_and_the_pace(gaps in prop::collection::vec(0..400_u64, 1..200)) {
            let mut limit = Limit::new(Duration::from_millis(100), 5);
            let began = Instant::now();
            let (mut now, mut through) = (began, 0_u32);
            for gap in gaps {
                now += Duration::from_millis(gap);
                through += u32::from(limit.lets_through(now));
                let most = 5 + u32::try_from((now - began).as_millis() / 100).expect("small");
                prop_assert!(through <= most, "{through} of {most}");
            }
        }
    }

    #[test]
    fn after_a_pause_it_lets_a_burst_through_again() {
        let mut limit = Limit::new(Duration::from_secs(1), 3);
        let now = Instant::now();
        let burst = |limit: &mut Limit, now| (0..10).filter(|_| limit.lets_through(now)).count();
        assert_eq!(burst(&mut limit, now), 3);
        assert_eq!(burst(&mut limit, now + Duration::from_mins(1)), 3);
    }
}
