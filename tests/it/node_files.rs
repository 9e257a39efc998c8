//! The files of nodes, as a whole.

use std::collections::{BTreeMap, BTreeSet};

use manifestgen::config::{self, Cluster, ConfigFile, LoadRequest};
use manifestgen::diag::Finding;
use manifestgen::manifest::Release;
use manifestgen::render::{Selection, render};
use manifestgen::source::Sources;
use manifestgen::yaml::{self, Limits};
use proptest::prelude::*;
use serde_json::{Value, json};

fn release(cluster: Value) -> Release {
    let cluster: Cluster = serde_json::from_value(cluster).expect("a cluster");
    render(&cluster, &Selection { only: vec!["node".to_owned()] }).expect("a release")
}

/// All files, one after the other, each under its path.
fn text(release: &Release) -> String {
    release.files().iter().fold(String::new(), |text, file| text + "── " + &file.path + "\n" + &file.contents)
}

/// A file read back.
fn read(contents: &str) -> Value {
    let mut sources = Sources::new();
    let source = sources.add("config.yaml", contents);
    let documents = yaml::parse(source, contents, Limits::CONFIG).expect("YAML");
    assert_eq!(documents.len(), 1);
    documents[0].to_json()
}

/// The config.yaml of each node by its name.
fn configs(release: &Release) -> BTreeMap<String, Value> {
    let files = release.files().iter().filter(|file| file.path.ends_with("/config.yaml"));
    files.map(|file| (file.facts["node"].clone(), read(&file.contents))).collect()
}

