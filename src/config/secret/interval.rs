//! How long values may be used.

use std::time::Duration;

use super::{Make, SecretEntry};
use crate::config::headscale::DayDuration;

impl SecretEntry {
    /// How long a value may be used: `rotateEvery`, or for a certificate two thirds of its time, as cert-manager has it. None for no end.
    #[must_use]
    pub fn rotation_interval(&self) -> Option<Duration> {
        let of_certificate = match &self.make {
            Make::Tls { valid_for, .. } | Make::TlsCa { valid_for, .. } => Some(length(valid_for) * 2 / 3),
            _ => None,
        };
        let own = self.rotate_every.as_ref().map(length);
        own.or(of_certificate).filter(|interval| !interval.is_zero())
    }
}

impl Make {
    /// How long a certificate of ours is valid; none for other values.
    #[must_use]
    pub fn valid_for(&self) -> Option<Duration> {
        match self {
            Self::Tls { valid_for, .. } | Self::TlsCa { valid_for, .. } => Some(length(valid_for)),
            _ => None,
        }
    }
}

/// The length of a duration whose form was checked; years have 365 days (`github.com/prometheus/common/model`).
fn length(text: &DayDuration) -> Duration {
    let mut total = Duration::ZERO;
    let mut rest = text.0.as_str();
    while let Some(end) = rest.find(|c: char| !c.is_ascii_digit()) {
        let number: u64 = rest[..end].parse().unwrap_or(u64::MAX);
        rest = &rest[end..];
        let unit_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let milliseconds = match &rest[..unit_end] {
            "ms" => 1,
            "s" => 1000,
            "m" => 60 * 1000,
            "h" => 3600 * 1000,
            "d" => 24 * 3600 * 1000,
            "w" => 7 * 24 * 3600 * 1000,
            _ => 365 * 24 * 3600 * 1000,
        };
        total = total.saturating_add(Duration::from_millis(number.saturating_mul(milliseconds)));
        rest = &rest[unit_end..];
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_length() {
        let seconds = |text: &str| length(&DayDuration(text.to_owned())).as_secs();
        assert_eq!((seconds("0"), seconds("90d"), seconds("1y2w3d4h5m6s")), (0, 7_776_000, 33_019_506));
        assert_eq!(length(&DayDuration("99999999999999999999y".to_owned())), Duration::from_millis(u64::MAX));
    }
}
