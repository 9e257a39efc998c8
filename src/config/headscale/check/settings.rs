//! Durations, log-in and the socket.

use std::time::Duration;

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

fn ephemeral(check: &mut Check<'_>) {
    let timeout = &check.headscale.node.ephemeral.inactivity_timeout;
    if timeout.duration().is_some_and(|time| time <= Duration::from_secs(65)) {
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
    let (Some(interval), Some(timeout)) = (routes.ha.probe_interval.duration(), routes.ha.probe_timeout.duration()) else { return };
    let mut wrong = |key, message: &str, hint: &str| {
        check.error(at(["node", "routes", "ha", key]), NODE, message, hint).involving(at(["node", "routes", "ha", "probeInterval"]));
    };
    if interval > Duration::ZERO {
        if interval < Duration::from_secs(2) {
            wrong("probeInterval", "`probeInterval` is shorter than `2s`", "use `2s` or more, or `0s` for no probes");
        }
        if timeout < Duration::from_secs(1) {
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
    let zero_timeout = tuning.node_store_batch_timeout.as_ref().and_then(GoDuration::duration).is_some_and(|time| time.is_zero());
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
