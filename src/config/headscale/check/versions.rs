//! Keys that only one of the supported versions has.

use super::{Check, at};
use crate::config::headscale::{Headscale, Minor, Policy, SshRule};
use crate::source::ConfigPath;

const RULE: &str = "config/headscale-version";

/// A key that one minor has and the other has not.
struct Only {
    minor: Minor,
    path: ConfigPath,
    /// The value, where only this one is unknown.
    value: Option<&'static str>,
    /// What does the same in the other minor.
    instead: &'static str,
}

pub(super) fn check(check: &mut Check<'_>) {
    let headscale = check.headscale;
    let minor = check.minor();
    let keys = settings(headscale).into_iter().chain(policy(&headscale.policy)).chain(ssh(&headscale.policy.ssh));
    for key in keys.filter(|key| key.minor != minor) {
        let what = key.value.map_or_else(|| format!("`{}` is a key", key.path), |value| format!("`{value}` is a value"));
        check.error(key.path, RULE, format!("{what} of Headscale {} and unknown to {minor}", key.minor), key.instead);
    }
}

fn settings(headscale: &Headscale) -> Vec<Only> {
    let tuning = &headscale.tuning;
    let expiry = headscale.oidc.as_ref().is_some_and(|oidc| oidc.expiry.is_some());
    let rows: [(bool, Minor, &[&str], &'static str); 8] = [
        (
            headscale.randomize_client_port.is_some(),
            Minor::V28,
            &["randomizeClientPort"],
            "Headscale 0.29 moved it to the policy: set `headscale.policy.randomizeClientPort`",
        ),
        (expiry, Minor::V28, &["oidc", "expiry"], "Headscale 0.29 moved it: set `headscale.node.expiry`, which counts for every log-in"),
        (
            tuning.register_cache_cleanup.is_some(),
            Minor::V28,
            &["tuning", "registerCacheCleanup"],
            "Headscale 0.29 bounds the cache instead: remove it, or set `headscale.tuning.registerCacheMaxEntries`",
        ),
        (
            tuning.register_cache_max_entries.is_some(),
            Minor::V29,
            &["tuning", "registerCacheMaxEntries"],
            "Headscale 0.28 cleans the cache by time: remove it, or set `headscale.tuning.registerCacheCleanup`",
        ),
        (
            headscale.node.expiry.is_some(),
            Minor::V29,
            &["node", "expiry"],
            "Headscale 0.28 has it for OpenID Connect only: set `headscale.oidc.expiry`, or `headscale.version: 0.29.0`",
        ),
        (headscale.node.routes.is_some(), Minor::V29, &["node", "routes"], NEWER),
        (headscale.auto_update.is_some(), Minor::V29, &["autoUpdate"], NEWER),
        (!headscale.trusted_proxies.is_empty(), Minor::V29, &["trustedProxies"], NEWER),
    ];
    let set = rows.into_iter().filter(|(set, ..)| *set);
    set.map(|(_, minor, keys, instead)| Only { minor, path: at(keys.iter().copied()), value: None, instead }).collect()
}

const NEWER: &str = "remove it, or set `headscale.version: 0.29.0`";

fn policy(policy: &Policy) -> Vec<Only> {
    let rows: [(bool, &str, &'static str); 5] = [
        (policy.grants.is_some(), "grants", "Headscale 0.28 has `acls` only: write it as an ACL, or set `headscale.version: 0.29.0`"),
        (!policy.node_attrs.is_empty(), "nodeAttrs", NEWER),
        (!policy.tests.is_empty(), "tests", NEWER),
        (!policy.ssh_tests.is_empty(), "sshTests", NEWER),
        (
            policy.randomize_client_port.is_some(),
            "randomizeClientPort",
            "in Headscale 0.28 it is no part of the policy: set `headscale.randomizeClientPort`",
        ),
    ];
    let set = rows.into_iter().filter(|(set, ..)| *set);
    set.map(|(_, key, instead)| Only { minor: Minor::V29, path: at(["policy", key]), value: None, instead }).collect()
}

fn ssh(rules: &[SshRule]) -> Vec<Only> {
    let rules = rules.iter().enumerate().map(|(place, rule)| (at(["policy", "ssh"]).index(place), rule));
    let keys = rules.flat_map(|(path, rule)| {
        let only = |key, value, instead| Only { minor: Minor::V29, path: path.key(key), value, instead };
        let environment = (!rule.accept_env.is_empty()).then(|| only("acceptEnv", None, NEWER));
        let always = (rule.check_period.as_deref() == Some("always"))
            .then(|| only("checkPeriod", Some("always"), "Headscale 0.28 takes a duration only, such as `1m`"));
        [environment, always]
    });
    keys.flatten().collect()
}
