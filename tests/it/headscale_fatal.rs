//! What the checks refuse is what keeps the real Headscale from starting.

use manifestgen::diag::Severity;
use serde_json::{Value, json};

use crate::headscale::{MINORS, cluster, merged, problems, render};
use crate::headscale_server::{Pod, Values};
use crate::parts::part;

/// A wrong section, the path that is blamed for it, and what Headscale says before it ends.
struct Wrong {
    section: Value,
    path: &'static str,
    says: &'static str,
    /// The only version that knows the keys, or that refuses.
    only: Option<&'static str>,
}

fn wrong(section: Value, path: &'static str, says: &'static str) -> Wrong {
    Wrong { section, path, says, only: None }
}

fn newer(section: Value, path: &'static str, says: &'static str) -> Wrong {
    Wrong { section, path, says, only: Some("0.29") }
}

fn older(section: Value, path: &'static str, says: &'static str) -> Wrong {
    Wrong { section, path, says, only: Some("0.28") }
}

fn settings() -> Vec<Wrong> {
    let region =
        json!([{"regionId": 901, "regionCode": "own", "regionName": "Own", "nodes": [{"name": "901a", "hostName": "derp.example.com"}]}]);
    let probes = |interval: &str, timeout: &str| json!({"node": {"routes": {"ha": {"probeInterval": interval, "probeTimeout": timeout}}}});
    vec![
        wrong(
            json!({"serverUrl": "https://mesh.example.com", "dns": {"baseDomain": "mesh.example.com"}}),
            "headscale.dns.baseDomain",
            "server_url cannot use the same domain as base_domain",
        ),
        wrong(
            json!({"serverUrl": "https://hs.example.com", "dns": {"baseDomain": "example.com"}}),
            "headscale.dns.baseDomain",
            "server_url cannot be part of base_domain",
        ),
        wrong(
            json!({"dns": {"overrideLocalDns": true}}),
            "headscale.dns.nameservers.global",
            "dns.nameservers.global must be set when dns.override_local_dns is true",
        ),
        wrong(
            json!({"dns": {
                "extraRecords": [{"name": "a.example.com", "value": "100.64.0.3"}], "extraRecordsFrom": {"name": "records", "key": "records.json"},
            }}),
            "headscale.dns.extraRecordsFrom",
            "dns.extra_records and dns.extra_records_path are mutually exclusive",
        ),
        wrong(json!({"derp": {"server": {"enabled": false}}}), "headscale.derp", "initial DERPMap is empty"),
        wrong(
            json!({"derp": {"server": {"automaticallyAddEmbeddedDerpRegion": false}}}),
            "headscale.derp.server.automaticallyAddEmbeddedDerpRegion",
            "requires to configure the derp server in derp.paths",
        ),
        wrong(
            json!({"derp": {"server": {"enabled": false}, "map": {"regions": [], "disabledRegions": [1]}}}),
            "headscale.derp",
            "initial DERPMap is empty",
        ),
        wrong(
            json!({"node": {"ephemeral": {"inactivityTimeout": "65s"}}}),
            "headscale.node.ephemeral.inactivityTimeout",
            "is set too low, must be more than",
        ),
        wrong(
            json!({"tls": {"secretName": "headscale-tls", "letsEncrypt": {"hostname": "hs.example.com"}}, "serverUrl": "https://hs.example.com"}),
            "headscale.tls",
            "set either tls_letsencrypt_hostname or tls_cert_path/tls_key_path, not both",
        ),
        wrong(
            json!({"tuning": {"nodeStoreBatchSize": 0}}),
            "headscale.tuning.nodeStoreBatchSize",
            "tuning.node_store_batch_size must be positive",
        ),
        wrong(
            json!({"tuning": {"nodeStoreBatchTimeout": "0s"}}),
            "headscale.tuning.nodeStoreBatchTimeout",
            "tuning.node_store_batch_timeout must be positive",
        ),
        wrong(json!({"database": {"type": "postgres"}}), "headscale.database.postgres.host", "failed to connect"),
        wrong(json!({"metrics": {"port": 8080}}), "headscale.metrics.port", "address already in use"),
        newer(json!({"trustedProxies": ["0.0.0.0/0"]}), "headscale.trustedProxies[0]", "0.0.0.0/0 and ::/0 are not allowed"),
        newer(json!({"trustedProxies": ["10.0.0.0/8", "::/0"]}), "headscale.trustedProxies[1]", "0.0.0.0/0 and ::/0 are not allowed"),
        newer(probes("1s", "1s"), "headscale.node.routes.ha.probeInterval", "must be >= 2s"),
        newer(probes("10s", "500ms"), "headscale.node.routes.ha.probeTimeout", "must be >= 1s"),
        newer(probes("5s", "5s"), "headscale.node.routes.ha.probeTimeout", "must be less than"),
        wrong(
            json!({"policy": {"hosts": {"a": "b"}, "acls": [{"src": ["a"], "dst": ["*:*"]}]}, "derp": {"map": {"regions": region}}}),
            "headscale.policy.hosts.a",
            "invalid IP address",
        ),
    ]
}

