//! The config file itself.

use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/config-file",
    level: Level::Deny,
    summary: "a Headscale config that is not YAML",
    why: "Headscale does not start with a config file that cannot be read. Text that is pasted into YAML by templates most often breaks at its indentation.",
    bad: example! {
        "server_url: https://hs.example.com"
        "   listen_addr: 0.0.0.0:8080"
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
        for server in context.headscale() {
            if let Err(message) = &server.config {
                report.add(server.config_map, server.pointer.clone(), format!("Headscale cannot read its config: {message}"), "");
            }
        }
    },
};
