//! The policy's definitions: Headscale does not start with a policy that it cannot read.

use std::collections::BTreeSet;

use super::{Check, at, policy_rules};
use crate::config::headscale::policy::is_prefix;
use crate::config::headscale::{Alias, AliasKind, Minor, PolicyMode};
use crate::source::ConfigPath;

pub(super) const RULE: &str = "config/headscale-policy";

pub(super) fn check(check: &mut Check<'_>) {
    let policy = &check.headscale.policy;
    if policy.mode == PolicyMode::Database && !policy.is_empty() {
        check.error(
            at(["policy", "mode"]),
            RULE,
            "the rules in `headscale.policy` would have no effect: with `mode: database` Headscale reads them from its database only",
            "set `mode: file`, or remove the rules and use `headscale policy set`",
        );
        return;
    }
    groups(check);
    hosts(check);
    tag_owners(check);
    auto_approvers(check);
    policy_rules::check(check);
}

fn groups(check: &mut Check<'_>) {
    for (name, members) in &check.headscale.policy.groups {
        let path = at(["policy", "groups"]).key(name);
        if !name.starts_with("group:") {
            wrong(check, path.clone(), format!("the group `{name}` has no name that a rule could use"), format!("call it `group:{name}`"));
        }
        for (place, member) in members.iter().enumerate() {
            if member.starts_with("group:") {
                wrong(check, path.index(place), format!("`{member}` is a group, and groups hold users only"), "list its users here");
            } else if !member.contains('@') {
                wrong(check, path.index(place), format!("`{member}` is no user: users have an `@`"), format!("write `{member}@`"));
            }
        }
    }
}

fn hosts(check: &mut Check<'_>) {
    for (name, address) in &check.headscale.policy.hosts {
        let path = at(["policy", "hosts"]).key(name);
        if Alias::kind_of(name) != AliasKind::Host {
            wrong(check, path.clone(), format!("`{name}` cannot be the name of a host"), "use a name without `@` and `:`");
        }
        if !is_prefix(address) {
            wrong(check, path, format!("`{address}` is no address and no network"), "write `192.168.1.5` or `192.168.1.0/24`");
        }
    }
}

fn tag_owners(check: &mut Check<'_>) {
    let owners = &check.headscale.policy.tag_owners;
    for (tag, names) in owners {
        let path = at(["policy", "tagOwners"]).key(tag);
        let good = tag.strip_prefix("tag:").is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic()));
        if !good {
            wrong(check, path.clone(), format!("`{tag}` is no tag"), "tags are `tag:` and a name that begins with a letter");
        }
        for (place, name) in names.iter().enumerate() {
            owner(check, path.index(place), name, "may own a tag");
        }
        // Headscale 0.29 passes over a circle.
        if check.minor() == Minor::V28 && owns_itself(check, tag) {
            wrong(check, path, format!("`{tag}` owns itself through other tags"), "break the circle");
        }
    }
}

/// Whether the owners of a tag lead back to it.
fn owns_itself(check: &Check<'_>, tag: &str) -> bool {
    let owners = &check.headscale.policy.tag_owners;
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![tag]);
    while let Some(next) = waiting.pop() {
        for owner in owners.get(next).into_iter().flatten().filter(|owner| owner.starts_with("tag:")) {
            if owner == tag {
                return true;
            }
            if seen.insert(owner.as_str()) {
                waiting.push(owner);
            }
        }
    }
    false
}

fn auto_approvers(check: &mut Check<'_>) {
    let approvers = &check.headscale.policy.auto_approvers;
    let path = at(["policy", "autoApprovers"]);
    for (route, list) in &approvers.routes {
        let path = path.key("routes").key(route.as_str());
        if !route.as_str().contains('/') || !is_prefix(route.as_str()) {
            wrong(check, path.clone(), format!("`{route}` is no network"), "write `10.0.0.0/8`");
        }
        for (place, name) in list.iter().enumerate() {
            owner(check, path.index(place), &name.0, "may approve a route");
        }
    }
    for (place, name) in approvers.exit_node.iter().enumerate() {
        owner(check, path.key("exitNode").index(place), &name.0, "may approve a route");
    }
}

/// Users, groups and tags only; the last two have to be defined.
fn owner(check: &mut Check<'_>, path: ConfigPath, name: &str, what: &str) {
    match Alias::kind_of(name) {
        AliasKind::User => {}
        AliasKind::Group | AliasKind::Tag => defined(check, path, name),
        _ => {
            wrong(check, path, format!("`{name}` is no user, group or tag, and only those {what}"), "write `alice@`, `group:…` or `tag:…`");
        }
    }
}

/// Whether the group, tag or host behind a name is there.
pub(super) fn defined(check: &mut Check<'_>, path: ConfigPath, name: &str) {
    let policy = &check.headscale.policy;
    let (known, key) = match Alias::kind_of(name) {
        AliasKind::Group => (policy.groups.contains_key(name), "groups"),
        AliasKind::Tag => (policy.tag_owners.contains_key(name), "tagOwners"),
        AliasKind::Host => (policy.hosts.contains_key(name), "hosts"),
        _ => return,
    };
    if !known {
        wrong(check, path, format!("`{name}` is not defined"), format!("add it to `headscale.policy.{key}`"));
    }
}

pub(super) fn wrong(check: &mut Check<'_>, path: ConfigPath, message: impl Into<String>, hint: impl Into<String>) {
    check.error(path, RULE, message, hint);
}