const ACL_SOURCE: &str = "headscale.policy.acls[0].src[0]";
const ACL_DESTINATION: &str = "headscale.policy.acls[0].dst[0]";

fn acl(src: &str, dst: &str) -> Value {
    json!({"policy": {"acls": [{"src": [src], "dst": [dst]}]}})
}

fn ssh(src: &str, dst: &str) -> Value {
    json!({"policy": {"tagOwners": {"tag:a": []}, "ssh": [{"action": "accept", "src": [src], "dst": [dst], "users": ["root"]}]}})
}

fn grant(over: &Value) -> Value {
    let grant = merged(&json!({"src": ["*"], "dst": ["tag:a"], "ip": ["*"]}), over);
    json!({"policy": {"tagOwners": {"tag:a": []}, "grants": [grant]}})
}

fn definitions_and_acls() -> Vec<Wrong> {
    let (src, dst) = (ACL_SOURCE, ACL_DESTINATION);
    vec![
        wrong(acl("group:a", "*:*"), src, "group:a"),
        wrong(acl("tag:a", "*:*"), src, "tag:a"),
        wrong(acl("nas", "*:*"), src, "nas"),
        wrong(acl("nas:22", "*:*"), src, "nas:22"),
        wrong(acl("autogroup:self", "*:*"), src, "autogroup:self"),
        wrong(acl("autogroup:internet", "*:*"), src, "autogroup:internet"),
        wrong(acl("autogroup:nobody", "*:*"), src, "autogroup:nobody"),
        wrong(acl("*", "tag:a:22"), dst, "tag:a"),
        wrong(acl("*", "nas"), dst, "colon"),
        wrong(acl("*", "10.0.0.1:http"), dst, "port"),
        wrong(acl("*", "10.0.0.1:90-80"), dst, "port"),
        wrong(acl("*", "10.0.0.1:0"), dst, "port"),
        wrong(acl("*", "autogroup:nonroot:*"), dst, "autogroup:nonroot"),
        wrong(json!({"policy": {"acls": [{"proto": "*", "src": ["*"], "dst": ["*:*"]}]}}), "headscale.policy.acls[0].proto", "proto"),
        wrong(
            json!({"policy": {"acls": [{"proto": "telnet", "src": ["*"], "dst": ["*:*"]}]}}),
            "headscale.policy.acls[0].proto",
            "protocol",
        ),
        wrong(json!({"policy": {"acls": [{"proto": "icmp", "src": ["*"], "dst": ["*:80"]}]}}), dst, "support specific ports"),
        older(json!({"policy": {"acls": [{"proto": "6", "src": ["*"], "dst": ["*:80"]}]}}), dst, "support specific ports"),
        older(
            json!({"policy": {"acls": [{"proto": "ipv6-icmp", "src": ["*"], "dst": ["*:*"]}]}}),
            "headscale.policy.acls[0].proto",
            "protocol",
        ),
        older(json!({"policy": {"acls": [{"proto": "fc", "src": ["*"], "dst": ["*:*"]}]}}), "headscale.policy.acls[0].proto", "protocol"),
        wrong(json!({"policy": {"acls": [{"proto": "0", "src": ["*"], "dst": ["*:*"]}]}}), "headscale.policy.acls[0].proto", "leading 0"),
        wrong(
            json!({"policy": {"acls": [{"proto": "256", "src": ["*"], "dst": ["*:*"]}]}}),
            "headscale.policy.acls[0].proto",
            "out of range",
        ),
        newer(grant(&json!({"ip": ["TCP:80"]})), "headscale.policy.grants[0].ip[0]", "protocol"),
        wrong(json!({"policy": {"groups": {"admins": ["a@"]}}}), "headscale.policy.groups.admins", "group"),
        wrong(json!({"policy": {"groups": {"group:a": ["a"]}}}), "headscale.policy.groups.\"group:a\"[0]", "contain @"),
        wrong(json!({"policy": {"groups": {"group:a": ["group:b"], "group:b": []}}}), "headscale.policy.groups.\"group:a\"[0]", "group"),
        wrong(json!({"policy": {"hosts": {"a@b": "10.0.0.1"}}}), "headscale.policy.hosts.\"a@b\"", "a@b"),
        wrong(json!({"policy": {"tagOwners": {"server": []}}}), "headscale.policy.tagOwners.server", "tag"),
        wrong(json!({"policy": {"tagOwners": {"tag:a": ["group:b"]}}}), "headscale.policy.tagOwners.\"tag:a\"[0]", "group:b"),
        wrong(
            json!({"policy": {"tagOwners": {"tag:a": ["autogroup:member"]}}}),
            "headscale.policy.tagOwners.\"tag:a\"[0]",
            "autogroup:member",
        ),
        older(
            json!({"policy": {"tagOwners": {"tag:a": ["tag:b"], "tag:b": ["tag:a"]}}}),
            "headscale.policy.tagOwners.\"tag:a\"",
            "circular",
        ),
        wrong(
            json!({"policy": {"autoApprovers": {"routes": {"10.0.0.0/8": ["tag:a"]}}}}),
            "headscale.policy.autoApprovers.routes.\"10.0.0.0/8\"[0]",
            "tag:a",
        ),
        wrong(json!({"policy": {"autoApprovers": {"exitNode": ["nas"]}}}), "headscale.policy.autoApprovers.exitNode[0]", "nas"),
    ]
}