#[test]
fn a_primer_and_two_workers() {
    let release = release(json!({"cluster": {"name": "home"}, "nodes": [
        {"name": "primer", "role": "server", "address": "192.168.1.10",
         "mesh": {"type": "tailscale", "name": "primer.mesh.internal", "advertiseRoute": true}},
        {"name": "routed", "address": "192.168.1.11", "labels": {"disk": "ssd"},
         "mesh": {"type": "tailscale", "advertiseRoute": true}, "k3s": {"flannelIface": "eth0"}},
        {"name": "far", "mesh": {"type": "tailscale", "address": "100.64.0.3"},
         "taints": [{"key": "far", "value": "true", "effect": "NoSchedule"}]},
    ]}));
    insta::assert_snapshot!(text(&release), @r#"
    ── nodes/far/etc/rancher/k3s/config.yaml
    flannel-iface: tailscale0
    node-ip: "100.64.0.3"
    node-name: far
    node-taint:
    - far=true:NoSchedule
    server: https://192.168.1.10:6443
    token-file: /run/agenix/k3s-token
    ── nodes/primer/etc/rancher/k3s/config.yaml
    cluster-cidr: 10.42.0.0/16
    cluster-dns: "10.43.0.10"
    cluster-domain: cluster.local
    disable:
    - traefik
    flannel-backend: vxlan
    node-ip: "192.168.1.10"
    node-name: primer
    secrets-encryption: true
    secrets-encryption-provider: secretbox
    service-cidr: 10.43.0.0/16
    tls-san:
    - primer
    - "192.168.1.10"
    - primer.mesh.internal
    token-file: /run/agenix/k3s-token
    write-kubeconfig-mode: "0600"
    ── nodes/routed/etc/rancher/k3s/config.yaml
    flannel-iface: eth0
    node-ip: "192.168.1.11"
    node-label:
    - disk=ssd
    node-name: routed
    server: https://192.168.1.10:6443
    token-file: /run/agenix/k3s-token
    "#);
}

#[test]
fn three_servers_with_etcd_behind_one_name() {
    let server = |number: u8| json!({"name": format!("server-{number}"), "role": "server", "address": format!("10.0.0.{number}")});
    let release = release(json!({
        "cluster": {"name": "ha", "network": {"cidr": "10.100.0.0/16", "serviceCidr": "10.101.0.0/16", "domain": "ha.example.com"}},
        "k3s": {
            "datastore": {"type": "etcd"}, "registrationAddress": "k3s.example.com", "agentTokenFile": "/run/agenix/k3s-agent-token",
            "disable": ["servicelb"], "embeddedRegistry": true, "egressSelectorMode": "pod",
            "defaults": {"kubeletArg": ["max-pods=200"], "server": {"etcdS3": true, "etcdS3ConfigSecret": "etcd-s3", "etcdSnapshotRetention": 10}},
            "registries": {"mirrors": {"docker.io": {}, "*": {"endpoint": ["https://mirror.example.com:5000"]}}},
        },
        "nodes": [server(1), server(2), server(3), {"name": "worker", "k3s": {"kubeletArg": ["max-pods=50"], "agent": {"disableApiserverLb": true}}}],
    }));
    insta::assert_snapshot!(text(&release), @r#"
    ── nodes/server-1/etc/rancher/k3s/config.yaml
    agent-token-file: /run/agenix/k3s-agent-token
    cluster-cidr: 10.100.0.0/16
    cluster-dns: "10.101.0.10"
    cluster-domain: ha.example.com
    cluster-init: true
    disable:
    - servicelb
    - traefik
    egress-selector-mode: pod
    embedded-registry: true
    etcd-s3: true
    etcd-s3-config-secret: etcd-s3
    etcd-snapshot-retention: 10
    flannel-backend: vxlan
    kubelet-arg:
    - max-pods=200
    node-ip: "10.0.0.1"
    node-name: server-1
    secrets-encryption: true
    secrets-encryption-provider: secretbox
    service-cidr: 10.101.0.0/16
    tls-san:
    - server-1
    - "10.0.0.1"
    - k3s.example.com
    token-file: /run/agenix/k3s-token
    write-kubeconfig-mode: "0600"
    ── nodes/server-1/etc/rancher/k3s/registries.yaml
    mirrors:
      "*":
        endpoint:
        - https://mirror.example.com:5000
      docker.io: {}
    ── nodes/server-2/etc/rancher/k3s/config.yaml
    agent-token-file: /run/agenix/k3s-agent-token
    cluster-cidr: 10.100.0.0/16
    cluster-dns: "10.101.0.10"
    cluster-domain: ha.example.com
    disable:
    - servicelb
    - traefik
    egress-selector-mode: pod
    embedded-registry: true
    etcd-s3: true
    etcd-s3-config-secret: etcd-s3
    etcd-snapshot-retention: 10
    flannel-backend: vxlan
    kubelet-arg:
    - max-pods=200
    node-ip: "10.0.0.2"
    node-name: server-2
    secrets-encryption: true
    secrets-encryption-provider: secretbox
    server: https://k3s.example.com:6443
    service-cidr: 10.101.0.0/16
    tls-san:
    - server-2
    - "10.0.0.2"
    - k3s.example.com
    token-file: /run/agenix/k3s-token
    write-kubeconfig-mode: "0600"
    ── nodes/server-2/etc/rancher/k3s/registries.yaml
    mirrors:
      "*":
        endpoint:
        - https://mirror.example.com:5000
      docker.io: {}
    ── nodes/server-3/etc/rancher/k3s/config.yaml
    agent-token-file: /run/agenix/k3s-agent-token
    cluster-cidr: 10.100.0.0/16
    cluster-dns: "10.101.0.10"
    cluster-domain: ha.example.com
    disable:
    - servicelb
    - traefik
    egress-selector-mode: pod
    embedded-registry: true
    etcd-s3: true
    etcd-s3-config-secret: etcd-s3
    etcd-snapshot-retention: 10
    flannel-backend: vxlan
    kubelet-arg:
    - max-pods=200
    node-ip: "10.0.0.3"
    node-name: server-3
    secrets-encryption: true
    secrets-encryption-provider: secretbox
    server: https://k3s.example.com:6443
    service-cidr: 10.101.0.0/16
    tls-san:
    - server-3
    - "10.0.0.3"
    - k3s.example.com
    token-file: /run/agenix/k3s-token
    write-kubeconfig-mode: "0600"
    ── nodes/server-3/etc/rancher/k3s/registries.yaml
    mirrors:
      "*":
        endpoint:
        - https://mirror.example.com:5000
      docker.io: {}
    ── nodes/worker/etc/rancher/k3s/config.yaml
    disable-apiserver-lb: true
    kubelet-arg:
    - max-pods=50
    node-name: worker
    server: https://k3s.example.com:6443
    token-file: /run/agenix/k3s-agent-token
    ── nodes/worker/etc/rancher/k3s/registries.yaml
    mirrors:
      "*":
        endpoint:
        - https://mirror.example.com:5000
      docker.io: {}
    "#);
}

#[test]
fn pods_talk_over_flannels_wireguard() {
    let release = release(json!({
        "cluster": {"name": "wide"},
        "k3s": {"flannelBackend": "wireguard-native", "flannelExternalIp": true},
        "nodes": [
            {"name": "primer", "role": "server", "address": "192.168.1.10", "mesh": {"type": "tailscale", "address": "100.64.0.1"}},
            {"name": "cloud", "address": "10.0.0.2", "externalAddress": "203.0.113.7"},
            {"name": "far", "mesh": {"type": "tailscale", "address": "100.64.0.3"}},
        ],
    }));
    insta::assert_snapshot!(text(&release), @r#"
    ── nodes/cloud/etc/rancher/k3s/config.yaml
    node-external-ip: "203.0.113.7"
    node-ip: "10.0.0.2"
    node-name: cloud
    server: https://192.168.1.10:6443
    token-file: /run/agenix/k3s-token
    ── nodes/far/etc/rancher/k3s/config.yaml
    node-external-ip: "100.64.0.3"
    node-ip: "100.64.0.3"
    node-name: far
    server: https://100.64.0.1:6443
    token-file: /run/agenix/k3s-token
    ── nodes/primer/etc/rancher/k3s/config.yaml
    cluster-cidr: 10.42.0.0/16
    cluster-dns: "10.43.0.10"
    cluster-domain: cluster.local
    disable:
    - traefik
    flannel-backend: wireguard-native
    flannel-external-ip: true
    node-external-ip: "100.64.0.1"
    node-ip: "192.168.1.10"
    node-name: primer
    secrets-encryption: true
    secrets-encryption-provider: secretbox
    service-cidr: 10.43.0.0/16
    tls-san:
    - primer
    - "192.168.1.10"
    - "100.64.0.1"
    token-file: /run/agenix/k3s-token
    write-kubeconfig-mode: "0600"
    "#);
}

#[test]
fn k3s_brings_the_mesh_up_itself() {
    let mesh = json!({"type": "tailscale", "address": "100.64.0.1", "vpnAuthFile": "/run/agenix/k3s-vpn-auth"});
    let release = release(json!({"cluster": {"name": "vpn"}, "nodes": [
        {"name": "primer", "role": "server", "address": "192.168.1.10", "mesh": mesh},
        {"name": "far", "mesh": {"type": "tailscale", "vpnAuthFile": "/run/agenix/k3s-vpn-auth"}},
    ]}));
    insta::assert_snapshot!(text(&release), @r#"
    ── nodes/far/etc/rancher/k3s/config.yaml
    node-name: far
    server: https://100.64.0.1:6443
    token-file: /run/agenix/k3s-token
    vpn-auth-file: /run/agenix/k3s-vpn-auth
    ── nodes/primer/etc/rancher/k3s/config.yaml
    cluster-cidr: 10.42.0.0/16
    cluster-dns: "10.43.0.10"
    cluster-domain: cluster.local
    disable:
    - traefik
    flannel-backend: vxlan
    node-name: primer
    secrets-encryption: true
    secrets-encryption-provider: secretbox
    service-cidr: 10.43.0.0/16
    tls-san:
    - primer
    - "192.168.1.10"
    - "100.64.0.1"
    token-file: /run/agenix/k3s-token
    vpn-auth-file: /run/agenix/k3s-vpn-auth
    write-kubeconfig-mode: "0600"
    "#);
}

#[test]
fn registries_with_mirrors_rewrites_and_tls() {
    let release = release(json!({"cluster": {"name": "mirrored"},
        "k3s": {"registries": {
            "mirrors": {"*": {"endpoint": ["https://mirror.example.com:5000"]}, "docker.io": {"endpoint": ["https://mirror.example.com:5000"]}},
            "configs": {"mirror.example.com:5000": {"tls": {"caFile": "/etc/ssl/mirror.pem"}}}}},
        "nodes": [{"name": "primer", "role": "server", "registries": {
            "mirrors": {"docker.io": {"endpoint": ["http://cache.example.com:5000"], "rewrite": {"^library/(.*)": "docker/$1"}}},
            "configs": {"cache.example.com:5000": {"tls": {"insecureSkipVerify": true}}, "[::1]:5000": {}}}}]}));
    insta::assert_snapshot!(release.files()[1].contents, @r#"
    mirrors:
      "*":
        endpoint:
        - https://mirror.example.com:5000
      docker.io:
        endpoint:
        - http://cache.example.com:5000
        rewrite:
          ^library/(.*): docker/$1
    configs:
      "[::1]:5000": {}
      "cache.example.com:5000":
        tls:
          insecure_skip_verify: true
      "mirror.example.com:5000":
        tls:
          ca_file: /etc/ssl/mirror.pem
    "#);
}

/// The flags of k3s: which roles have them, and of what kind they are.
fn known_flags() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let rows = include_str!("../../fixtures/node/k3s-flags.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('\t').collect();
        (cells[0], (cells[1], cells[2]))
    })
    .collect()
}

/// A value for a setting, made after its schema, so that a test can set every setting that there is.
fn sample(schema: &Value, definitions: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return sample(&definitions[name.rsplit('/').next().expect("a name")], definitions);
    }
    if let Some(choices) = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array()) {
        return sample(choices.iter().find(|choice| choice["type"] != "null").expect("a choice"), definitions);
    }
    if let Some(first) = schema.get("const").or_else(|| schema["enum"].get(0)).or_else(|| schema["examples"].get(0)) {
        return first.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].as_array()?.iter().filter_map(Value::as_str).find(|kind| *kind != "null"));
    match kind {
        Some("boolean") => json!(true),
        Some("integer") => json!(schema["minimum"].as_u64().unwrap_or(1).max(1)),
        Some("string") => json!("a=b"),
        Some("array") => json!([sample(&schema["items"], definitions)]),
        Some("object") => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            properties.iter().map(|(key, schema)| (key.clone(), sample(schema, definitions))).collect()
        }
        _ => panic!("no sample for {schema}"),
    }
}

