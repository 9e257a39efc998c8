//! Both ways with Debian's age: X25519, ssh-ed25519 and ssh-rsa, binary and armored.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{Home, key, public};
use crate::parts::part;

fn age(age: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(age).args(arguments).stdin(Stdio::null()).output().expect("age runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

const KEYS: [&str; 3] = ["age", "host-ed25519", "ssh-rsa"];

fn for_all(armor: bool) -> String {
    let keys: Vec<String> = KEYS.iter().map(|name| public(name)).collect();
    format!(
        "cluster: {{name: test}}\nrecipients: {{all: [{}]}}\nsecrets: [{{name: token, armor: {armor}, deliver: [{{type: tailscale-auth-key}}]}}]\n",
        keys.join(", ")
    )
}

#[test]
fn age_reads_what_we_write() {
    let Some(program) = part("age") else { return };
    for armor in [false, true] {
        let home = Home::new(&for_all(armor));
        home.command(&["create", "token", "--from", "-"], "age").input("value of\na secret\n").run().good();
        let file = home.path().join("secrets/token.age");
        assert_eq!(home.read("secrets/token.age").starts_with(b"-----BEGIN"), armor);
        for name in KEYS {
            let plain = age(&program, &["-d", "-i", key(name).to_str().expect("text"), file.to_str().expect("text")]);
            assert_eq!(plain, b"value of\na secret\n", "{name}");
        }
    }
}

/// As the agenix CLI does: it runs age with the keys that `secrets.nix` names.
#[test]
fn we_read_what_age_writes_and_take_it_when_told() {
    let Some(program) = part("age") else { return };
    for armor in [false, true] {
        let home = Home::new(&for_all(armor));
        home.command(&["create", "token", "--from", "-"], "age").input("old").run().good();
        home.write("plain", "new");
        let keys: Vec<String> = KEYS.iter().map(|name| public(name)).collect();
        let mut arguments = vec!["-o", "secrets/token.age", "-e"];
        arguments.extend(keys.iter().flat_map(|key| ["-r", key.as_str()]));
        arguments.extend(armor.then_some("-a"));
        arguments.push("plain");
        let done = Command::new(&program).args(&arguments).current_dir(home.path()).status().expect("age runs");
        assert!(done.success());

        let checked = home.run(&["check"]);
        assert!(checked.code == 1 && checked.stderr.contains("is not the file that was written for `token` last"), "{}", checked.stderr);
        assert_eq!(home.run(&["rotate", "token"]).code, 3);
        home.run(&["rekey", "--trust"]).good();
        for name in KEYS {
            assert_eq!(home.command(&["check"], name).run().code, 0, "{name}");
        }
        let file = home.path().join("secrets/token.age");
        assert_eq!(age(&program, &["-d", "-i", key("age").to_str().expect("text"), file.to_str().expect("text")]), b"new");
    }
}

/// A folder that agenix and Debian's age made becomes ours, with the values that it had.
#[test]
fn a_folder_of_agenix_is_taken_over() {
    let fixture = |name: &str| fs::read_to_string(key("agenix").join(name)).expect("a fixture");
    let nix = fixture("secrets.nix");
    // As agenix has it: `let NAME = "KEY"; …`.
    let keys: Vec<&str> = nix.lines().filter_map(|line| line.split_once(" = \"")?.1.strip_suffix("\";")).collect();
    assert_eq!(keys.len(), 2);
    let home = Home::new(&format!(
        "\
cluster: {{name: test}}
nodes: [{{name: primer, role: server, hostKeys: [{}]}}]
recipients: {{test: [{}]}}
headscale: {{useAgenixSecrets: true}}
secrets:
  - {{name: headscale-noise, make: {{type: noise-key}}, deliver: [{{type: headscale-noise-key}}]}}
  - {{name: headscale-derp, make: {{type: noise-key}}, deliver: [{{type: headscale-derp-key}}]}}
",
        keys[1], keys[0]
    ));
    fs::create_dir(home.path().join("secrets")).expect("a folder");
    for name in ["headscale-noise.age", "headscale-derp.age", "secrets.nix"] {
        fs::copy(key("agenix").join(name), home.path().join("secrets").join(name)).expect("copied");
    }
    let before = home.read("secrets/headscale-noise.age");
    let refused = home.command(&["rotate", "headscale-noise"], "agenix/test-age-key.txt").run();
    assert!(refused.code == 3 && refused.stderr.contains("was written by another tool"), "{}", refused.stderr);
    assert_eq!(home.read("secrets/headscale-noise.age"), before);
    home.command(&["rekey", "--trust"], "agenix/test-age-key.txt").run().good();
    for identity in ["agenix/test-age-key.txt", "agenix/test-ssh-key"] {
        assert_eq!(home.command(&["check"], identity).run().code, 0, "{identity}");
    }
    let Some(program) = part("age") else { return };
    for name in ["headscale-noise.age", "headscale-derp.age"] {
        let opened = |folder: &Path| {
            age(&program, &["-d", "-i", key("agenix/test-ssh-key").to_str().expect("text"), folder.join(name).to_str().expect("text")])
        };
        let value = opened(&home.path().join("secrets"));
        assert!(value.starts_with(b"privkey:") && value == opened(&key("agenix")), "{name}");
    }
}

/// Nix itself reads what is written for agenix.
#[test]
fn nix_reads_the_files_of_agenix() {
    let Some(nix) = part("nix-instantiate") else { return };
    let home = Home::made();
    let eval = |expression: &str| -> serde_json::Value {
        let output = Command::new(&nix)
            .args(["--eval", "--strict", "--json", "--expr", expression])
            .current_dir(home.path())
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .output()
            .expect("nix-instantiate runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let keys = eval("(import ./secrets/secrets.nix).\"noise.age\".publicKeys");
    assert_eq!(keys, serde_json::json!([public("age"), public("host-ed25519")]));
    assert_eq!(eval("(import ./secrets/secrets.nix).\"wg.age\".armor"), true);
    let primer = eval("builtins.mapAttrs (name: secret: secret // { file = toString secret.file; }) (import ./secrets/nodes.nix).primer");
    let base = home.path().canonicalize().expect("a folder");
    let file = |name: &str| base.join("secrets").join(name).to_str().expect("text").to_owned();
    assert_eq!(
        primer["k3s-token"],
        serde_json::json!({"file": file("k3s-token.age"), "path": "/run/agenix/k3s-token", "owner": "root", "group": "root", "mode": "0400"})
    );
    assert_eq!(primer["index-key"]["file"], file("index-key.age"));
    assert!(primer.get("ca").is_none(), "the key of the CA is not for nodes");
}