fn ssh_rules() -> Vec<Wrong> {
    vec![
        wrong(ssh("*", "tag:a"), "headscale.policy.ssh[0].src[0]", "not supported for SSH source"),
        wrong(ssh("autogroup:internet", "tag:a"), "headscale.policy.ssh[0].src[0]", "autogroup:internet"),
        wrong(ssh("alice@", "*"), "headscale.policy.ssh[0].dst[0]", "wildcard"),
        wrong(ssh("alice@", "bob@"), "headscale.policy.ssh[0].dst[0]", "same user"),
        wrong(ssh("tag:a", "autogroup:self"), "headscale.policy.ssh[0].dst[0]", "autogroup:self"),
        wrong(ssh("tag:a", "autogroup:member"), "headscale.policy.ssh[0].dst[0]", "autogroup:member"),
        wrong(ssh("alice@", "group:a"), "headscale.policy.ssh[0].dst[0]", "not supported for SSH dest"),
        newer(ssh("alice@", "nas"), "headscale.policy.ssh[0].dst[0]", "nas"),
        newer(
            json!({"policy": {"ssh": [{"action": "accept", "src": ["a@"], "dst": ["a@"], "users": []}]}}),
            "headscale.policy.ssh[0].users",
            "users must be specified",
        ),
        newer(
            json!({"policy": {"ssh": [{"action": "accept", "src": ["a@"], "dst": ["a@"], "users": ["*"]}]}}),
            "headscale.policy.ssh[0].users[0]",
            "is not valid",
        ),
        newer(
            json!({"policy": {"ssh": [{"action": "accept", "src": ["a@"], "dst": ["a@"], "users": ["root"], "checkPeriod": "1h"}]}}),
            "headscale.policy.ssh[0].checkPeriod",
            "checkPeriod is only valid with action",
        ),
        newer(
            json!({"policy": {"ssh": [{"action": "check", "src": ["a@"], "dst": ["a@"], "users": ["root"], "checkPeriod": "169h"}]}}),
            "headscale.policy.ssh[0].checkPeriod",
            "above the max",
        ),
    ]
}

