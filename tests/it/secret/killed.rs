//! Killed at any moment, every file is the old or the new one, and the next run goes on.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Home, cluster, key, public};
use crate::command::Ran;

/// Moments of a run that takes so long, spread over all of it and a little more: a tenth of a hundred by default, all with
/// `MANIFESTGEN_SOAK=1`; the same parts of it each time.
pub(crate) fn moments(whole: Duration) -> impl Iterator<Item = Duration> {
    let step = if std::env::var_os("MANIFESTGEN_SOAK").is_some() { 1 } else { 10 };
    // The golden ratio spreads any number of them evenly.
    (0..100_u32).step_by(step).map(move |number| whole.mul_f64((f64::from(number) * 0.618_034).fract() * 1.2))
}

fn killed(home: &Home, arguments: &[&str], moment: Duration) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
        .arg("secret")
        .args(arguments)
        .arg("-i")
        .arg(key("age"))
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("XDG_STATE_HOME", home.path().join(".state"))
        .env("EDITOR", "sh -c 'echo changed-$$ > \"$1\"' x")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    sleep(moment);
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
}

/// The encrypted files as they lie there.
fn encrypted(home: &Home) -> Vec<(String, Vec<u8>)> {
    home.encrypted().into_iter().map(|file| (file.clone(), home.read(&file))).collect()
}

/// Kills a run; then each file is the one from before or the one that the next command makes of what was left.
fn old_or_new(home: &Home, arguments: &[&str], moment: Duration) -> Ran {
    let old = encrypted(home);
    killed(home, arguments, moment);
    let left = encrypted(home);
    let checked = home.run(&["check", "--format", "json"]);
    let new = encrypted(home);
    assert_eq!((old.len(), left.len()), (new.len(), new.len()), "{arguments:?} {moment:?}");
    for (at, file) in left.iter().enumerate() {
        assert!(*file == old[at] || *file == new[at], "{arguments:?} {moment:?}: {}", file.0);
    }
    checked
}

#[test]
fn a_killed_run_leaves_old_or_new_files_that_decrypt() {
    let home = Home::made();
    let clusters = [cluster(), cluster().replace(&public("host-ed25519"), &public("ssh-rsa"))];
    let started = Instant::now();
    home.run(&["rotate", "noise", "ca", "k3s-token"]).good();
    for (turn, moment) in moments(started.elapsed()).enumerate() {
        home.write("cluster.yaml", &clusters[(turn + 1) % 2]);
        // Completed or undone: all files are for the old recipients, or all for the new ones.
        let checked = old_or_new(&home, &["rekey"], moment);
        let report: serde_json::Value = serde_json::from_slice(&checked.stdout).expect("JSON");
        assert_eq!(report["error"], serde_json::Value::Null, "{moment:?}");
        let rules: Vec<&str> =
            report["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["rule"].as_str()).collect();
        let wrong = rules.iter().filter(|rule| **rule != "secret/exposed").count();
        assert!(wrong == 0 || rules.iter().filter(|rule| **rule == "secret/recipients").count() == 6, "{moment:?}: {rules:?}");
        home.run(&["rekey"]).good();

        for arguments in [&["rotate", "noise", "ca", "k3s-token"][..], &["edit", "mail"]] {
            let checked = old_or_new(&home, arguments, moment);
            assert_eq!(checked.code, 0, "{arguments:?} {moment:?}: {}", checked.stderr);
        }
        assert_eq!(home.files().iter().filter(|file| file.contains("/.")).count(), 0);
    }
    // What a killed editor left in memory goes.
    home.command(&["edit", "mail"], "age").env("EDITOR", "true").run().good();
}
