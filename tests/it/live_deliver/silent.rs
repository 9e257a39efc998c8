//! What others see of a delivery.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::Deliveries;
use crate::secret::key;

/// Nothing of a value is in what is said, in what is recorded, or in what others see of the process.
#[test]
fn a_delivery_tells_nobody() {
    let Some(home) = Deliveries::new("deliver-silent") else { return };
    home.made();
    let mut child = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
        .args(["secret", "deliver", "--state-namespace", &home.world.name, "-i"])
        .arg(key("age"))
        .current_dir(home.world.folder())
        .env("KUBECONFIG", home.world.kubeconfig())
        .env("XDG_STATE_HOME", home.world.folder().join(".state"))
        .env("TMPDIR", home.world.folder())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut seen = Vec::new();
    while child.try_wait().expect("its state").is_none() {
        for file in ["cmdline", "environ"] {
            seen.extend(fs::read(format!("/proc/{}/{file}", child.id())).unwrap_or_default());
        }
        sleep(Duration::from_millis(1));
    }
    assert!(!seen.is_empty());
    let output = child.wait_with_output().expect("its output");
    assert!(output.status.success());
    seen.extend(output.stdout);
    seen.extend(output.stderr);
    seen.extend(home.world.get("configmap", &format!("manifestgen-secrets.{}", home.world.name)).to_string().into_bytes());
    for name in ["mail", "web", "repo"] {
        seen.extend(home.world.get("secret", name)["metadata"].to_string().into_bytes());
    }
    for entry in fs::read_dir(home.world.folder()).expect("a folder").flatten().filter(|entry| entry.path().is_file()) {
        seen.extend(fs::read(entry.path()).expect("a file"));
    }
    let text = String::from_utf8_lossy(&seen);
    let (mail, repo) = (home.values("mail"), home.values("repo"));
    for value in [&mail["password"], &mail["token"], &repo["password"]] {
        assert!(!text.contains(value.as_str()) && !text.contains(&BASE64_STANDARD.encode(value)), "{value}");
    }
}