fn grants_and_tests() -> Vec<Wrong> {
    vec![
        newer(acl("autogroup:tagged", "autogroup:self:*"), ACL_DESTINATION, "autogroup:self can only be used with"),
        newer(acl("*", "autogroup:danger-all:*"), ACL_DESTINATION, "danger-all"),
        newer(grant(&json!({"ip": []})), "headscale.policy.grants[0]", "ip and app can not both be empty"),
        newer(grant(&json!({"ip": ["tcp"]})), "headscale.policy.grants[0].ip[0]", "port"),
        newer(grant(&json!({"ip": ["telnet:23"]})), "headscale.policy.grants[0].ip[0]", "protocol"),
        newer(grant(&json!({"dst": ["0.0.0.0/0"]})), "headscale.policy.grants[0].dst[0]", "to allow all IP addresses"),
        newer(grant(&json!({"dst": ["autogroup:self"]})), "headscale.policy.grants[0].dst[0]", "autogroup:self"),
        newer(
            grant(&json!({"dst": ["autogroup:internet"], "app": {"example.com/a": [{}]}})),
            "headscale.policy.grants[0].dst[0]",
            "autogroup:internet",
        ),
        newer(
            grant(&json!({"app": {"https://example.com/a": [{}]}})),
            "headscale.policy.grants[0].app.\"https://example.com/a\"",
            "capability name",
        ),
        newer(
            grant(&json!({"app": {"tailscale.com/cap/funnel": [{}]}})),
            "headscale.policy.grants[0].app.\"tailscale.com/cap/funnel\"",
            "capability name",
        ),
        newer(grant(&json!({"via": ["alice@"]})), "headscale.policy.grants[0].via[0]", "via can only be a tag"),
        newer(grant(&json!({"via": ["tag:b"]})), "headscale.policy.grants[0].via[0]", "tag:b"),
        newer(
            json!({"policy": {"nodeAttrs": [{"target": ["autogroup:self"], "attr": ["a"]}]}}),
            "headscale.policy.nodeAttrs[0].target[0]",
            "autogroup",
        ),
        newer(json!({"policy": {"nodeAttrs": [{"target": ["*"], "attr": ["funnel"]}]}}), "headscale.policy.nodeAttrs[0].attr[0]", "funnel"),
        newer(json!({"policy": {"tests": [{"src": "a@"}]}}), "headscale.policy.tests[0]", "at least one of"),
        newer(
            json!({"policy": {"tests": [{"src": "a@", "proto": "icmp", "accept": ["10.0.0.1:80"]}]}}),
            "headscale.policy.tests[0].proto",
            "protocol",
        ),
        newer(
            json!({"policy": {"tests": [{"src": "a@", "accept": ["10.0.0.1:80-90"]}]}}),
            "headscale.policy.tests[0].accept[0]",
            "single port",
        ),
        newer(
            json!({"policy": {"tests": [{"src": "a@", "accept": ["10.0.0.0/8:80"]}]}}),
            "headscale.policy.tests[0].accept[0]",
            "single host",
        ),
        newer(
            json!({"policy": {"sshTests": [{"src": "a@", "dst": ["tag:a"], "accept": ["root"]}]}}),
            "headscale.policy.sshTests[0].dst[0]",
            "tag:a",
        ),
        newer(json!({"policy": {"sshTests": [{"src": "a@", "dst": ["10.0.0.0/8"]}]}}), "headscale.policy.sshTests[0].dst[0]", "disallowed"),
        newer(json!({"policy": {"sshTests": [{"src": "a@", "dst": []}]}}), "headscale.policy.sshTests[0].dst", "at least one dst"),
    ]
}

