//! Records beside those of the nodes.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/extra-records",
    level: Level::Deny,
    summary: "`dns.extra_records` and `dns.extra_records_path` together",
    why: "Headscale does not start when both keys are there, even when the list is empty.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}, extra_records: [], extra_records_path: /etc/headscale/records.json}"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}, extra_records_path: /etc/headscale/records.json}"
    },
    check: |context, report| {
        judge(
            context,
            report,
            &["dns.extra_records", "dns.extra_records_path"],
            "leave one of them out, also when it is empty",
            |server| {
                let both = server.get("dns.extra_records").is_some() && server.get("dns.extra_records_path").is_some();
                both.then(|| "Headscale does not start: `dns.extra_records` and `dns.extra_records_path` exclude each other".to_owned())
            },
        );
    },
};
