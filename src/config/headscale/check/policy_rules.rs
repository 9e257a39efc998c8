//! The policy's rules: what Headscale refuses in them.

use std::time::Duration;

use super::policy::{defined, wrong};
use super::{Check, at};
use crate::config::GoDuration;
use crate::config::headscale::{Acl, Alias, AliasKind, Grant, Minor, PolicyTest, SshAction, SshRule};
use crate::source::ConfigPath;

/// Protocols by name; others are numbers. Headscale 0.28 does not take the last two.
const PROTOCOLS: [&str; 14] =
    ["icmp", "igmp", "ipv4", "ip-in-ip", "tcp", "egp", "igp", "udp", "gre", "esp", "ah", "sctp", "ipv6-icmp", "fc"];
/// Protocols that have ports; from Headscale 0.29 by number, too.
const WITH_PORTS: [&str; 6] = ["tcp", "udp", "sctp", "6", "17", "132"];

fn has_ports(proto: &str, minor: Minor) -> bool {
    let known = if minor >= Minor::V29 { &WITH_PORTS[..] } else { &WITH_PORTS[..3] };
    known.contains(&proto.to_ascii_lowercase().as_str())
}

const SOURCES: [&str; 3] = ["autogroup:member", "autogroup:tagged", "autogroup:danger-all"];
const DESTINATIONS: [&str; 4] = ["autogroup:internet", "autogroup:member", "autogroup:tagged", "autogroup:self"];
const SSH_DESTINATIONS: [&str; 3] = ["autogroup:member", "autogroup:tagged", "autogroup:self"];
const MEMBERS: [&str; 2] = ["autogroup:member", "autogroup:tagged"];

pub(super) fn check(check: &mut Check<'_>) {
    let policy = &check.headscale.policy;
    let places = |key: &'static str| move |place: usize| at(["policy", key]).index(place);
    for (place, rule) in policy.acls.iter().flatten().enumerate() {
        acl(check, &places("acls")(place), rule);
    }
    for (place, rule) in policy.grants.iter().flatten().enumerate() {
        grant(check, &places("grants")(place), rule);
    }
    for (place, attr) in policy.node_attrs.iter().enumerate() {
        let path = places("nodeAttrs")(place);
        aliases(check, &path.key("target"), &attr.target, &MEMBERS);
        if let Some(at) = attr.attr.iter().position(|attr| attr == "funnel") {
            wrong(check, path.key("attr").index(at), "Headscale has no `funnel`, and refuses a policy that asks for it", "remove it");
        }
    }
    for (place, rule) in policy.ssh.iter().enumerate() {
        ssh(check, &places("ssh")(place), rule);
    }
    for (place, test) in policy.tests.iter().enumerate() {
        policy_test(check, &places("tests")(place), test);
    }
    for (place, test) in policy.ssh_tests.iter().enumerate() {
        let path = places("sshTests")(place);
        if test.dst.is_empty() {
            wrong(check, path.key("dst"), "the test has no destination", "name at least one");
        }
        for (place, dst) in test.dst.iter().enumerate() {
            let path = path.key("dst").index(place);
            match dst.kind() {
                AliasKind::Tag => defined(check, path, &dst.0),
                AliasKind::AutoGroup if dst.0 == "autogroup:internet" => {
                    wrong(check, path, "the internet is no node", "name a tag or a host");
                }
                _ => single_host(check, path, &dst.0),
            }
        }
    }
}

