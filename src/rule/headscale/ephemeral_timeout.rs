//! How long ephemeral nodes are kept.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/ephemeral-timeout",
    level: Level::Deny,
    summary: "an ephemeral node's timeout of 65 seconds or less",
    why: "Headscale does not start when ephemeral nodes would be removed between two of their own signs of life: the timeout has to be longer than 65 seconds. The key is `node.ephemeral.inactivity_timeout`, before 0.29 `ephemeral_node_inactivity_timeout`.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
        "node: {ephemeral: {inactivity_timeout: 60s}}"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
        "node: {ephemeral: {inactivity_timeout: 30m}}"
    },
    check: |context, report| {
        for key in ["node.ephemeral.inactivity_timeout", "ephemeral_node_inactivity_timeout"] {
            judge(context, report, &[key], "set it to more than 65 seconds, such as `30m`", |server| {
                let text = server.text(key);
                let short = seconds(&text).is_some_and(|seconds| seconds <= 65.0);
                short.then(|| format!("Headscale does not start: `{key}` is {text}"))
            });
        }
    },
};

/// The seconds of a duration as Go writes it, `1h30m`; none when it is none.
fn seconds(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut total = 0.0;
    while !rest.is_empty() {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let unit_end = rest[number_end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| number_end + at);
        let number: f64 = rest[..number_end].parse().ok()?;
        total += number
            * match &rest[number_end..unit_end] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 0.001,
                _ => return None,
            };
        rest = &rest[unit_end..];
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn durations_are_read_as_go_writes_them() {
        assert_eq!(
            ["1h30m", "65s", "1.5m", "500ms", "", "x", "5"].map(seconds),
            [Some(5400.0), Some(65.0), Some(90.0), Some(0.5), None, None, None]
        );
    }
}
