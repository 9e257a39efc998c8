//! The relays.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/derp",
    level: Level::Deny,
    summary: "a Headscale config without any relay",
    why: "Headscale stops with `initial DERPMap is empty` unless it knows a relay: from `derp.urls`, `derp.paths` or its embedded server, which in turn needs `derp.server.stun_listen_addr`.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: []}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {server: {enabled: true, region_id: 999, stun_listen_addr: '0.0.0.0:3478'}}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
    },
    check: |context, report| {
        let keys = ["derp.urls", "derp.paths", "derp.server.enabled", "derp.server.stun_listen_addr"];
        judge(context, report, &keys, "set `derp.server.enabled: true` with `derp.server.stun_listen_addr: 0.0.0.0:3478`", |server| {
            let enabled = server.flag("derp.server.enabled", false);
            let adds_itself = enabled && server.flag("derp.server.automatically_add_embedded_derp_region", true);
            if enabled && server.text("derp.server.stun_listen_addr").is_empty() {
                Some("Headscale does not start: the embedded relay has no `derp.server.stun_listen_addr`".to_owned())
            } else if enabled && !adds_itself && !server.is_filled("derp.paths") {
                Some("Headscale does not start: its own relay is in no map, and `derp.paths` is empty".to_owned())
            } else if !adds_itself && !server.is_filled("derp.urls") && !server.is_filled("derp.paths") {
                Some("Headscale does not start: it knows no relay (`derp.urls`, `derp.paths`, `derp.server.enabled`)".to_owned())
            } else {
                None
            }
        });
    },
};