fn acl(check: &mut Check<'_>, path: &ConfigPath, rule: &Acl) {
    sources(check, &path.key("src"), &rule.src);
    if let Some(proto) = &rule.proto {
        protocol(check, path.key("proto"), &proto.to_ascii_lowercase());
    }
    let only_wildcard = rule.proto.as_deref().is_some_and(|proto| !has_ports(proto, check.minor()));
    for (place, dst) in rule.dst.iter().enumerate() {
        let path = path.key("dst").index(place);
        let Some((target, ports)) = destination(check, &path, dst) else { continue };
        alias(check, path.clone(), &target, &DESTINATIONS);
        if only_wildcard && ports != "*" {
            wrong(
                check,
                path.clone(),
                format!("`{dst}` names ports, and only `tcp`, `udp` and `sctp` have ports"),
                format!("write `{target}:*`, or one of these names in `proto`"),
            );
        }
        // Headscale 0.28 lets these through and answers with an empty rule.
        if target == "autogroup:self" && check.minor() >= Minor::V29 {
            own_devices(check, &path, &rule.src, true);
        }
    }
}

fn grant(check: &mut Check<'_>, path: &ConfigPath, rule: &Grant) {
    sources(check, &path.key("src"), &rule.src);
    aliases(check, &path.key("dst"), &rule.dst, &DESTINATIONS);
    if rule.ip.is_empty() && rule.app.is_empty() {
        wrong(check, path.clone(), "the grant has neither `ip` nor `app`, so it grants nothing", "add `ip: ['*']` for all traffic");
    }
    for (place, ip) in rule.ip.iter().enumerate() {
        let path = path.key("ip").index(place);
        let (proto, ports) = ip.split_once(':').map_or((None, ip.as_str()), |(proto, ports)| (Some(proto), ports));
        if let Some(proto) = proto {
            // Unlike in ACLs, in lower case only.
            protocol(check, path.clone(), proto);
        }
        if !is_port_list(ports) {
            wrong(check, path, format!("`{ip}` names no ports"), "write `*`, `443`, `80-90` or `tcp:443`");
        }
    }
    for name in rule.app.keys() {
        const OPEN: [&str; 5] = ["drive", "relay", "webui", "kubernetes", "tsidp"];
        let closed = name.strip_prefix("tailscale.com/").is_some_and(|rest| !OPEN.iter().any(|open| rest == format!("cap/{open}")));
        if name.contains("://") || closed {
            wrong(
                check,
                path.key("app").key(name),
                format!("`{name}` is no capability that a policy may grant"),
                "use `tailscale.com/cap/` with drive, relay, webui, kubernetes or tsidp, or a domain of your own",
            );
        }
    }
    for (place, via) in rule.via.iter().enumerate() {
        let path = path.key("via").index(place);
        if via.kind() == AliasKind::Tag {
            defined(check, path, &via.0);
        } else {
            wrong(check, path, format!("`{via}` is no tag, and traffic goes via tags only"), "write `tag:…`");
        }
    }
    for (place, dst) in rule.dst.iter().enumerate() {
        let path = path.key("dst").index(place);
        if dst.0.ends_with("/0") {
            wrong(check, path, format!("`{dst}` is everything"), "write `*` or `autogroup:internet`");
        } else if dst.0 == "autogroup:internet" && !rule.app.is_empty() {
            wrong(check, path, "the internet runs no application of the mesh", "use `ip` for the internet");
        } else if dst.0 == "autogroup:self" {
            own_devices(check, &path, &rule.src, false);
        }
    }
}

