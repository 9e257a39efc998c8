//! The database.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/database",
    level: Level::Deny,
    summary: "a database type that Headscale does not know",
    why: "Headscale knows the types `sqlite` (also written `sqlite3`) and `postgres`, and stops at any other.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: mysql}"
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
        judge(context, report, &["database.type"], "set `sqlite` or `postgres`", |server| {
            let kind = server.text("database.type");
            let known = matches!(kind.as_str(), "sqlite" | "sqlite3" | "postgres");
            (!known).then(|| format!("Headscale does not start: `database.type` is `{kind}`"))
        });
    },
};
