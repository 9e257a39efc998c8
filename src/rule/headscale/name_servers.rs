//! The name servers of the clients.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/name-servers",
    level: Level::Deny,
    summary: "`dns.override_local_dns` without any name server",
    why: "Headscale does not start when `dns.override_local_dns` (on by default) would take every client's name servers away: `dns.nameservers.global` has to name at least one.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net}"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, override_local_dns: false}"
    },
    check: |context, report| {
        let keys = ["dns.override_local_dns", "dns.nameservers.global"];
        judge(context, report, &keys, "name one, or set `dns.override_local_dns: false`", |server| {
            let missing = server.flag("dns.override_local_dns", true) && !server.is_filled("dns.nameservers.global");
            missing.then(|| "Headscale does not start: `dns.override_local_dns` is on, and `dns.nameservers.global` is empty".to_owned())
        });
    },
};