fn ssh(check: &mut Check<'_>, path: &ConfigPath, rule: &SshRule) {
    for (place, src) in rule.src.iter().enumerate() {
        let path = path.key("src").index(place);
        match src.kind() {
            AliasKind::User => {}
            AliasKind::Group | AliasKind::Tag | AliasKind::AutoGroup => alias(check, path, &src.0, &MEMBERS),
            _ => wrong(
                check,
                path,
                format!("`{src}` cannot log in"),
                "write a user, `group:…`, `tag:…`, `autogroup:member` or `autogroup:tagged`",
            ),
        }
    }
    for (place, dst) in rule.dst.iter().enumerate() {
        let path = path.key("dst").index(place);
        match dst.kind() {
            AliasKind::User => {
                if rule.src.iter().any(|src| src != dst) || rule.src.is_empty() {
                    wrong(
                        check,
                        path,
                        format!("the devices of `{dst}` are open to `{dst}` only"),
                        "use `autogroup:self`, or `src: [the same user]`",
                    );
                }
            }
            AliasKind::Tag | AliasKind::AutoGroup => {
                alias(check, path.clone(), &dst.0, &SSH_DESTINATIONS);
                let tagged = |src: &Alias| src.kind() == AliasKind::Tag || src.0 == "autogroup:tagged";
                if matches!(dst.0.as_str(), "autogroup:self" | "autogroup:member") && rule.src.iter().any(tagged) {
                    wrong(
                        check,
                        path,
                        "nodes with tags cannot log in on the devices of users",
                        "use tags, or `autogroup:tagged`, in `dst`",
                    );
                }
            }
            _ => wrong(
                check,
                path,
                format!("`{dst}` is no place to log in"),
                "write `tag:…`, `autogroup:self`, `autogroup:member` or `autogroup:tagged`",
            ),
        }
    }
    ssh_users(check, path, rule);
}

fn ssh_users(check: &mut Check<'_>, path: &ConfigPath, rule: &SshRule) {
    // Headscale 0.28 takes an empty list and lets nobody in.
    if rule.users.is_empty() && check.minor() >= Minor::V29 {
        wrong(check, path.key("users"), "the rule names no user of the node", "write `autogroup:nonroot`, `root` or a name");
    }
    for (place, user) in rule.users.iter().enumerate() {
        let path = path.key("users").index(place);
        if user.is_empty() || user == "*" {
            wrong(check, path, format!("`{user}` is no user of the node"), "write `autogroup:nonroot`, `root` or a name");
        } else if user.starts_with("autogroup:") && user != "autogroup:nonroot" {
            wrong(check, path, format!("`{user}` is no user of the node"), "write `autogroup:nonroot`");
        }
    }
    for (place, name) in rule.accept_env.iter().enumerate().filter(|(_, name)| name.trim().is_empty()) {
        wrong(check, path.key("acceptEnv").index(place), format!("`{name}` names no variable"), "write a name, or `*` for a pattern");
    }
    let Some(period) = &rule.check_period else { return };
    let path = path.key("checkPeriod");
    if rule.action != SshAction::Check {
        wrong(check, path, "`checkPeriod` goes with `action: check` only", "remove it, or set `action: check`");
    } else if period != "always" && GoDuration::from(period.as_str()).duration().is_none_or(|time| time > Duration::from_hours(168)) {
        wrong(check, path, format!("`{period}` is no period up to `168h`"), "write `12h`, or `always` from Headscale 0.29");
    }
}

fn policy_test(check: &mut Check<'_>, path: &ConfigPath, test: &PolicyTest) {
    if test.accept.is_empty() && test.deny.is_empty() {
        wrong(check, path.clone(), "the test has neither `accept` nor `deny`", "say what has to be reached or not");
    }
    if test.proto.as_deref().is_some_and(|proto| !has_ports(proto, check.minor())) {
        wrong(check, path.key("proto"), "a test is about `tcp`, `udp` or `sctp`", "use one of them");
    }
    for (key, list) in [("accept", &test.accept), ("deny", &test.deny)] {
        for (place, dst) in list.iter().enumerate() {
            let path = path.key(key).index(place);
            let Some((target, ports)) = destination(check, &path, dst) else { continue };
            if ports.parse::<u16>().is_err() {
                wrong(check, path, format!("`{dst}` is not one port"), format!("write `{target}:22`"));
            } else if target == "autogroup:internet" {
                wrong(check, path, "a test cannot ask for the internet", "name a tag or a host");
            } else {
                single_host(check, path, &target);
            }
        }
    }
}

/// Tests are about one host: no network, and no name of one.
fn single_host(check: &mut Check<'_>, path: ConfigPath, target: &str) {
    let address = check.headscale.policy.hosts.get(target).map_or(target, String::as_str);
    let wide = address.parse::<ipnet::IpNet>().is_ok_and(|net| net.prefix_len() < net.max_prefix_len());
    if wide {
        wrong(check, path, format!("`{target}` is a network, and a test is about one host"), "name one address");
    }
}

