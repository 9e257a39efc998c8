//! The addresses of the mesh.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/prefixes",
    level: Level::Deny,
    summary: "a Headscale config without an address range",
    why: "Headscale does not start unless `prefixes.v4` or `prefixes.v6` says from which range nodes get their addresses.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v6: 'fd7a:115c:a1e0::/48'}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
    },
    check: |context, report| {
        judge(context, report, &["prefixes.v4", "prefixes.v6"], "set `prefixes.v4: 100.64.0.0/10`", |server| {
            let missing = !server.is_filled("prefixes.v4") && !server.is_filled("prefixes.v6");
            missing.then(|| "Headscale does not start: neither `prefixes.v4` nor `prefixes.v6` is set".to_owned())
        });
    },
};