/// A cluster in which every setting of k3s is set, with a server and an agent.
fn everything() -> Value {
    let schema = schemars::schema_for!(Cluster).to_value();
    let definitions = &schema["$defs"];
    let mut k3s = sample(&definitions["K3s"], definitions);
    k3s["registries"] = json!({});
    let mut node = sample(&definitions["NodeEntry"], definitions);
    node["labels"] = json!({"a": "b"});
    node["registries"] = json!({});
    node["mesh"] = json!({"type": "tailscale", "address": "100.64.0.1"});
    let settings = node["k3s"].clone();
    let mut server = node.clone();
    server["name"] = json!("server");
    server["role"] = json!("server");
    let mut joined = server.clone();
    joined["name"] = json!("joined");
    let mut vpn = joined.clone();
    vpn["name"] = json!("vpn");
    vpn["mesh"] = json!({"type": "tailscale", "vpnAuthFile": "/run/agenix/vpn-auth"});
    let mut agent = node;
    agent["name"] = json!("agent");
    agent["role"] = json!("agent");
    agent["k3s"] = settings;
    k3s["datastore"]["type"] = json!("etcd");
    json!({"cluster": {"name": "all"}, "k3s": k3s, "nodes": [server, joined, vpn, agent]})
}

#[test]
fn every_flag_of_k3s_is_a_typed_setting_and_no_other_key_is_written() {
    let known = known_flags();
    let written = configs(&release(everything()));
    let mut seen: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (node, config) in &written {
        let role = if node == "agent" { "agent" } else { "server" };
        for (flag, value) in config.as_object().expect("a mapping") {
            let (roles, kind) = known.get(flag.as_str()).copied().unwrap_or_else(|| panic!("`{flag}` of `{node}` is no flag of k3s"));
            assert!(roles == "both" || roles == role, "`{flag}` of `{node}` is a flag of {roles} only");
            let fits = match kind {
                "bool" => value.is_boolean(),
                "int" => value.is_u64(),
                "string" => value.is_string(),
                "list" => value.is_string() || value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
                other => panic!("`{flag}` of `{node}` is a {other} flag and must not be written"),
            };
            assert!(fits, "`{flag}` of `{node}` is a {kind}, not {value}");
            seen.entry(role).or_default().insert(known.get_key_value(flag.as_str()).expect("known").0);
        }
    }
    for (flag, (roles, kind)) in &known {
        if matches!(*kind, "secret" | "once" | "deprecated" | "command-line") {
            continue;
        }
        for role in ["server", "agent"] {
            let expected = *roles == "both" || *roles == role;
            // A VPN is a server's in this test, the same code writes it for agents.
            let skipped = *flag == "vpn-auth-file" && role == "agent";
            assert!(!expected || skipped || seen[role].contains(flag), "no setting writes `{flag}` for a {role}");
        }
    }
}

