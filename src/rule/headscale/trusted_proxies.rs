//! Whose word on a client's address counts.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/trusted-proxies",
    level: Level::Deny,
    summary: "`trusted_proxies` that trusts everybody",
    why: "Headscale does not start when a range of `trusted_proxies` is the whole internet: anybody could then claim any address.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
        "trusted_proxies: [0.0.0.0/0]"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
        "trusted_proxies: [10.42.0.0/16]"
    },
    check: |context, report| {
        judge(context, report, &["trusted_proxies"], "name the range of the proxy's pods", |server| {
            let list = server.get("trusted_proxies")?;
            let all = list.as_array()?.iter().filter_map(|range| range.as_str()).find(|range| range.ends_with("/0"))?;
            Some(format!("Headscale does not start: `trusted_proxies` has `{all}`"))
        });
    },
};
