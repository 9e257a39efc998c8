//! What the component renders, as a whole; and what it says about setups that work but are likely not meant so.

use std::fmt::Write as _;

use manifestgen::config::Cluster;
use manifestgen::diag::Severity;
use manifestgen::yaml;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::headscale::{Rendered, cluster, list, merged, problems, render, said, text};
use crate::headscale_keys::unknown_keys;

/// All documents, and the Secrets that somebody else delivers.
fn whole(rendered: &Rendered) -> String {
    let mut text = yaml::documents_to_string(&rendered.objects).expect("YAML");
    for secret in &rendered.secrets {
        writeln!(text, "# Secret {}/{}: {:?}", secret.namespace, secret.name, secret.keys).expect("text");
    }
    text
}

#[test]
fn the_default() {
    let cluster = cluster(&json!({}));
    assert_eq!(said(&cluster), "");
    insta::assert_snapshot!(whole(&render(&cluster)));
}

#[test]
fn an_agenix_setup_behind_a_load_balancer() {
    let section = json!({
        "version": "0.28", "namespace": "mesh", "serverUrl": "https://hs.example.com", "useAgenixSecrets": true,
        "service": {"type": "LoadBalancer", "port": 443}, "tls": {"letsEncrypt": {"hostname": "hs.example.com", "email": "ops@example.com"}},
        "listen": {"port": 443}, "database": {"type": "postgres", "postgres": {"host": "db.postgres.svc", "ssl": "verify-full"}},
        "oidc": {"issuer": "https://id.example.com:8443", "clientId": "headscale"},
        "policy": {"groups": {"group:admins": ["alice@"]}, "tagOwners": {"tag:k3s": ["group:admins"]}, "acls": [
            {"src": ["group:admins"], "dst": ["*:*"]},
        ], "autoApprovers": {"routes": {"10.42.0.0/16": ["tag:k3s"]}}},
    });
    let cluster = cluster(&section);
    assert_eq!(said(&cluster), "");
    insta::assert_snapshot!(whole(&render(&cluster)));
}

#[test]
fn without_policies_or_metrics_there_are_fewer_objects() {
    let mut cluster =
        cluster(&json!({"metrics": {"enabled": false}, "derp": {"server": {"enabled": false}, "urls": ["https://derp.example.com/map"]}}));
    cluster.cluster.security.network_policies = false;
    let rendered = render(&cluster);
    let kinds: Vec<_> = rendered.objects.iter().map(|object| format!("{} {}", object.kind(), object.name())).collect();
    assert_eq!(
        kinds,
        [
            "ServiceAccount headscale",
            "ConfigMap headscale-config",
            "PersistentVolumeClaim headscale",
            "Deployment headscale",
            "Service headscale"
        ]
    );
}

/// The server's URL is the one configured; or the first server node's; or, as nobody outside could use it, one with a warning.
#[test]
fn the_server_url_is_found_or_asked_for() {
    let url = |cluster: &Cluster| render(cluster).config()["server_url"].clone();
    assert_eq!(url(&cluster(&json!({}))), "http://192.168.1.10:30080");
    assert_eq!(url(&cluster(&json!({"service": {"nodePort": 31000}, "tls": {"secretName": "a"}}))), "https://192.168.1.10:31000");
    assert_eq!(url(&cluster(&json!({"serverUrl": "https://hs.example.com/"}))), "https://hs.example.com");
    let behind = cluster(&json!({"service": {"type": "ClusterIP"}}));
    assert_eq!(url(&behind), "http://headscale.headscale.svc.cluster.local:8080");
    assert!(said(&behind).starts_with("Warning headscale.serverUrl"), "{}", said(&behind));
}

