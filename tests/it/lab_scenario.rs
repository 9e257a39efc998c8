//! The lab's stories, from the command line.

use std::fs;

use serde_json::Value;

use crate::lab_nodes::{Place, possible};
use crate::parts::part;

#[test]
fn headscale_keeps_its_state_and_its_workers() {
    if !possible() | part("headscale-0.29").is_none() | part("tailscale").is_none() | part("tailscaled").is_none() {
        return;
    }
    let place = Place::new();
    let junit = place.path().join("report.xml");
    let arguments = ["lab", "test", "headscale", "--format", "json", "--junit", junit.to_str().expect("UTF-8")];
    let output = place.command(&arguments).output().expect("manifestgen starts");
    let said = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(report["passed"], true, "{said}");
    assert_eq!(output.status.code(), Some(0));
    let steps = report["steps"].as_array().expect("steps");
    let seen = |name: &str| {
        let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step `{name}`"));
        step["seen"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(seen("/health answers on NodePort 30080"), r#"200 {"status":"pass"}"#);
    assert_eq!(seen("the workers join the mesh"), "online: worker-1, worker-2");
    assert_eq!(seen("the state is kept"), "user `lab` is there; online: worker-1, worker-2");
    assert!(fs::read_to_string(junit).expect("a report").contains("failures=\"0\""));
    place.is_clean();
}
