//! `node preflight` on the machine that runs the tests: whatever it finds, it says it whole and changes nothing.

use serde_json::Value;

use crate::command::{Run, folder, folder_with};

#[test]
fn a_machine_is_judged_in_words_and_as_a_document() {
    let folder = folder();
    let words = Run::new(folder.path(), &["node", "preflight", "--profile", "primer"]).run();
    let ran = Run::new(folder.path(), &["node", "preflight", "--profile", "primer", "--format", "json"]).run();
    assert_eq!(words.code, ran.code, "{}", words.shown());
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.shown()));
    assert_eq!((&document["version"], &document["node"], &document["role"]), (&1.into(), &"primer".into(), &"server".into()));
    let checks = document["checks"].as_array().expect("checks");
    let fails = checks.iter().filter(|check| check["outcome"] == "fail").count();
    assert_eq!(ran.code, i32::from(fails > 0), "{}", ran.shown());
    assert_eq!(document["fit"], fails == 0);
    let about = |name: &str| checks.iter().find(|check| check["about"] == name).unwrap_or_else(|| panic!("{name}: {document}"));
    // What every Linux tells.
    for name in ["user", "processors", "memory", "kernel", "disk", "cgroups", "host name", "clock"] {
        assert_ne!(about(name)["outcome"], "unknown", "{document}");
    }
    for check in checks {
        assert_eq!(check["fix"].is_null(), check["outcome"] == "pass", "{check}");
        let line = format!("{}: {}", check["about"].as_str().expect("text"), check["message"].as_str().expect("text"));
        assert!(words.shown().contains(&line), "{line}: {}", words.shown());
    }
}

#[test]
fn a_port_that_is_taken_is_found_with_its_holder() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let folder = folder_with(&format!(
        "cluster: {{name: a}}\nnodes:\n  - name: b\n    role: server\n    k3s: {{server: {{httpsListenPort: {port}}}}}\n"
    ));
    let ran = Run::new(folder.path(), &["node", "preflight", "--format", "json"]).run();
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.shown()));
    let taken = document["checks"].as_array().expect("checks").iter().find(|check| check["about"] == format!("port {port}/tcp"));
    let taken = taken.unwrap_or_else(|| panic!("{document}"));
    assert_eq!(taken["outcome"], "fail");
    assert!(taken["message"].as_str().is_some_and(|text| text.contains("listens on it, and the API server needs it")), "{taken}");
    assert!(taken["message"].as_str().is_some_and(|text| text.contains(&format!("(process {})", std::process::id()))), "{taken}");
}

#[test]
fn the_node_must_be_one_of_the_config() {
    let folder =
        folder_with("cluster: {name: a}\nnodes:\n  - {name: b, role: server, address: 10.0.0.1}\n  - {name: c, address: 10.0.0.2}\n");
    insta::assert_snapshot!(Run::new(folder.path(), &["node", "preflight", "d"]).run().shown(), @"
    exit code 2
    --- stderr
    using `cluster.yaml`
    error: there is no node `d`
    hint: there are `b`, `c`
    ");
    let ran = Run::new(folder.path(), &["node", "preflight", "c", "--format", "json"]).run();
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.shown()));
    assert_eq!(document["role"], "agent");
}