#[test]
fn what_is_likely_not_meant_is_said() {
    let cases = [
        json!({"serverUrl": "http://hs.example.com:30080"}),
        json!({"serverUrl": "http://203.0.113.9:30080"}),
        json!({"serverUrl": "https://hs.example.com/mesh"}),
        json!({"serverUrl": "http://10.0.0.1:30080", "tls": {"secretName": "a"}}),
        json!({"derp": {"server": {"stunPort": 3478}}}),
        json!({"storage": {"class": "nfs-client"}}),
        json!({"storage": {"type": "ephemeral"}, "database": {"type": "postgres", "postgres": {"host": "10.0.0.5"}}}),
        json!({"oidc": {"issuer": "https://id.example.com", "clientId": "a"}}),
        json!({"serverUrl": "https://hs.example.com", "tls": {"letsEncrypt": {"hostname": "other.example.com", "challengeType": "TLS-ALPN-01"}}}),
        json!({"policy": {"mode": "database", "acls": []}}),
        json!({"metrics": {"nodePort": 30080}}),
        json!({"grpc": {"allowInsecure": true, "port": 8080}}),
        json!({"prefixes": {"v4": "10.0.0.0/8"}}),
        json!({"unixSocket": {"path": "/etc/headscale/headscale.sock"}}),
        json!({"dns": {"nameservers": {"split": {"corp.example.com": ["dns.corp"]}}, "extraRecords": [{"name": "a.b", "type": "AAAA", "value": "10.0.0.1"}]}}),
        json!({"derp": {"map": {"regions": [
            {"regionId": 999, "regionCode": "a", "regionName": "A", "nodes": [{"name": "1", "hostName": "a.example.com"}]},
            {"regionId": 5, "regionCode": "b", "regionName": "B", "nodes": [{"name": "1", "hostName": "b.example.com"}]},
            {"regionId": 5, "regionCode": "c", "regionName": "C"},
        ], "disabledRegions": [5]}}}),
        json!({"database": {"postgres": {"host": "10.0.0.5", "user": "a b"}, "type": "postgres"}}),
    ];
    insta::assert_snapshot!(cases.map(|section| format!("{section}\n{}\n", said(&cluster(&section)))).concat());
}

