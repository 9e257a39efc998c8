//! Both ways with Debian's age: X25519, ssh-ed25519 and ssh-rsa, binary and armored.

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