#[test]
fn every_flag_of_k3s_has_a_place_or_is_told_where_it_goes() {
    let schema = schemars::schema_for!(Cluster).to_value();
    for flag in known_flags().keys() {
        let key = flag.split('-').enumerate().fold(String::new(), |key, (at, word)| {
            let mut letters = word.chars();
            let first = letters.next().map(|first| if at == 0 { first } else { first.to_ascii_uppercase() });
            key + &first.into_iter().chain(letters).collect::<String>()
        });
        for place in ["K3s", "NodeFlags", "ServerFlags"] {
            let definition = &schema["$defs"][place];
            let is_known = definition["properties"].get(&key).or_else(|| definition["x-elsewhere"].get(&key)).is_some();
            assert!(is_known, "`{key}` in {place} is neither a setting nor told where it goes");
        }
    }
}

/// Flags that must be equal on all servers (docs.k3s.io/cli/server, "Critical Configuration Values"); `disable` counts for servicelb.
const MUST_MATCH: [&str; 16] = [
    "agent-token-file",
    "cluster-cidr",
    "cluster-dns",
    "cluster-domain",
    "disable-cloud-controller",
    "disable-helm-controller",
    "disable-network-policy",
    "egress-selector-mode",
    "embedded-registry",
    "flannel-backend",
    "flannel-external-ip",
    "flannel-ipv6-masq",
    "secrets-encryption",
    "secrets-encryption-provider",
    "service-cidr",
    "token-file",
];

