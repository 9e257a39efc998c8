//! Killed at any moment, every file is the old or the new one, and the next run goes on.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::{Home, cluster, key, public};

/// Moments in microseconds: a tenth of them by default, all with `MANIFESTGEN_SOAK=1`; the same ones each time.
fn moments() -> impl Iterator<Item = u64> {
    let step = if std::env::var_os("MANIFESTGEN_SOAK").is_some() { 1 } else { 10 };
    (0..100_u64).step_by(step).map(|number| number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(number) % 400_000)
}

fn killed(home: &Home, arguments: &[&str], moment: u64) {
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
    sleep(Duration::from_micros(moment));
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");
}

#[test]
fn a_killed_run_leaves_old_or_new_files_that_decrypt() {
    let home = Home::made();
    let clusters = [cluster(), cluster().replace(&public("host-ed25519"), &public("ssh-rsa"))];
    for (turn, moment) in moments().enumerate() {
        home.write("cluster.yaml", &clusters[(turn + 1) % 2]);
        killed(&home, &["rekey"], moment);
        // Completes or undoes: all files are for the old recipients, or all for the new ones.
        let checked = home.run(&["check", "--format", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&checked.stdout).expect("JSON");
        assert_eq!(report["error"], serde_json::Value::Null, "{moment}");
        let rules: Vec<&str> =
            report["findings"].as_array().expect("a list").iter().filter_map(|finding| finding["rule"].as_str()).collect();
        let wrong = rules.iter().filter(|rule| **rule != "secret/exposed").count();
        assert!(wrong == 0 || rules.iter().filter(|rule| **rule == "secret/recipients").count() == 6, "{moment}: {rules:?}");
        home.run(&["rekey"]).good();

        killed(&home, &["rotate", "noise", "ca", "k3s-token"], moment);
        killed(&home, &["edit", "mail"], moment);
        let checked = home.run(&["check"]);
        assert_eq!(checked.code, 0, "{moment}: {}", checked.stderr);
        assert_eq!(home.files().iter().filter(|file| file.contains("/.")).count(), 0);
    }
}
