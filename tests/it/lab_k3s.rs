//! Labs whose nodes run k3s. There is none here: a stand-in starts the real etcd and kube-apiserver, and says of nodes that they are Ready.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};

use crate::lab_nodes::{Kubectl, Place, may_make_namespaces};
use crate::parts::{noted, part};
use crate::process::eventually;

const PARTS: [&str; 9] = ["etcd", "kube-apiserver", "kubectl", "coredns", "pause", "python3", "curl", "ip", "nsenter"];
const NODES: [&str; 2] = ["primer", "worker-1"];

fn possible() -> bool {
    // All are asked for, so that all that are missing are noted.
    let missing = PARTS.into_iter().filter(|name| part(name).is_none()).count();
    noted("root and namespaces", may_make_namespaces()) && missing == 0
}

fn program(path: &Path, text: &str) {
    fs::write(path, text).expect("written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

/// A folder for `--assets`, with a `k3s` in it.
fn assets(place: &Place, k3s: &str) -> PathBuf {
    let folder = place.path().join("assets");
    fs::create_dir(&folder).expect("a folder");
    program(&folder.join("k3s"), k3s);
    folder
}

/// The stand-in, and what it needs.
fn stand_in(place: &Place) -> PathBuf {
    let folder = assets(place, include_str!("k3s_stand_in.py"));
    let pki = folder.join("pki");
    for own in [&pki, &folder.join("records")] {
        fs::create_dir(own).expect("a folder");
    }
    certificates(&pki);
    let there = |name: &str| part(name).expect("seen before").canonicalize().expect("a file");
    let names = ["etcd", "kube-apiserver", "kubectl"];
    let mut found: Value = names.into_iter().map(|name| (name.to_owned(), json!(there(name)))).collect();
    found["pki"] = json!(pki);
    fs::write(folder.join("stand-in.json"), found.to_string()).expect("written");
    folder
}

/// An authority, and what it signs for a server at 127.0.0.1 and an administrator.
fn certificates(folder: &Path) {
    let named = |name: &str, organization: Option<&str>| {
        let mut names = DistinguishedName::new();
        names.push(DnType::CommonName, name);
        if let Some(organization) = organization {
            names.push(DnType::OrganizationName, organization);
        }
        names
    };
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    let mut params = CertificateParams::default();
    params.distinguished_name = named("stand-in-ca", None);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().expect("a key");
    write("ca.crt", &params.self_signed(&key).expect("a certificate").pem());
    let issuer = Issuer::new(params, key);
    let server = (named("k3s", None), vec!["127.0.0.1".to_owned(), "localhost".to_owned()], ExtendedKeyUsagePurpose::ServerAuth);
    let client = (named("system:admin", Some("system:masters")), Vec::new(), ExtendedKeyUsagePurpose::ClientAuth);
    for (file, (name, reached_by, usage)) in [("server", server), ("client", client)] {
        let mut params = CertificateParams::new(reached_by).expect("names");
        params.distinguished_name = name;
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().expect("a key");
        write(&format!("{file}.crt"), &params.signed_by(&key, &issuer).expect("a certificate").pem());
        write(&format!("{file}.key"), &key.serialize_pem());
        write(&format!("{file}.pub"), &key.public_key_pem());
    }
}

/// What the stand-in wrote down on a node, a line for each start.
fn records(assets: &Path, node: &str) -> Vec<Value> {
    let text = fs::read_to_string(assets.join("records").join(node)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The value of a flag in a config.yaml that has one.
fn setting<'a>(record: &'a Value, flag: &str) -> Option<&'a str> {
    let line = record["config"].as_str()?.lines().find_map(|line| line.strip_prefix(flag)?.strip_prefix(": "))?;
    Some(line.trim_matches('"'))
}

#[test]
fn nodes_run_the_stand_in_as_node_config_says_and_leave_nothing() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let before = Path::new("/etc/rancher").exists();
    let assets = stand_in(&place);
    let folder = assets.to_str().expect("UTF-8");
    let said = place.good(&["lab", "up", "--engine", "k3s", "--workers", "1", "--for", "10m", "--assets", folder]);
    assert!(said.starts_with("export KUBECONFIG="), "{said}");

    let status: Value = serde_json::from_str(&place.good(&["lab", "status", "--format", "json"])).expect("JSON");
    let lab = &status["labs"][0];
    assert_eq!(lab["engine"], "k3s");
    let names: Vec<_> = lab["nodes"].as_array().expect("nodes").iter().map(|node| node["name"].clone()).collect();
    assert_eq!(names, NODES);

    // Through the relay, with the certificate that k3s.yaml brought.
    let kubectl = Kubectl::new(&place);
    assert_eq!(kubectl.run(&["get", "nodes", "--output=name"]), "node/primer\nnode/worker-1\n");
    assert_eq!(kubectl.run(&["auth", "whoami", "--output=jsonpath={.status.userInfo.username}"]), "system:admin");
    assert_eq!(kubectl.field("service", "kubernetes", ".spec.clusterIP"), "10.43.0.1");
    assert!(kubectl.run(&["get", "storageclass", "local-path", "--output=name"]).contains("local-path"));

    each_is_called_as_it_should_be(lab, &assets);
    commands_reach_it(&place);
    it_starts_again(&place, &assets);
    place.good(&["lab", "down"]);
    place.is_clean();
    assert_eq!(Path::new("/etc/rancher").exists(), before, "the machine's /etc is as it was");
}

fn each_is_called_as_it_should_be(lab: &Value, assets: &Path) {
    let [primer, worker] = NODES.map(|node| records(assets, node).swap_remove(0));
    let (primer, worker) = (&primer, &worker);
    for (record, role, address) in [(primer, "server", "10.77.0.1"), (worker, "agent", "10.77.0.2")] {
        let words = record["argv"].as_array().expect("words");
        assert_eq!(words[..2], [json!(role), json!("--config=/etc/rancher/k3s/config.yaml")]);
        assert_eq!(setting(record, "node-ip"), Some(address));
        assert_eq!(setting(record, "flannel-iface"), Some("eth0"));
        assert_eq!(setting(record, "token-file"), Some("/etc/rancher/k3s/token"));
        assert!(record["registries"].as_str().expect("text").contains("http://10.77.0.1:5000"), "{record}");
        assert_eq!(record["own"], json!(["/etc", "/etc/rancher", "/run", "/var/lib", "/var/log"]));
        let routes = record["routes"].as_str().expect("text");
        assert!(routes.contains("default dev eth0") && routes.contains("10.77.0.0/24 dev eth0"), "{routes}");
        // The kubelet's groups are in the lab's, so that they go with it.
        let group = lab["scratch"].as_str().and_then(|path| Path::new(path).file_name()?.to_str()).expect("a name");
        let name = setting(record, "node-name").expect("a name");
        assert!(record["config"].as_str().expect("text").contains(&format!("kubelet-cgroups=/{group}/{name}/k3s")), "{record}");
    }
    assert_eq!((setting(primer, "server"), setting(worker, "server")), (None, Some("https://10.77.0.1:6443")));

    let token = |node: usize| {
        let file = Path::new(lab["nodes"][node]["folder"].as_str().expect("a folder")).join("etc/rancher/k3s/token");
        assert_eq!(fs::metadata(&file).expect("a token").permissions().mode() & 0o777, 0o600);
        fs::read_to_string(file).expect("a token")
    };
    let (one, other) = (token(0), token(1));
    assert!(one.len() == 64 && one == other, "one token for all");
    for record in [primer, worker] {
        assert!(!record.to_string().contains(&one), "the token is in a file, and nowhere else");
        // What `node run` makes is not in the machine's /tmp, and nothing of the user's environment reaches k3s.
        assert_eq!(record["environment"]["TMPDIR"], "/run");
        let names: Vec<&String> = record["environment"].as_object().expect("variables").keys().collect();
        assert!(names.iter().all(|name| !name.starts_with("K3S_") && *name != "HOME"), "{names:?}");
    }
}

fn commands_reach_it(place: &Place) {
    let config = place.good(&["lab", "exec", "--node", "worker-1", "--", "cat", "/etc/rancher/k3s/config.yaml"]);
    assert!(config.contains("node-name: worker-1"), "{config}");
    let ping = ["lab", "exec", "--node", "worker-1", "--", "curl", "-skf", "-m", "20", "https://10.77.0.1:6443/readyz"];
    assert_eq!(place.good(&ping), "ok");
    let parts = place.good(&["lab", "logs"]);
    for name in ["primer-k3s", "worker-1-k3s", "primer-config", "mirror", "relay"] {
        assert!(parts.lines().any(|line| line == name), "{name}: {parts}");
    }
    eventually("k3s is ready", || place.good(&["lab", "logs", "primer-k3s"]).contains("`k3s server` is ready after"));

    let mut forward = place.command(&["lab", "port-forward", "10.77.0.1:6443"]).stdout(Stdio::piped()).spawn().expect("manifestgen starts");
    let mut address = String::new();
    BufReader::new(forward.stdout.take().expect("a pipe")).read_line(&mut address).expect("an address");
    let answer = Command::new("curl").args(["-skf", "-m", "20", &format!("https://{}/readyz", address.trim())]).output();
    let _ = Command::new("kill").args(["-s", "INT", &forward.id().to_string()]).status();
    assert_eq!(forward.wait().expect("it ends").code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&answer.expect("curl runs").stdout), "ok");
}