/// Some settings of a node, by keys that the schema knows.
fn settings() -> impl Strategy<Value = Value> {
    let all = everything();
    let node: Vec<(String, Value)> = all["nodes"][0]["k3s"].as_object().expect("settings").clone().into_iter().collect();
    let server: Vec<(String, Value)> = all["nodes"][0]["k3s"]["server"].as_object().expect("settings").clone().into_iter().collect();
    let some = |settings: Vec<(String, Value)>| proptest::sample::subsequence(settings.clone(), 0..=settings.len());
    let node = node.into_iter().filter(|(key, _)| key != "server" && key != "agent").collect::<Vec<_>>();
    (some(node), some(server)).prop_map(|(node, server)| {
        let mut settings: serde_json::Map<String, Value> = node.into_iter().collect();
        settings.insert("server".to_owned(), server.into_iter().collect());
        Value::Object(settings)
    })
}

fn cluster_settings() -> impl Strategy<Value = Value> {
    let all: Vec<(String, Value)> = everything()["k3s"].as_object().expect("settings").clone().into_iter().collect();
    (proptest::sample::subsequence(all.clone(), 0..=all.len()), settings(), any::<bool>()).prop_map(|(some, defaults, servicelb)| {
        let mut k3s: serde_json::Map<String, Value> = some.into_iter().collect();
        k3s.insert("defaults".to_owned(), defaults);
        k3s.insert("disable".to_owned(), if servicelb { json!(["servicelb"]) } else { json!([]) });
        Value::Object(k3s)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_must_match_is_equal_on_all_servers(k3s in cluster_settings(), nodes in proptest::collection::vec(settings(), 1..5)) {
        let nodes: Vec<Value> = nodes
            .into_iter()
            .enumerate()
            .map(|(at, settings)| json!({"name": format!("server-{at}"), "role": "server", "address": format!("10.0.0.{}", at + 1), "k3s": settings}))
            .collect();
        let configs = configs(&release(json!({"cluster": {"name": "c"}, "k3s": k3s, "nodes": nodes})));
        let first = &configs["server-0"];
        let disables_servicelb = |config: &Value| config["disable"].as_array().is_some_and(|names| names.contains(&json!("servicelb")));
        for config in configs.values() {
            for flag in MUST_MATCH {
                prop_assert_eq!(config.get(flag), first.get(flag), "{}", flag);
            }
            prop_assert_eq!(disables_servicelb(config), disables_servicelb(first));
        }
    }

    #[test]
    fn files_read_back_as_they_were_meant(settings in settings()) {
        let release = release(json!({"cluster": {"name": "c"}, "nodes": [{"name": "n", "role": "server", "k3s": settings}]}));
        let read_back = read(&release.files()[0].contents);
        for (key, value) in settings.as_object().expect("settings") {
            let flag = key.chars().fold(String::new(), |flag, c| if c.is_ascii_uppercase() { flag + "-" + &c.to_ascii_lowercase().to_string() } else { flag + &c.to_string() });
            if key != "server" {
                prop_assert_eq!(&read_back[&flag], value, "{}", flag);
            }
        }
    }
}

/// What loading a config says, `rule path` line by line, and the release.
fn load(text: &str, profile: Option<&str>) -> (String, Option<Release>) {
    let request = LoadRequest {
        file: Some(ConfigFile { name: "cluster.yaml".to_owned(), text: text.to_owned() }),
        profile: profile.map(ToOwned::to_owned),
        sets: Vec::new(),
    };
    let line = |finding: &Finding| {
        let hint = finding.hint.as_deref().unwrap_or_default();
        let line = finding.location.as_ref().map_or(0, |location| location.line);
        format!("{line} {}: {} | {hint}\n", finding.rule, finding.message)
    };
    match config::load(&request, &mut Sources::new()) {
        Ok(loaded) => {
            let release = render(loaded.cluster(), &Selection::default()).expect("a release");
            (loaded.warnings().iter().map(line).collect(), Some(release))
        }
        Err(error) => (error.findings.iter().map(line).collect(), None),
    }
}

#[test]
fn the_profile_worker_makes_the_files_of_nodes_alone() {
    let (said, release) = load("{}", Some("worker"));
    let release = release.expect("a release");
    assert_eq!(said, "");
    assert!(release.objects().is_empty(), "{:?}", release.objects());
    let paths: Vec<&str> = release.files().iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["nodes/primer/etc/rancher/k3s/config.yaml", "nodes/worker/etc/rancher/k3s/config.yaml"]);
}

#[test]
fn keys_in_the_wrong_place_are_told_where_they_go() {
    let text = "\
cluster: {name: home}
k3s:
  token: hunter2
nodes:
  - name: primer
    role: server
    labels: {'a b': x}
    k3s:
      node-ip: 10.0.0.1
      server:
        flannelBackend: host-gw
        etcd_s3_secret_key: hunter2
    registries:
      configs:
        r.example.com: {auth: {password: hunter2}}
";
    insta::assert_snapshot!(load(text, None).0, @r#"
    3 config/unknown-key: `token` is no key of `k3s` | a token must not stand in the config: name the file that holds it with `k3s.tokenFile`
    7 config/key: `a b` is not a label key: ` ` is not allowed | letters, digits, `-`, `_` and `.` are
    9 config/unknown-key: `node-ip` is no key of `nodes[0].k3s` | a node's address is `nodes[].address`, or `nodes[].mesh.address` for a node without one
    11 config/unknown-key: `flannelBackend` is no key of `nodes[0].k3s.server` | all servers must agree on it: set `k3s.flannelBackend`
    12 config/unknown-key: `etcd_s3_secret_key` is no key of `nodes[0].k3s.server` | a key must not stand in the config: deliver a Secret to kube-system and name it with `etcdS3ConfigSecret`
    15 config/unknown-key: `auth` is no key of `nodes[0].registries.configs."r.example.com"` | credentials must not stand in the config, and k3s reads them from no other file: deliver a whole registries.yaml as a secret and name it with `nodes[].k3s.privateRegistry`
    "#);
}
