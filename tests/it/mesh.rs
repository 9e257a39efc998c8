//! `mesh`: addresses that stay, configurations that their programs read, and what `up` says. The interfaces themselves are in `lab_scenario`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::Value;

use crate::command::{Ended, Run, folder_with};
use crate::lab_nodes::may_make_namespaces;
use crate::nix_index::read_by_nix;
use crate::own_network;
use crate::parts::{noted, part};

/// The private key is a published example; the others have only public keys.
const PRIVATE: &str = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=";
const KEYS: [(&str, &str); 3] = [
    ("primer", "HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw="),
    ("cellar", "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="),
    ("away", "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0="),
];

const CLUSTER: &str = "\
cluster: {name: home}
mesh:
  cidr: 10.250.0.0/24
nodes:
  # The one that all others join.
  - name: primer
    role: server
    address: 192.168.1.10
    mesh:
      type: wireguard   # not tailscale
      privateKeyFile: /run/agenix/wireguard-primer
      publicKey: HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=
  - {name: cellar, address: 192.168.1.11, mesh: {type: wireguard}, hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN]}
  - name: away
    mesh: {type: wireguard, behindNat: true}
    hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN]
recipients:
  admins: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]
secrets:
  - {name: wireguard-cellar, make: {type: wireguard-key}}
  - {name: wireguard-away, make: {type: wireguard-key}}
";

fn with_keys(cluster: &str) -> tempfile::TempDir {
    let folder = folder_with(cluster);
    fs::create_dir(folder.path().join("secrets")).expect("a folder");
    for (name, key) in KEYS {
        fs::write(folder.path().join(format!("secrets/wireguard-{name}.pub")), format!("{key}\n")).expect("written");
    }
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    Run::new(folder, &[&["--quiet"], arguments].concat()).run().shown()
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("cluster.yaml")).expect("a cluster file")
}