/// `TARGET:PORTS`, reported when it is not.
fn destination<'a>(check: &mut Check<'_>, path: &ConfigPath, text: &'a str) -> Option<(String, &'a str)> {
    let split = text.rsplit_once(':').filter(|(target, ports)| !target.is_empty() && is_port_list(ports));
    let Some((target, ports)) = split else {
        wrong(check, path.clone(), format!("`{text}` has no ports"), format!("write `{text}:*` for all ports, or `{text}:22,80-90`"));
        return None;
    };
    Some((unbracketed(target, check.minor()), ports))
}

/// An IPv6 address may stand in brackets, `[fd7a::1]:80` or `[fd7a::]/64:80`, from Headscale 0.29.
fn unbracketed(target: &str, minor: Minor) -> String {
    let parts = target.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match parts {
        Some((address, rest)) if minor >= Minor::V29 && address.contains(':') => format!("{address}{rest}"),
        _ => target.to_owned(),
    }
}

fn is_port_list(ports: &str) -> bool {
    let is_range = |range: &str| match range.split_once('-') {
        Some((first, last)) => matches!((first.parse::<u16>(), last.parse::<u16>()), (Ok(first), Ok(last)) if first <= last),
        None => range.parse::<u16>().is_ok_and(|port| port > 0),
    };
    ports == "*" || ports.split(',').all(is_range)
}

fn protocol(check: &mut Check<'_>, path: ConfigPath, proto: &str) {
    let names = if check.minor() >= Minor::V29 { &PROTOCOLS[..] } else { &PROTOCOLS[..12] };
    let number = proto.parse::<u8>().is_ok_and(|number| number > 0 && !proto.starts_with(['0', '+']));
    if !number && !names.contains(&proto) {
        let hint = format!("write a number from 1 to 255, or one of {}", names.join(", "));
        wrong(check, path, format!("`{proto}` is no protocol that Headscale {} knows", check.minor()), hint);
    }
}

fn sources(check: &mut Check<'_>, path: &ConfigPath, list: &[Alias]) {
    let allowed = if check.minor() >= Minor::V29 { &SOURCES[..] } else { &MEMBERS[..] };
    aliases(check, path, list, allowed);
}

fn aliases(check: &mut Check<'_>, path: &ConfigPath, list: &[Alias], autogroups: &[&str]) {
    for (place, name) in list.iter().enumerate() {
        alias(check, path.index(place), &name.0, autogroups);
    }
}

fn alias(check: &mut Check<'_>, path: ConfigPath, name: &str, autogroups: &[&str]) {
    match Alias::kind_of(name) {
        AliasKind::AutoGroup if !autogroups.contains(&name) => {
            wrong(check, path, format!("`{name}` has no meaning here"), format!("here it can be {}", autogroups.join(", ")));
        }
        AliasKind::Unknown => {
            wrong(
                check,
                path,
                format!("`{name}` is nothing that a rule can name"),
                "write `*`, a user, `group:…`, `tag:…`, a host or an address",
            );
        }
        _ => defined(check, path, name),
    }
}

/// `autogroup:self` is for people; ACLs narrow `*` down to them, grants do not.
fn own_devices(check: &mut Check<'_>, path: &ConfigPath, sources: &[Alias], wildcard: bool) {
    let person = |src: &Alias| match src.kind() {
        AliasKind::User | AliasKind::Group => true,
        AliasKind::Wildcard => wildcard,
        _ => src.0 == "autogroup:member",
    };
    if let Some(other) = sources.iter().find(|src| !person(src)) {
        let message = format!("`autogroup:self` is the devices of a person, and the source `{other}` is none");
        wrong(check, path.clone(), message, "use users, groups or `autogroup:member` in `src`");
    }
}
