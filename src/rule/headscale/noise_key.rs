//! The server's private key.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/noise-key",
    level: Level::Deny,
    summary: "a Headscale config without a place for its key",
    why: "Headscale does not start without `noise.private_key_path`. It makes the key itself, so the path has to be on a volume that outlives the pod: with a new key every node has to join again.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
    },
    check: |context, report| {
        judge(context, report, &["noise.private_key_path"], "set `noise.private_key_path: /var/lib/headscale/noise.key`", |server| {
            let missing = server.text("noise.private_key_path").is_empty();
            missing.then(|| "Headscale does not start: `noise.private_key_path` is not set".to_owned())
        });
    },
};