#[test]
fn addresses_are_written_beside_what_was_there() {
    let folder = with_keys(CLUSTER);
    insta::assert_snapshot!(run(folder.path(), &["mesh", "config", "away"]), @"
    exit code 2
    --- stderr
    warning[config/node-mesh]: node `cellar` is in the mesh, and the first server, `primer`, has neither name nor address there
      --> cluster.yaml:13:43
       |
    13 |   - {name: cellar, address: 192.168.1.11, mesh: {type: wireguard}, hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5...
       |                                           ^^^^
       |
       = hint: add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `primer`
    warning[config/node-mesh]: node `away` is in the mesh, and the first server, `primer`, has neither name nor address there
      --> cluster.yaml:15:5
       |
    15 |     mesh: {type: wireguard, behindNat: true}
       |     ^^^^
       |
       = hint: add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `primer`
    error: there is no address in the mesh of `primer`, `cellar`, `away`
    hint: `manifestgen mesh allocate` gives out addresses and writes them into the cluster file
    ");
    insta::assert_snapshot!(run(folder.path(), &["mesh", "allocate", "--check"]), @"
    exit code 1
    --- stdout
    away 10.250.0.97
    cellar 10.250.0.90
    primer 10.250.0.115
    --- stderr
    warning[config/node-mesh]: node `cellar` is in the mesh, and the first server, `primer`, has neither name nor address there
      --> cluster.yaml:13:43
       |
    13 |   - {name: cellar, address: 192.168.1.11, mesh: {type: wireguard}, hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5...
       |                                           ^^^^
       |
       = hint: add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `primer`
    warning[config/node-mesh]: node `away` is in the mesh, and the first server, `primer`, has neither name nor address there
      --> cluster.yaml:15:5
       |
    15 |     mesh: {type: wireguard, behindNat: true}
       |     ^^^^
       |
       = hint: add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `primer`
    ");
    assert_eq!(text(folder.path()), CLUSTER);
    insta::assert_snapshot!(run(folder.path(), &["mesh", "allocate"]), @"
    exit code 0
    --- stdout
    away 10.250.0.97
    cellar 10.250.0.90
    primer 10.250.0.115
    --- stderr
    warning[config/node-mesh]: node `cellar` is in the mesh, and the first server, `primer`, has neither name nor address there
      --> cluster.yaml:13:43
       |
    13 |   - {name: cellar, address: 192.168.1.11, mesh: {type: wireguard}, hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5...
       |                                           ^^^^
       |
       = hint: add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `primer`
    warning[config/node-mesh]: node `away` is in the mesh, and the first server, `primer`, has neither name nor address there
      --> cluster.yaml:15:5
       |
    15 |     mesh: {type: wireguard, behindNat: true}
       |     ^^^^
       |
       = hint: add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `primer`
    ");
    let after = text(folder.path());
    insta::assert_snapshot!(after, @"
    cluster: {name: home}
    mesh:
      cidr: 10.250.0.0/24
    nodes:
      # The one that all others join.
      - name: primer
        role: server
        address: 192.168.1.10
        mesh:
          address: 10.250.0.115
          type: wireguard   # not tailscale
          privateKeyFile: /run/agenix/wireguard-primer
          publicKey: HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=
      - {name: cellar, address: 192.168.1.11, mesh: {address: 10.250.0.90, type: wireguard}, hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN]}
      - name: away
        mesh: {address: 10.250.0.97, type: wireguard, behindNat: true}
        hostKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN]
    recipients:
      admins: [age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p]
    secrets:
      - {name: wireguard-cellar, make: {type: wireguard-key}}
      - {name: wireguard-away, make: {type: wireguard-key}}
    ");
    assert_eq!(run(folder.path(), &["mesh", "allocate", "--check"]), "exit code 0\n");
    assert_eq!(run(folder.path(), &["mesh", "allocate"]), "exit code 0\n");
    assert_eq!(text(folder.path()), after);
}

#[test]
fn a_section_that_nodes_share_is_not_written_to() {
    let shared = "\
cluster: {name: home}
mesh: {cidr: 10.250.0.0/24}
nodes:
  - {name: a, role: server, address: 192.168.1.1, mesh: &in {type: wireguard}}
  - {name: b, address: 192.168.1.2, mesh: *in}
";
    let folder = with_keys(shared);
    insta::assert_snapshot!(run(folder.path(), &["mesh", "allocate"]), @"
    exit code 2
    --- stderr
    warning[config/node-mesh]: node `b` is in the mesh, and the first server, `a`, has neither name nor address there
     --> cluster.yaml:5:37
      |
    5 |   - {name: b, address: 192.168.1.2, mesh: *in}
      |                                     ^^^^
      |
      = hint: add `mesh.name`, `mesh.address` or `mesh.advertiseRoute` to node `a`
    error: the addresses cannot be written into `cluster.yaml` without changing more than them
    hint: several nodes share one `mesh` section there, by an anchor or a profile: give each its own
    hint: or write them by hand: a 10.250.0.90, b 10.250.0.245
    ");
    assert_eq!(text(folder.path()), shared);
    let none = folder_with("cluster: {name: home}\nnodes: [{name: a, role: server, mesh: {type: wireguard}}]\n");
    insta::assert_snapshot!(run(none.path(), &["mesh", "allocate"]), @"
    exit code 2
    --- stderr
    error: the cluster file has no range of addresses for the mesh
    hint: add `mesh: {cidr: 10.250.0.0/24}`
    ");
}

/// The addresses of the cluster file, by name.
fn addresses(text: &str) -> BTreeMap<String, String> {
    let folder = folder_with(text);
    let file = manifestgen::config::ConfigFile::read(&folder.path().join("cluster.yaml")).expect("read");
    let request = manifestgen::config::LoadRequest { file: Some(file), profile: None, sets: Vec::new() };
    let loaded = manifestgen::config::load(&request, &mut manifestgen::source::Sources::new()).expect("a config");
    let of = |(_, node, mesh): (usize, &manifestgen::config::NodeEntry, &manifestgen::config::NodeMesh)| {
        Some((node.name.to_string(), mesh.address.as_ref()?.to_string()))
    };
    loaded.cluster().mesh_nodes().filter_map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// By the file itself: lines of nodes come and go, and `allocate` fills in what is missing.
    #[test]
    fn a_node_keeps_its_address_whoever_comes_and_goes(events in prop::collection::vec((0..12_u8, any::<bool>()), 1..16)) {
        let mut lines: BTreeMap<u8, String> = BTreeMap::new();
        let mut before = BTreeMap::new();
        for (number, joins) in events {
            if joins {
                let new = format!("  - {{name: node-{number}, address: 192.168.1.1{number:02}, mesh: {{type: wireguard}}}}\n");
                lines.entry(number).or_insert(new);
            } else {
                lines.remove(&number);
            }
            if lines.is_empty() {
                before = BTreeMap::new();
                continue;
            }
            let file = format!("cluster: {{name: c}}\nk3s: {{registrationAddress: k3s.example.com}}\nmesh: {{cidr: 10.250.0.0/28}}\nnodes:\n{}", lines.values().cloned().collect::<String>());
            let folder = folder_with(&file);
            let said = run(folder.path(), &["mesh", "allocate"]);
            prop_assert_eq!(said.lines().next(), Some("exit code 0"));
            let file = text(folder.path());
            let after = addresses(&file);
            prop_assert_eq!(after.len(), lines.len());
            let different: std::collections::BTreeSet<&String> = after.values().collect();
            prop_assert_eq!(different.len(), lines.len());
            for (name, address) in &after {
                prop_assert!(before.get(name).is_none_or(|old| old == address), "{} was moved", name);
            }
            // What was written is what the next round begins with.
            for line in file.lines().filter(|line| line.starts_with("  - {name: node-")) {
                let number = line.trim_start_matches("  - {name: node-").split(',').next().and_then(|text| text.parse().ok());
                lines.insert(number.expect("a number"), format!("{line}\n"));
            }
            before = after;
        }
    }
}

#[test]
fn wg_quick_reads_its_file() {
    let Some(wg_quick) = part("wg-quick") else { return };
    if !noted("root", rustix::process::geteuid().is_root()) {
        return;
    }
    let folder = with_keys(CLUSTER);
    run(folder.path(), &["mesh", "allocate"]);
    Run::new(folder.path(), &["mesh", "config", "--all", "-o", "out"]).run().good();
    let file = folder.path().join("out/away/etc/wireguard/wg0.conf");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("its mode");
    let output = Command::new(wg_quick).arg("strip").arg(&file).output().expect("wg-quick runs");
    insta::assert_snapshot!(format!("{}{}", String::from_utf8_lossy(&output.stderr), String::from_utf8_lossy(&output.stdout)), @"
    # Node `away` of the cluster `home`, by `manifestgen mesh config`.
    [Interface]
    ListenPort = 51820

    [Peer]
    # cellar
    PublicKey = xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=
    AllowedIPs = 10.250.0.90/32
    Endpoint = 192.168.1.11:51820
    PersistentKeepalive = 25

    [Peer]
    # primer
    PublicKey = HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=
    AllowedIPs = 10.250.0.115/32
    Endpoint = 192.168.1.10:51820
    PersistentKeepalive = 25
    ");
}

#[test]
fn nix_reads_the_module() {
    let Some(nix) = part("nix-instantiate") else { return };
    let folder = with_keys(CLUSTER);
    run(folder.path(), &["mesh", "allocate"]);
    let module = Run::new(folder.path(), &["mesh", "config", "away", "--format", "nixos"]).run().good();
    let value: Value = read_by_nix(&nix, &module);
    assert_eq!(value["networking"]["firewall"]["allowedUDPPorts"], serde_json::json!([51820]));
    let interface = &value["networking"]["wireguard"]["interfaces"]["wg0"];
    assert_eq!((&interface["privateKeyFile"], &interface["mtu"]), (&"/run/agenix/wireguard-away".into(), &1420.into()));
    assert_eq!(interface["peers"][1]["endpoint"], "192.168.1.10:51820");
}

#[test]
fn networkd_gets_two_files_and_is_told_whose_the_key_is() {
    let folder = with_keys(CLUSTER);
    run(folder.path(), &["mesh", "allocate"]);
    insta::assert_snapshot!(Run::new(folder.path(), &["mesh", "config", "cellar", "--format", "networkd"]).run().shown(), @r#"
    exit code 0
    --- stdout
    # ---- /etc/systemd/network/50-wg0.netdev
    # Node `cellar` of the cluster `home`, by `manifestgen mesh config`.
    [NetDev]
    Name=wg0
    Kind=wireguard
    MTUBytes=1420

    [WireGuard]
    # Its owner and mode: root:systemd-network, 0640.
    PrivateKeyFile=/run/agenix/wireguard-cellar
    ListenPort=51820

    [WireGuardPeer]
    # away
    PublicKey=TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=
    AllowedIPs=10.250.0.97/32

    [WireGuardPeer]
    # primer
    PublicKey=HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=
    AllowedIPs=10.250.0.115/32
    Endpoint=192.168.1.10:51820

    # ---- /etc/systemd/network/50-wg0.network
    # Node `cellar` of the cluster `home`, by `manifestgen mesh config`.
    [Match]
    Name=wg0

    [Network]
    Address=10.250.0.90/24
    --- stderr
    using `cluster.yaml`
    hint: systemd-networkd reads the key of `cellar` as the user `systemd-network`: give the secret `deliver: [{type: file, group: systemd-network, mode: "0640"}]`
    "#);
}

/// It runs in namespaces of its own, until it has read what there is.
#[test]
fn networkd_reads_its_files() {
    const NETWORKD: &str = "/lib/systemd/systemd-networkd";
    if !noted("systemd-networkd", Path::new(NETWORKD).exists()) || !noted("root and namespaces", may_make_namespaces()) {
        return;
    }
    let folder = with_keys(CLUSTER);
    run(folder.path(), &["mesh", "allocate"]);
    // With a route of a peer, too.
    let routed = ["--set", "nodes[name=primer].mesh.advertiseRoute=true", "--set", "nodes[name=primer].externalAddress=203.0.113.7"];
    let arguments = [&["mesh", "config", "away", "--format", "networkd", "-o", "out"], &routed[..]].concat();
    Run::new(folder.path(), &arguments).run().good();
    let (files, key) = (folder.path().join("out/etc/systemd/network"), folder.path().join("key"));
    fs::write(&key, format!("{PRIVATE}\n")).expect("written");
    // Without the private key it would leave the device out.
    let script = "mount -t tmpfs tmpfs /run && mkdir -p /run/agenix /run/systemd/network && cp \"$2\" /run/agenix/wireguard-away && cp \"$0\"/* /run/systemd/network && exec \"$1\"";
    let networkd = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script])
        .arg(&files)
        .arg(NETWORKD)
        .arg(&key)
        .envs([("SYSTEMD_LOG_LEVEL", "debug"), ("SYSTEMD_LOG_TARGET", "console")])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let mut networkd = Ended(networkd.expect("unshare runs"));
    let mut said = Vec::new();
    for line in BufReader::new(networkd.0.stderr.take().expect("a pipe")).lines().map_while(Result::ok) {
        let is_read = line.contains("wg0: Creating") || line.contains("ignoring network device");
        said.push(line);
        if is_read {
            break;
        }
    }
    assert!(said.iter().any(|line| line.contains("wg0: loaded \"wireguard\"")), "{said:#?}");
    assert!(!said.iter().any(|line| line.contains("50-wg0")), "{said:#?}");
    assert!(fs::read_to_string(files.join("50-wg0.netdev")).expect("written").contains("RouteTable=main"));
}

#[test]
fn discovery_says_why_it_cannot() {
    if !own_network::enter("mesh::discovery_says_why_it_cannot", &[]) {
        return;
    }
    let (Some(_), Some(_)) = (part("ip"), part("wg")) else { return };
    let folder = with_keys(CLUSTER);
    run(folder.path(), &["mesh", "allocate"]);
    insta::assert_snapshot!(run(folder.path(), &["mesh", "discover", "primer"]), @"
    exit code 2
    --- stderr
    error: the cluster file says nothing of discovery
    hint: add `discovery: {}` to the section `mesh`, for all nodes
    ");
    // Why, the kernel says in words that depend on whether it has WireGuard.
    let said = run(folder.path(), &["mesh", "discover", "primer", "--set", "mesh.discovery.port=51822"]);
    assert!(said.starts_with("exit code 3"), "{said}");
    assert!(said.contains("error: there is no interface `wg0` of WireGuard"), "{said}");
}

#[test]
fn up_says_why_it_cannot() {
    if !own_network::enter("mesh::up_says_why_it_cannot", &[]) {
        return;
    }
    let (Some(ip), Some(_)) = (part("ip"), part("wg")) else { return };
    let folder = with_keys(CLUSTER);
    let key = folder.path().join("key");
    run(folder.path(), &["mesh", "allocate"]);
    let set = format!("nodes[name=primer].mesh.privateKeyFile={}", key.display());
    let up = |more: &[&str]| {
        let said = run(folder.path(), &[&["mesh", "up", "primer", "--set", &set], more].concat());
        said.replace(&folder.path().display().to_string(), "…")
    };
    let mut said = vec![up(&[])];
    fs::write(&key, "TrMvSoP4jYQlY6RIzBgbssQqY3vxI2Pi+y71lOWWXX0=\n").expect("written");
    said.push(up(&[]));
    fs::write(&key, format!("{PRIVATE}\n")).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("its mode");
    said.push(up(&["--not-kernel", "--userspace", "/nonexistent/wireguard"]));
    let good = Command::new(ip).args(["link", "add", "wg0", "type", "bridge"]).status().expect("ip runs");
    assert!(good.success());
    said.push(up(&[]));
    said.push(run(folder.path(), &["mesh", "down"]));
    // Why, the kernel says in words that depend on whether it has WireGuard.
    let status = run(folder.path(), &["mesh", "status", "--interface", "wg1"]);
    assert!(status.contains("error: there is no interface `wg1` of WireGuard"), "{status}");
    assert!(!said.join("").contains(PRIVATE));
    insta::assert_snapshot!(said.join("\n"), @"
    exit code 3
    --- stderr
    error: cannot read the private key in `…/key`
      caused by: No such file or directory (os error 2)
    hint: the secret has to be decrypted on this node first, as agenix does

    exit code 3
    --- stderr
    error: the private key in `…/key` is not the one of node `primer`: its public key is `ajLZZEXiSW5jani0gDv3Ngqw8mI8yNRmMSX/IbnB0Hs=`, and `HIgo9xNzJMWLKASShiTqIybxZ0U3wGLiUeJ1PKf8ykw=` is recorded
    hint: after `secret rotate` the node has to get the new file, and all nodes the new public key

    exit code 3
    --- stderr
    error: the kernel has no WireGuard, and `/nonexistent/wireguard` is not there
    hint: load the kernel's module (`modprobe wireguard`), or install a program that does it in user space, such as wireguard-go

    exit code 3
    --- stderr
    error: there is an interface `wg0` already, and it is none of WireGuard's that answers
    hint: give the node's mesh another `interface`, or remove that one: `ip link delete dev NAME`

    exit code 3
    --- stderr
    error: there is an interface `wg0` already, and it is none of WireGuard's that answers
    hint: give the node's mesh another `interface`, or remove that one: `ip link delete dev NAME`
    ");
}
