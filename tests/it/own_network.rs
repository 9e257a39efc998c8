//! A network of a test's own, so that it may use any port and addresses other than 127.0.0.0/8, which Kubernetes refuses as endpoints.

use std::env;
use std::process::Command;

use crate::parts::part;

/// Set in the process that runs inside of the network.
const INSIDE: &str = "MANIFESTGEN_TEST_OWN_NETWORK";

/// Runs a test inside of a network namespace that has nothing but a loopback interface with these addresses beside 127.0.0.1. The test's
/// function calls this first, with its own path, and goes on when it is told so; outside it returns.
///
/// The namespace ends with its last process. Parts that are missing are noted as [`part`] does.
pub(crate) fn enter(test: &str, addresses: &[&str]) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    let (Some(unshare), Some(ip)) = (part("unshare"), part("ip")) else { return false };
    let ip = ip.display();
    let addresses = addresses.iter().map(|address| format!("{ip} addr add {address}/32 dev lo"));
    let script: Vec<String> =
        [format!("{ip} link set lo up")].into_iter().chain(addresses).chain(["exec \"$0\" \"$@\"".to_owned()]).collect();
    let script = script.join(" && ");
    let mut command = Command::new(unshare);
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let output = command
        .args(["--net", "--", "sh", "-c", &script])
        .arg(env::current_exe().expect("the path of the tests"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        // The server that tests share is not in this network.
        .env_remove("MANIFESTGEN_TEST_KUBECONFIG")
        .output()
        .expect("unshare runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "inside of the network:\n{said}");
    assert!(said.contains("1 passed"), "no such test: {test}\n{said}");
    false
}
