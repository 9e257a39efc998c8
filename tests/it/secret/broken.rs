//! Wrong identities and wrong files: one clear message, exit code 2 or 3, and nothing lost.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::{Home, cluster, key, public};
use crate::command::Ran;

fn said(home: &Home, arguments: &[&str], identity: &str) -> String {
    let before: Vec<_> = home.files().iter().map(|file| (file.clone(), home.read(file))).collect();
    let ran = home.command(arguments, identity).run();
    let after: Vec<_> = home.files().iter().map(|file| (file.clone(), home.read(file))).collect();
    assert!(before == after, "a file was changed: {}", ran.stderr);
    assert!(matches!(ran.code, 2 | 3), "{}: {}", ran.code, ran.stderr);
    format!("exit code {}\n{}", ran.code, ran.stderr.replace(key("").to_str().expect("text"), "KEYS/"))
}

#[test]
fn a_wrong_identity() {
    let home = Home::made();
    insta::assert_snapshot!(said(&home, &["rotate", "noise"], "other-age"), @"
    exit code 2
    using `cluster.yaml`
    error: `secrets/index-key.age` cannot be decrypted: tried `KEYS/other-age`
    hint: name a file with a private key of one of its recipients: `-i FILE`
    ");
    insta::assert_snapshot!(said(&home, &["rotate", "noise"], "age.pub"), @"
    exit code 2
    using `cluster.yaml`
    error: `KEYS/age.pub` holds no identity
    hint: an identity is a file of `age-keygen` or a private key of SSH; the `.pub` file beside it is the recipient
    ");
    insta::assert_snapshot!(said(&home, &["rotate", "noise"], "missing"), @"
    exit code 2
    using `cluster.yaml`
    error: there is no identity file `KEYS/missing`
      caused by: No such file or directory (os error 2)
    ");
}

#[test]
fn a_missing_recipient() {
    let home = Home::made();
    let text = cluster().replace(&public("age"), "").replace(&public("host-ed25519"), "");
    home.write("cluster.yaml", text);
    insta::assert_snapshot!(said(&home, &["rekey"], "age").lines().filter(|line| !line.contains('|')).take(4).collect::<Vec<_>>().join("\n"), @"
    exit code 2
    using `cluster.yaml`
    error[config/secret]: nobody could decrypt `k3s-token`: it has no recipient
     --> cluster.yaml:8:5
    ");
}

#[test]
fn a_corrupted_file() {
    let home = Home::made();
    let whole = home.read("secrets/noise.age");
    let mut flipped = whole.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for bytes in [&whole[..whole.len() / 2], &flipped, b"", b"privkey:plain"] {
        home.write("secrets/noise.age", bytes);
        assert!(said(&home, &["rotate", "noise"], "age").contains("`secrets/noise.age` is not the file that was written for `noise` last"));
        assert!(said(&home, &["rekey", "--trust"], "age").contains("`secrets/noise.age` is damaged, or no age file"));
        let checked = home.run(&["check"]);
        assert_eq!(checked.code, 1, "{}", checked.stderr);
    }
    home.write("secrets/noise.age", whole);
    assert_eq!(home.run(&["check"]).code, 0);
}

#[test]
fn a_swapped_file() {
    let home = Home::made();
    let (noise, token) = (home.read("secrets/noise.age"), home.read("secrets/k3s-token.age"));
    home.write("secrets/noise.age", &token);
    home.write("secrets/k3s-token.age", &noise);
    insta::assert_snapshot!(said(&home, &["rekey"], "age"), @"
    exit code 3
    using `cluster.yaml`
    error: `secrets/k3s-token.age` is not the file that was written for `k3s-token` last
    hint: restore it, from version control for instance
    hint: `secret rekey --trust` takes the files as they are; look at each value first
    ");
    let checked = home.run(&["check"]).stderr;
    assert_eq!(checked.matches("error[secret/changed]").count(), 2, "{checked}");
    // Whoever swaps the names in the index as well does not have its key.
    let index = String::from_utf8(home.read("secrets/index.json")).expect("text");
    let swapped = index.replace("\"noise\"", "\"x\"").replace("\"k3s-token\"", "\"noise\"").replace("\"x\"", "\"k3s-token\"");
    home.write("secrets/index.json", swapped);
    assert!(said(&home, &["rekey"], "age").contains("was changed by somebody who does not have its key"));
}

#[test]
fn an_older_state_and_another_key_of_the_index() {
    let home = Home::made();
    let old: Vec<_> = home.files().iter().map(|file| (file.clone(), home.read(file))).collect();
    home.run(&["rotate", "noise"]).good();
    let new: Vec<_> = home.files().iter().map(|file| (file.clone(), home.read(file))).collect();
    for (file, bytes) in &old {
        home.write(file, bytes);
    }
    assert!(said(&home, &["rotate", "noise"], "age").contains("are older than those that this machine saw last"));
    for (file, bytes) in &new {
        home.write(file, bytes);
    }
    assert_eq!(home.run(&["check"]).code, 0);

    // Anybody can make a whole set of files for public keys.
    let forged = Home::made();
    for file in forged.files() {
        home.write(&file, forged.read(&file));
    }
    assert!(said(&home, &["rotate", "noise"], "age").contains("protected by another key than this machine saw last"));
}

#[test]
fn a_folder_that_cannot_be_written() {
    let home = Home::made();
    let folder = home.path().join("secrets");
    let run = |arguments: &[&str]| {
        // Permissions hold root back only without its right to ignore them.
        let mut command = if rustix::process::geteuid().is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-dac_override,-dac_read_search", "--"]);
            command.arg(env!("CARGO_BIN_EXE_manifestgen"));
            command
        } else {
            Command::new(env!("CARGO_BIN_EXE_manifestgen"))
        };
        command
            .args(arguments)
            .arg("-i")
            .arg(home.path().join("identity"))
            .current_dir(home.path())
            .env_remove("HOME")
            .env_remove("XDG_STATE_HOME");
        Ran::from(command.output().expect("the binary runs"))
    };
    home.write("identity", fs::read(key("age")).expect("the key"));
    let mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
    for file in home.files() {
        mode(&home.path().join(file), 0o444);
    }
    for file in ["identity", "cluster.yaml"] {
        mode(&home.path().join(file), 0o444);
    }
    mode(home.path(), 0o755);
    mode(&folder, 0o555);
    let before: Vec<_> = home.files().iter().map(|file| home.read(file)).collect();
    let rotated = run(&["secret", "rotate", "noise"]);
    let checked = run(&["secret", "check"]);
    mode(&folder, 0o755);
    assert_eq!((rotated.code, checked.code), (3, 0), "{} {}", rotated.stderr, checked.stderr);
    assert!(rotated.stderr.contains("cannot be written"), "{}", rotated.stderr);
    assert_eq!(before, home.files().iter().map(|file| home.read(file)).collect::<Vec<_>>());
}

#[test]
fn values_that_nobody_gives_are_asked_for() {
    let home = Home::new(&cluster());
    insta::assert_snapshot!(home.run(&["create"]).shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    made `k3s-token` in `secrets/k3s-token.age`
    made `noise` in `secrets/noise.age`
    made `wg` in `secrets/wg.age`, its public part in `secrets/wg.pub`
    made `ssh` in `secrets/ssh.age`, its public part in `secrets/ssh.pub`
    made `ca` in `secrets/ca.age`, its public part in `secrets/ca.crt`
    made `web` in `secrets/web.age`, its public part in `secrets/web.crt`
    error: the value of `mail` must be given, and there is no terminal to ask for it
    hint: `manifestgen secret create mail --from FILE`; `--from -` reads stdin
    ");
    insta::assert_snapshot!(home.command(&["create", "mail", "--from", "-"], "age").input("").run().shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: the value of `mail` is empty
    hint: nothing was changed
    ");
    insta::assert_snapshot!(home.run(&["create", "noise"]).shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: the secret `noise` has a file already
    hint: `secret rotate noise` makes a new value, `secret edit noise` changes it
    ");
    insta::assert_snapshot!(home.run(&["create", "nois"]).shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: there is no secret `nois` in `secrets`
    hint: did you mean `noise`?
    ");
}