fn policies() -> Vec<Wrong> {
    definitions_and_acls().into_iter().chain(ssh_rules()).chain(grants_and_tests()).collect()
}

/// Values for the Secret and the ConfigMap that some of the sections name.
fn values() -> Values {
    let value = |name: &str, key: &str, value: &str| ((name.to_owned(), key.to_owned()), value.to_owned());
    [value("records", "records.json", "[]"), value("headscale-tls", "tls.crt", ""), value("headscale-tls", "tls.key", "")].into()
}

fn all_are_fatal(minor: &str, all: Vec<Wrong>) {
    let binary = part(&format!("headscale-{minor}"));
    let mut differences = Vec::new();
    for Wrong { section, path, says, .. } in all.into_iter().filter(|wrong| wrong.only.is_none_or(|only| only == minor)) {
        let cluster = cluster(&merged(&section, &json!({"version": minor})));
        let errors: Vec<_> = problems(&cluster).into_iter().filter(|(severity, ..)| *severity == Severity::Error).collect();
        if !errors.iter().any(|(_, at, _)| at == path) {
            differences.push(format!("{section}: nobody blames {path}: {errors:#?}"));
        }
        let Some(binary) = &binary else { continue };
        match Pod::new(binary, &render(&cluster), &values()).start_and_fail() {
            Ok(log) if log.to_lowercase().contains(&says.to_lowercase()) => {}
            Ok(log) => differences.push(format!("{section}: `{says}` is not in\n{log}")),
            Err(instead) => differences.push(format!("{section}: {instead}")),
        }
    }
    assert!(differences.is_empty(), "{minor}:\n{}", differences.join("\n\n"));
}

#[test]
fn settings_that_are_refused_are_fatal_to_0_28() {
    all_are_fatal(MINORS[0], settings());
}

#[test]
fn settings_that_are_refused_are_fatal_to_0_29() {
    all_are_fatal(MINORS[1], settings());
}

#[test]
fn policies_that_are_refused_are_fatal_to_0_28() {
    all_are_fatal(MINORS[0], policies());
}

#[test]
fn policies_that_are_refused_are_fatal_to_0_29() {
    all_are_fatal(MINORS[1], policies());
}

/// What no typed config can say: keys that 0.29 has no more, and mandatory ones that are empty.
#[test]
fn what_the_types_make_impossible_is_fatal() {
    let cases = [
        ("0.29", "randomize_client_port: true\n", "\"randomize_client_port\" configuration key has been removed"),
        ("0.29", "oidc:\n  expiry: 180d\n", "\"oidc.expiry\" configuration key has been removed"),
        ("0.28", "oidc:\n  strip_email_domain: true\n", "\"oidc.strip_email_domain\" configuration key has been removed"),
        ("0.29", "oidc:\n  map_legacy_users: true\n", "\"oidc.map_legacy_users\" configuration key has been removed"),
    ];
    for (minor, lines, says) in cases {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let pod = Pod::new(&binary, &render(&cluster(&json!({"version": minor}))), &Values::new());
        pod.append(lines);
        let log = pod.start_and_fail().unwrap_or_else(|instead| panic!("{lines}: {instead}"));
        assert!(log.contains(says), "{log}");
    }
}

/// Headscale compares its host with the port still on it, so it starts; clients then look for it inside of the mesh.
#[test]
fn a_base_domain_above_a_server_with_a_port_is_refused_here_only() {
    for minor in MINORS {
        let section = json!({"version": minor, "serverUrl": "http://hs.example.com:30080", "dns": {"baseDomain": "example.com"}});
        let cluster = cluster(&section);
        assert!(problems(&cluster).iter().any(|(severity, path, _)| *severity == Severity::Error && path == "headscale.dns.baseDomain"));
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        Pod::new(&binary, &render(&cluster), &Values::new()).start();
    }
}
