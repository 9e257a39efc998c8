//! The cases that tests/nix plays with the VM tests' side, too.

use std::fs;
use std::path::{Path, PathBuf};

use futures_util::future::FutureExt as _;
use serde_json::{Value, json};
use tokio::process::Command;

use super::*;
use crate::diag::NoProgress;

/// This machine, as three nodes.
struct Here {
    folder: PathBuf,
    /// Actions say their names; which one it is comes from the list.
    acts: Vec<String>,
}

impl Here {
    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Stage for Here {
    fn nodes(&self) -> Vec<NodeInfo> {
        let node = |(number, name): (u8, &str)| NodeInfo {
            name: name.to_owned(),
            address: [192, 168, 1, number].into(),
            pid: 0,
            folder: self.folder.clone(),
        };
        (1..).zip(["primer", "worker1", "worker2"]).map(node).collect()
    }

    fn shell(&self, _node: usize, program: &str) -> Result<Command> {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).env_remove("HOME");
        Ok(command)
    }
}

/// Says the name of the next action.
fn act(here: &mut Here) -> LocalBoxFuture<'_, Seen<()>> {
    let name = here.acts.remove(0);
    let text = format!("{}{name}\n", here.log());
    fs::write(here.folder.join("log"), text).expect("a log");
    async { Ok(((), None)) }.boxed_local()
}

fn played(list: &List, actions: &[&str], folder: &Path) -> (String, String) {
    let mut here = Here { folder: folder.to_owned(), acts: actions.iter().map(|name| (*name).to_owned()).collect() };
    let actions: Vec<(&str, Action<Here>)> = actions.iter().map(|id| (*id, act as Action<Here>)).collect();
    let mut recorder = Recorder::new("cases", &[], &NoProgress);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(play(list, &actions, &mut recorder, &mut here)).expect("no interruption");
    let report = recorder.finish();
    let failed = report.steps.iter().position(|step| step.failure.is_some());
    (here.log(), failed.map_or_else(|| "good".to_owned(), |at| list.steps[at].id.clone()))
}

#[test]
fn cases() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../../../../fixtures/steps/cases.json")).expect("JSON");
    for case in cases {
        let list = json!({"vm": "none", "values": case["values"].as_object().cloned().unwrap_or_default(), "steps": case["steps"]});
        let list: List = serde_json::from_value(list).expect("a list");
        let actions: Vec<&str> = case["actions"].as_array().expect("actions").iter().filter_map(Value::as_str).collect();
        let problems = list.problems(&actions);
        assert_eq!(json!(problems), case.get("problems").cloned().unwrap_or(json!([])), "{}", case["name"]);
        if problems.is_empty() {
            let folder = tempfile::tempdir().expect("a folder");
            let (log, ends) = played(&list, &actions, folder.path());
            let lines: Vec<&str> = case["log"].as_array().expect("a log").iter().filter_map(Value::as_str).collect();
            assert_eq!((log.trim_end(), &json!(ends)), (lines.join("\n").as_str(), &case["ends"]), "{}", case["name"]);
        }
    }
}

#[test]
fn what_only_the_vm_test_plays_is_said_and_not_done() {
    let steps = json!([{"id": "reboot", "says": "a reboot", "only": {"vm": "no power"}, "checks": [{"run": "false"}]}]);
    let text = json!({"vm": "cluster-x", "steps": steps}).to_string();
    let list = List::read(&text, &[]).expect("a list");
    let mut recorder = Recorder::new("cases", &[], &NoProgress);
    let mut here = Here { folder: PathBuf::from("/nowhere"), acts: Vec::new() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(play(&list, &[], &mut recorder, &mut here)).expect("no interruption");
    let report = recorder.finish();
    assert!(report.passed);
    assert_eq!(report.steps[0].skipped.as_deref(), Some("only in the VM test cluster-x: no power"));
    let error = List::read(&text, &["reboot"]).expect_err("an action for it is a mistake");
    assert_eq!(error.message, "the list of `cluster-x`: step `reboot` is left out here and has an action");
}
