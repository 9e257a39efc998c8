//! Where Headscale listens.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/listen-address",
    level: Level::Deny,
    summary: "a Headscale that nobody outside of its pod reaches",
    why: "A server that listens on the loopback address answers neither its Service nor its probes. `listen_addr` has to be `0.0.0.0:8080` or `:8080`; without it Headscale listens on a port of chance.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 127.0.0.1:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
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
        judge(context, report, &["listen_addr"], "set `listen_addr: 0.0.0.0:8080`", |server| {
            let address = server.text("listen_addr");
            let lonely = address.is_empty() || ["127.", "localhost:", "[::1]:"].iter().any(|start| address.starts_with(start));
            lonely.then(|| format!("nobody outside of the pod reaches Headscale: `listen_addr` is `{address}`"))
        });
    },
};