/// A port below 1024 needs no capability, which the `restricted` level would not allow.
#[test]
fn low_ports_are_opened_by_a_sysctl() {
    let sysctls = |section: &Value| render(&cluster(section)).pod()["spec"]["securityContext"]["sysctls"].clone();
    assert_eq!(sysctls(&json!({})), Value::Null);
    assert_eq!(sysctls(&json!({"listen": {"port": 443}})), json!([{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]));
}

/// The kubelet's handshake names no host, which a server with Let's Encrypt refuses: there an open port has to do.
#[test]
fn probes_follow_the_certificate() {
    let probe = |section: &Value| render(&cluster(section)).pod()["spec"]["containers"][0]["livenessProbe"].clone();
    assert_eq!(probe(&json!({}))["httpGet"]["scheme"], "HTTP");
    assert_eq!(probe(&json!({"tls": {"secretName": "a"}}))["httpGet"]["scheme"], "HTTPS");
    let acme = probe(&json!({"tls": {"letsEncrypt": {"hostname": "hs.example.com"}}}));
    assert_eq!(acme["tcpSocket"], json!({"port": "http"}));
}

/// STUN has to see the client's own address, at the port that Headscale names to it.
#[test]
fn stun_keeps_the_address_and_the_port() {
    let rendered = render(&cluster(&json!({})));
    let service = rendered.get("Service", "headscale-stun");
    assert_eq!(service["spec"]["externalTrafficPolicy"], "Local");
    let port = &service["spec"]["ports"][0];
    assert_eq!((&port["protocol"], &port["nodePort"], &port["port"]), (&json!("UDP"), &json!(30478), &json!(30478)));
    assert_eq!(text(&rendered.config()["derp"]["server"]["stun_listen_addr"]), "0.0.0.0:30478");
    let balanced = render(&cluster(&json!({"service": {"type": "LoadBalancer"}, "serverUrl": "https://hs.example.com"})));
    let service = balanced.get("Service", "headscale");
    assert_eq!(service["spec"]["externalTrafficPolicy"], "Local");
    let ports: Vec<_> = list(&service["spec"]["ports"]).iter().map(|port| (text(&port["name"]), port["port"].clone())).collect();
    assert_eq!(ports, [("http", json!(8080)), ("stun", json!(3478))]);
}

/// A value for the key, or none.
fn maybe(key: &'static str, values: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![Just(json!({})), values.prop_map(move |value| json!({key: value}))].boxed()
}

fn any_of(values: Vec<Value>) -> impl Strategy<Value = Value> {
    select(values)
}

/// Sections within one version, some of them refused.
fn sections() -> impl Strategy<Value = Value> {
    let text = "[ -~\\u{e4}\\u{4e16}]{1,20}".prop_map(Value::from);
    let number = (0_u32..100_000).prop_map(Value::from);
    let toggle = any::<bool>().prop_map(|enabled| json!({"enabled": enabled}));
    let flag = any::<bool>().prop_map(Value::from);
    let ports = (1_u16..=65535).prop_map(Value::from);
    let server = (flag.clone(), flag.clone(), text.clone(), ports.clone()).prop_map(|(enabled, adds, name, stun)| {
        json!({"enabled": enabled, "automaticallyAddEmbeddedDerpRegion": adds, "regionName": name, "stunPort": stun})
    });
    let region = (1_u16..1000, text.clone(), -90.0..90.0_f64).prop_map(|(id, name, latitude)| {
        json!({"regions": [{"regionId": id, "regionCode": "a", "regionName": name, "latitude": latitude, "nodes": [{"name": name, "hostName": "a.example.com"}]}]})
    });
    let aliases = || {
        prop::collection::vec(
            select(vec!["*", "alice@", "group:a", "tag:a", "tag:b", "nas", "10.0.0.1", "autogroup:member", "autogroup:self"]),
            0..3,
        )
    };
    let ports_of = |list: Vec<&str>| list.iter().map(|alias| format!("{alias}:80")).collect::<Vec<_>>();
    let acl = (aliases(), aliases()).prop_map(move |(src, dst)| json!({"src": src, "dst": ports_of(dst)}));
    let policy = prop::collection::vec(acl, 0..3).prop_map(
        |acls| json!({"groups": {"group:a": ["alice@"]}, "tagOwners": {"tag:a": []}, "hosts": {"nas": "10.0.0.2"}, "acls": acls}),
    );
    let parts = vec![
        maybe("version", any_of(vec![json!("0.28"), json!("0.28.0"), json!("0.29"), json!("0.29.1")])),
        maybe("serverUrl", any_of(vec![json!("https://hs.example.com"), json!("http://10.1.2.3:30080"), json!("https://[fd00::1]:8443")])),
        maybe("listen", ports.clone().prop_map(|port| json!({"port": port}))),
        maybe("grpc", (flag.clone(), ports.clone()).prop_map(|(insecure, port)| json!({"allowInsecure": insecure, "port": port}))),
        maybe("metrics", (flag.clone(), ports).prop_map(|(enabled, port)| json!({"enabled": enabled, "port": port}))),
        maybe("tls", any_of(vec![json!({"secretName": "a"}), json!({"letsEncrypt": {"hostname": "hs.example.com"}})])),
        maybe("service", any_of(["NodePort", "ClusterIP", "LoadBalancer"].map(|name| json!({"type": name})).to_vec())),
        maybe("storage", any_of(vec![json!({"type": "ephemeral"}), json!({"type": "persistent", "class": "nfs"})])),
        maybe("database", any_of(vec![json!({"type": "postgres", "postgres": {"host": "10.0.0.5"}}), json!({"debug": true})])),
        maybe("derp", (maybe("server", server), maybe("map", region)).prop_map(|(server, map)| merged(&server, &map))),
        maybe(
            "dns",
            (flag.clone(), text.clone())
                .prop_map(|(magic, name)| json!({"magicDns": magic, "searchDomains": [], "nameservers": {"split": {"a": [name]}}})),
        ),
        maybe("policy", policy),
        maybe(
            "oidc",
            text.clone().prop_map(
                |name| json!({"issuer": "https://id.example.com", "clientId": name, "scope": [name], "extraParams": {"a": name}}),
            ),
        ),
        maybe("node", any_of(vec![json!({"ephemeral": {"inactivityTimeout": "2m"}}), json!({"expiry": "180d"}), json!({"routes": {}})])),
        maybe(
            "tuning",
            (number.clone(), number).prop_map(|(size, entries)| json!({"nodeStoreBatchSize": size, "registerCacheMaxEntries": entries})),
        ),
        maybe("logtail", toggle.clone()),
        maybe("autoUpdate", toggle),
        maybe("randomizeClientPort", flag.clone()),
        maybe("trustedProxies", any_of(vec![json!(["10.0.0.0/8"]), json!(["0.0.0.0/0"])])),
        maybe("useAgenixSecrets", flag),
        maybe("cli", text.prop_map(|address| json!({"address": address, "apiKeySecret": {"name": "a", "key": "b"}}))),
    ];
    parts.prop_map(|parts| parts.iter().fold(json!({}), |all, part| merged(&all, part)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// Any section reads back as it was written, and one without errors renders a config that its version knows.
    #[test]
    fn any_section_renders_for_its_version(section in sections()) {
        let cluster = cluster(&section);
        let back: Cluster = serde_json::from_value(serde_json::to_value(&cluster).expect("JSON")).expect("a cluster");
        prop_assert_eq!(&back, &cluster);
        let errors = problems(&cluster).into_iter().any(|(severity, ..)| severity == Severity::Error);
        let rendered = render(&cluster);
        let minor = cluster.headscale.as_ref().map_or("", |headscale| headscale.version.minor().as_str());
        prop_assert_eq!(unknown_keys(&rendered, minor), Vec::<String>::new());
        for object in &rendered.objects {
            let text = yaml::to_string(object).expect("YAML");
            prop_assert_eq!(crate::headscale::documents(&text), [serde_json::to_value(object).expect("JSON")]);
        }
        // Every value that was set and is not refused arrives.
        let config = rendered.config();
        if !errors && let Some(name) = section.pointer("/oidc/clientId") {
            prop_assert_eq!(&config["oidc"]["client_id"], name);
            prop_assert_eq!(&config["oidc"]["extra_params"]["a"], name);
        }
    }
}
