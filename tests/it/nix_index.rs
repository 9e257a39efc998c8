//! The index for NixOS modules, and the real Nix that reads it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use manifestgen::config::Cluster;
use manifestgen::index::Index;
use manifestgen::nix;
use manifestgen::render::{Selection, render};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::command::{Run, folder, folder_with};
use crate::parts::part;

/// What the real Nix reads in an expression.
pub(crate) fn read_by_nix(nix: &Path, expression: &str) -> Value {
    let folder = folder();
    let file = folder.path().join("value.nix");
    fs::write(&file, expression).expect("written");
    let output = Command::new(nix)
        .args(["--eval", "--strict", "--json"])
        .arg(&file)
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("nix-instantiate runs");
    assert!(output.status.success(), "{}\n{expression}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn index(cluster: &Value) -> Index {
    let cluster: Cluster = serde_json::from_value(cluster.clone()).expect("a cluster");
    let release = render(&cluster, &Selection::default()).expect("a release");
    Index::of(&cluster, &release)
}

fn home() -> Value {
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    json!({"cluster": {"name": "home"}, "recipients": {"admins": [key]},
        "nodes": [
            {"name": "primer", "role": "server", "address": "192.168.1.10", "hostKeys": [key], "mesh": {"type": "tailscale", "advertiseRoute": true}},
            {"name": "worker", "externalAddress": "203.0.113.7", "mesh": {"type": "tailscale"}, "registries": {"mirrors": {"docker.io": {}}},
             "k3s": {"pauseImage": "registry.example.com/pause:3.10"}}],
        "headscale": {"policy": {"tagOwners": {"tag:node": ["cluster@"]}, "autoApprovers": {"routes": {"192.168.1.10/32": ["tag:node"]}}}},
        "secrets": [
            {"name": "token", "deliver": [{"type": "k3s-token"}]},
            {"name": "mail", "file": "other/${mail}.age", "deliver": [{"type": "kubernetes", "namespace": "mail", "name": "mail", "key": "a"}]}]})
}

#[test]
fn it_says_what_machines_need() {
    insta::assert_snapshot!(index(&home()).text().expect("a text"), @r##"
    # Written by `manifestgen render --format nix`, which `--check` compares with the cluster file.
    {
      form = 1;
      cluster = "home";
      primer = "primer";
      nodes = {
        primer = {
          role = "server";
          addresses = [ "192.168.1.10" ];
          hostKeys = [ "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p" ];
          mesh = {
            type = "tailscale";
            interface = "tailscale0";
            joinedByK3s = false;
            advertiseRoute = true;
            routes = [ "192.168.1.10/32" ];
          };
          files = [ "/etc/rancher/k3s/config.yaml" ];
          images = [ ];
          apiPort = 6443;
          kubeconfig = "/etc/rancher/k3s/k3s.yaml";
          ports = {
            everybody = {
              tcp = [
                6443
                30080
              ];
              udp = [ 30478 ];
            };
            nodes = {
              tcp = [
                6443
                10250
              ];
              udp = [ 8472 ];
            };
            pods = {
              tcp = [
                6443
                10250
              ];
              udp = [ ];
            };
          };
          secrets = {
            index-key = {
              file = "secrets/index-key.age";
            };
            mail = {
              file = "other/\${mail}.age";
              path = "/run/agenix/mail";
              owner = "root";
              group = "root";
              mode = "0400";
            };
            token = {
              file = "secrets/token.age";
              path = "/run/agenix/k3s-token";
              owner = "root";
              group = "root";
              mode = "0400";
            };
          };
        };
        worker = {
          role = "agent";
          addresses = [ ];
          externalAddress = "203.0.113.7";
          hostKeys = [ ];
          mesh = {
            type = "tailscale";
            interface = "tailscale0";
            joinedByK3s = false;
            advertiseRoute = false;
            routes = [ ];
          };
          files = [
            "/etc/rancher/k3s/config.yaml"
            "/etc/rancher/k3s/registries.yaml"
          ];
          images = [ "registry.example.com/pause:3.10" ];
          ports = {
            everybody = {
              tcp = [ ];
              udp = [ ];
            };
            nodes = {
              tcp = [ 10250 ];
              udp = [ 8472 ];
            };
            pods = {
              tcp = [ 10250 ];
              udp = [ ];
            };
          };
          secrets = {
            token = {
              file = "secrets/token.age";
              path = "/run/agenix/k3s-token";
              owner = "root";
              group = "root";
              mode = "0400";
            };
          };
        };
      };
      images = [ "docker.io/headscale/headscale:0.29.0" ];
      podInterfaces = [
        "cni0"
        "flannel.1"
        "flannel-v6.1"
      ];
      secretFiles = [
        "secrets/token.age"
        "other/\${mail}.age"
      ];
      deliveredSecrets = [ "mail" ];
      headscale = {
        namespace = "headscale";
        url = "http://192.168.1.10:30080";
        health = "http://127.0.0.1:30080/health";
        nodePort = 30080;
        policy = {
          tags = [ "tag:node" ];
          routes = [ "192.168.1.10/32" ];
        };
      };
    }
    "##);
}

fn ports(cluster: &Value, node: &str) -> Value {
    serde_json::to_value(&index(cluster).nodes[node].ports).expect("JSON")
}

#[test]
fn servers_of_etcd_reach_each_other() {
    let servers = ["a", "b", "c"].map(|name| json!({"name": name, "role": "server", "address": "192.168.1.1"}));
    let cluster = json!({"cluster": {"name": "c"}, "nodes": servers, "k3s": {"datastore": {"type": "etcd"}, "embeddedRegistry": true,
        "flannelBackend": "wireguard-native", "defaults": {"server": {"httpsListenPort": 7443}}}});
    let expected = json!({"everybody": {"tcp": [7443], "udp": []}, "nodes": {"tcp": [2379, 2380, 5001, 7443, 10250], "udp": [51820, 51821]},
        "pods": {"tcp": [7443, 10250], "udp": []}});
    assert_eq!(ports(&cluster, "b"), expected);
    assert_eq!(index(&cluster).pod_interfaces, ["cni0", "flannel-wg", "flannel-wg-v6"]);
    let mut alone = cluster;
    alone["nodes"] = json!([{"name": "a", "role": "server"}]);
    assert_eq!(ports(&alone, "a")["nodes"]["tcp"], json!([5001, 7443, 10250]), "etcd alone talks to nobody");
}

#[test]
fn routes_are_reached_where_the_controller_listens() {
    let cluster = |controller: Value, k3s: Value| {
        let cluster = json!({"cluster": {"name": "c"}, "k3s": k3s, "nodes": [{"name": "a", "role": "server"}, {"name": "b"}],
            "ingress": {"controller": controller, "routes": [
                {"name": "r", "listenPort": 2555, "protocol": "tcp", "service": {"name": "s", "port": 1}}]}});
        ports(&cluster, "b")["everybody"]["tcp"].clone()
    };
    assert_eq!(cluster(json!({}), json!({})), json!([80, 443, 2555]));
    assert_eq!(cluster(json!({}), json!({"bundledTraefik": true})), json!([80, 443, 2555]));
    assert_eq!(cluster(json!({}), json!({"disable": ["servicelb"]})), json!([]), "another load balancer has addresses of its own");
    let node_ports = json!({"service": {"type": "NodePort", "httpNodePort": 30880, "httpsNodePort": 30443}});
    assert_eq!(cluster(node_ports, json!({})), json!([30443, 30880]));
    assert_eq!(cluster(json!({"install": false}), json!({})), json!([]));
}

#[test]
fn headscale_that_only_pods_reach_has_no_url() {
    let cluster = json!({"cluster": {"name": "c"}, "nodes": [{"name": "a", "role": "server"}],
        "headscale": {"service": {"type": "ClusterIP"}, "policy": {"mode": "database"}}});
    let headscale = index(&cluster).headscale.expect("Headscale");
    assert_eq!((headscale.url, headscale.health, headscale.node_port, headscale.policy), (None, None, None, None));
    assert_eq!(ports(&cluster, "a")["everybody"], json!({"tcp": [6443], "udp": []}));
}

#[test]
fn wireguard_is_told_to_modules_as_mesh_config_writes_it() {
    let text = include_str!("../../fixtures/nix/mesh/cluster.json");
    let folder = folder_with(text);
    for file in ["wireguard-primer.pub", "wireguard-laptop.pub"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nix/mesh/secrets").join(file);
        fs::create_dir_all(folder.path().join("secrets")).expect("a folder");
        fs::copy(from, folder.path().join("secrets").join(file)).expect("copied");
    }
    let index = index(&serde_json::from_str(text).expect("JSON"));
    let facts = |name: &str| index.nodes[name].mesh.as_ref().and_then(|mesh| mesh.wireguard.clone()).expect("WireGuard");
    for name in ["primer", "laptop", "rented"] {
        let own = facts(name);
        let quick = Run::new(folder.path(), &["mesh", "config", name, "--format", "wg-quick"]).run().good();
        let lines: Vec<&str> = quick.lines().collect();
        assert!(lines.contains(&format!("ListenPort = {}", own.port).as_str()), "{quick}");
        assert!(lines.contains(&format!("MTU = {}", own.mtu).as_str()), "{quick}");
        let others: Vec<&str> = ["primer", "laptop", "rented"].into_iter().filter(|other| *other != name).collect();
        for other in &others {
            let peer = facts(other);
            assert!(lines.contains(&format!("AllowedIPs = {}", peer.allowed_ips.join(", ")).as_str()), "{quick}");
            if let Some(endpoint) = &peer.endpoint {
                assert!(lines.contains(&format!("Endpoint = {endpoint}").as_str()), "{quick}");
            }
        }
        let callable = others.iter().filter(|other| facts(other).endpoint.is_some()).count();
        assert_eq!(quick.matches("Endpoint = ").count(), callable, "{quick}");
        let kept_open = others.iter().filter(|other| own.persistent_keepalive.is_some() && facts(other).endpoint.is_some()).count();
        assert_eq!(quick.matches("PersistentKeepalive = 20").count(), kept_open, "{quick}");
    }
    assert_eq!(facts("laptop").public_key_file.as_deref(), Some("secrets/wireguard-laptop.pub"));
    assert_eq!(facts("laptop").private_key_file.as_deref(), Some("/run/agenix/wireguard-laptop"));
    assert_eq!((facts("rented").public_key_file, facts("rented").private_key_file.as_deref()), (None, Some("/etc/wireguard/key")));
}

#[test]
fn nix_reads_it_as_it_was_meant() {
    let Some(nix) = part("nix-instantiate") else { return };
    for cluster in [home(), json!({"cluster": {"name": "empty"}})] {
        let index = index(&cluster);
        assert_eq!(read_by_nix(&nix, &index.text().expect("a text")), serde_json::to_value(&index).expect("JSON"));
    }
    for profile in ["primer", "worker", "minimal", "full"] {
        let folder = folder();
        let text = Run::new(folder.path(), &["render", "--profile", profile, "--format", "nix"]).run().good();
        assert_eq!(read_by_nix(&nix, &text)["form"], 1);
    }
}

#[test]
fn a_committed_index_is_compared() {
    let folder = folder_with(&serde_json::to_string(&home()).expect("JSON"));
    let ran = |arguments: &[&str]| Run::new(folder.path(), &[&["render", "--format", "nix"], arguments].concat()).run();
    ran(&["-o", "index.nix"]).good();
    ran(&["-o", "index.nix", "--check"]).good();
    let mut changed = home();
    changed["nodes"][1]["name"] = json!("builder");
    fs::write(folder.path().join("cluster.yaml"), changed.to_string()).expect("written");
    let stale = ran(&["-o", "index.nix", "--check"]);
    assert_eq!((stale.code, String::from_utf8_lossy(&stale.stdout).as_ref()), (1, "stale index.nix\n"), "{}", stale.stderr);
    let part = ran(&["--only", "headscale"]);
    assert_eq!(part.code, 2);
    assert!(part.stderr.contains("an index holds the whole cluster; `--only` is for other forms"), "{}", part.stderr);
}

/// Texts that mean something to Nix, or to who writes it without care.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "${",
            "$${",
            "$",
            "\\",
            "\\${",
            "\"",
            "''",
            "''${",
            "'''",
            "\n",
            "\r\n",
            "\r",
            "\t",
            "}",
            "${builtins.abort \"x\"}",
            "#",
            "/*",
            "*/",
            "<nixpkgs>",
            "\u{feff}",
            "\u{7f}",
            "\u{1}",
            "🦀",
            "e\u{301}",
            "\u{2028}",
            "or",
            "rec",
            "-",
            "null",
            "1.5",
        ])
        .prop_map(ToOwned::to_owned),
        "[^\0]{0,6}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -2..3_i64].prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    // Each case is some dozen values in one file, as starting Nix takes longer than reading them.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nix_reads_any_value_as_it_was(values in prop::collection::vec(value(), 1..40)) {
        let Some(nix) = part("nix-instantiate") else { return Ok(()) };
        let values = Value::from(values);
        prop_assert_eq!(read_by_nix(&nix, &nix::expression(&values).expect("an expression")), values);
    }
}
