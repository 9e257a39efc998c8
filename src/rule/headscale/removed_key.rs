//! Keys that are no more.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/removed-key",
    level: Level::Deny,
    summary: "a key that this version of Headscale has removed",
    why: "Headscale stops at keys that it once had: since 0.23 those of `dns_config` and `acl_policy_path`, since 0.26 `oidc.strip_email_domain` and `oidc.map_legacy_users`, since 0.29 `randomize_client_port` and `oidc.expiry`. The version is that of the image's tag.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
        "randomize_client_port: true"
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
        for (key, since, instead) in REMOVED {
            judge(context, report, &[key], instead, |server| {
                let is_there = server.is_at_least(*since) && server.get(key).is_some();
                is_there.then(|| format!("Headscale does not start: `{key}` was removed in 0.{since}"))
            });
        }
    },
};

/// Key, the minor that removed it, and what to do.
const REMOVED: &[(&str, u32, &str)] = &[
    ("acl_policy_path", 23, "use `policy.path`"),
    ("dns_config", 23, "use `dns`"),
    ("dns.use_username_in_magic_dns", 23, "leave it out"),
    ("oidc.strip_email_domain", 26, "leave it out"),
    ("oidc.map_legacy_users", 26, "leave it out"),
    ("randomize_client_port", 29, "set `randomizeClientPort` in the policy"),
    ("oidc.expiry", 29, "use `node.expiry`"),
];
