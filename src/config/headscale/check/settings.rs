//! Durations, log-in and the socket.

use super::{Check, at};
use crate::config::GoDuration;

const NODE: &str = "config/headscale-node";

pub(super) fn check(check: &mut Check<'_>) {
    ephemeral(check);
    routes(check);
    tuning(check);
    oidc(check);
    socket(check);
}

/// Nanoseconds of a Go duration; none for a text that is none, which the format check has reported.
pub(super) fn nanoseconds(duration: &str) -> Option<i128> {
    const UNITS: [(&str, i128); 8] = [
        ("ns", 1),
        ("us", 1_000),
        ("µs", 1_000),
        ("μs", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
        ("m", 60_000_000_000),
        ("h", 3_600_000_000_000),
    ];
    let (sign, mut rest) = match duration.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, duration.strip_prefix('+').unwrap_or(duration)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: i128 = 0;
    loop {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(digits);
        let unit_end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, next) = after.split_at(unit_end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let whole = if whole.is_empty() && !fraction.is_empty() { 0 } else { whole.parse::<i128>().ok()? };
        total = total.checked_add(whole.checked_mul(*scale)?)?;
        let fraction = fraction.get(..fraction.len().min(12))?;
        if !fraction.is_empty() {
            total += fraction.parse::<i128>().ok()? * scale / 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        }
        if next.is_empty() {
            return Some(sign * total);
        }
        rest = next;
    }
}

const SECOND: i128 = 1_000_000_000;

fn ephemeral(check: &mut Check<'_>) {
    let timeout = &check.headscale.node.ephemeral.inactivity_timeout;
    if nanoseconds(timeout.as_str()).is_some_and(|time| time <= 65 * SECOND) {
        check.error(
            at(["node", "ephemeral", "inactivityTimeout"]),
            NODE,
            format!("`{timeout}` is too short: clients report every 60 seconds, and Headscale starts with more than `65s` only"),
            "use `2m` or more",
        );
    }
}

fn routes(check: &mut Check<'_>) {
    let Some(routes) = &check.headscale.node.routes else { return };
    let read = |duration: &GoDuration| nanoseconds(duration.as_str());
    let (Some(interval), Some(timeout)) = (read(&routes.ha.probe_interval), read(&routes.ha.probe_timeout)) else { return };
    let mut wrong = |key, message: &str, hint: &str| {
        check.error(at(["node", "routes", "ha", key]), NODE, message, hint).involving(at(["node", "routes", "ha", "probeInterval"]));
    };
    if interval > 0 {
        if interval < 2 * SECOND {
            wrong("probeInterval", "`probeInterval` is shorter than `2s`", "use `2s` or more, or `0s` for no probes");
        }
        if timeout < SECOND {
            wrong("probeTimeout", "`probeTimeout` is shorter than `1s`", "use `1s` or more");
        }
        if timeout >= interval {
            wrong("probeTimeout", "`probeTimeout` is not shorter than `probeInterval`", "use about half of the interval");
        }
    }
}

fn tuning(check: &mut Check<'_>) {
    let tuning = &check.headscale.tuning;
    let zero_batch = tuning.node_store_batch_size == Some(0);
    let zero_timeout = tuning.node_store_batch_timeout.as_ref().and_then(|time| nanoseconds(time.as_str())).is_some_and(|time| time <= 0);
    for (wrong, key) in [(zero_batch, "nodeStoreBatchSize"), (zero_timeout, "nodeStoreBatchTimeout")] {
        if wrong {
            let hint = "remove it for Headscale's own value";
            check.error(at(["tuning", key]), "config/headscale-tuning", format!("`{key}` must be more than 0"), hint);
        }
    }
}

fn oidc(check: &mut Check<'_>) {
    let headscale = check.headscale;
    let Some(oidc) = &headscale.oidc else { return };
    if oidc.client_secret.is_none() && !headscale.use_agenix_secrets && !oidc.pkce.enabled {
        check.warning(
            at(["oidc"]),
            "config/headscale-oidc",
            "the client has neither a secret nor PKCE, which few providers accept",
            "set `clientSecret`, `headscale.useAgenixSecrets: true` or `pkce.enabled: true`",
        );
    }
}

/// Folders of the image or of our own mounts, which a mount for the socket would hide.
const TAKEN: [&str; 9] = ["/etc", "/usr", "/bin", "/sbin", "/lib", "/ko-app", "/proc", "/sys", "/dev"];

fn socket(check: &mut Check<'_>) {
    let path = check.headscale.unix_socket.path.as_str();
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let taken = TAKEN.iter().any(|taken| folder == *taken || folder.strip_prefix(taken).is_some_and(|rest| rest.starts_with('/')));
    if folder.is_empty() || taken {
        check.error(
            at(["unixSocket", "path"]),
            "config/headscale-socket",
            format!("`{path}` lies in a folder that the pod cannot write to"),
            "use a folder of its own below `/var/run`",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn durations_are_read_as_go_does() {
        for (text, seconds) in [("65s", 65.0), ("1m5s", 65.0), ("1.5h", 5400.0), ("0", 0.0), ("100ms", 0.1), ("-2s", -2.0), (".5s", 0.5)] {
            #[expect(clippy::cast_precision_loss, reason = "small numbers of a test")]
            let read = nanoseconds(text).map(|time| time as f64 / 1e9);
            assert_eq!(read, Some(seconds), "{text}");
        }
        for text in ["", "5", "s", "1d", "5s3", "1..5s", "-"] {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }
}