fn it_starts_again(place: &Place, assets: &Path) {
    let pid = records(assets, "worker-1")[0]["pid"].to_string();
    place.good(&["lab", "exec", "--node", "worker-1", "--", "kill", "-KILL", &pid]);
    eventually("another k3s", || records(assets, "worker-1").len() == 2);
    assert!(place.good(&["lab", "logs", "worker-1-k3s"]).contains("`k3s agent` ended with signal 9; it starts again in 1 s"));
}

#[test]
fn a_stand_in_that_only_ends_is_given_up_with_its_last_words() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let assets = assets(&place, "#!/bin/sh\necho 'level=fatal msg=\"no such backend\"'\nexit 1\n");
    let up = ["lab", "up", "--engine", "k3s", "--for", "10m", "--assets", assets.to_str().expect("UTF-8")];
    let output = place.command(&up).output().expect("manifestgen starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("k3s ends again and again, as `primer-k3s` says") && said.contains("no such backend"), "{said}");
    place.is_clean();
}

#[test]
fn killed_when_the_stand_in_has_begun_it_leaves_nothing() {
    if !possible() {
        return;
    }
    let place = Place::new();
    let assets = stand_in(&place);
    let mut command = place.command(&["lab", "up", "--engine", "k3s", "--workers", "1", "--for", "5m", "--quiet"]);
    let up = command.arg("--assets").arg(&assets).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut up = up.expect("manifestgen starts");
    eventually("k3s has begun", || !records(&assets, "primer").is_empty());
    up.kill().expect("SIGKILL");
    up.wait().expect("its end");
    place.is_clean();
}

#[test]
fn without_k3s_the_ways_out_are_said() {
    // Where the installer puts it, it is found whatever PATH says.
    let installed = ["/usr/local/bin/k3s", "/opt/bin/k3s"].iter().any(|path| Path::new(path).exists());
    if !noted("root and namespaces", may_make_namespaces()) || installed {
        return;
    }
    let place = Place::new();
    let empty = place.path().join("empty");
    fs::create_dir(&empty).expect("a folder");
    let mut command = place.command(&["lab", "up", "--engine", "k3s", "--assets", empty.to_str().expect("UTF-8")]);
    let output = command.env("PATH", &empty).env("MANIFESTGEN_CACHE", &empty).output().expect("manifestgen starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("a lab of k3s needs the program `k3s`, which is not there"), "{said}");
    assert!(said.contains("github.com/k3s-io/k3s/releases") && said.contains("`--engine kubernetes`"), "{said}");
    place.is_clean();
}
