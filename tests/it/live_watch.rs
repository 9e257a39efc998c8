//! `status --watch` on a release that changes under it.

use std::io::{BufRead, BufReader};

use serde_json::{Value, json};

use crate::command::Ended;
use crate::live_world::{World, interrupt};

#[test]
fn each_change_of_a_release_is_a_line_and_nothing_else_is() {
    let Some(world) = World::new("status-watch") else { return };
    world.write(&[world.config_map("a", json!({})), world.deployment("d")]);
    world.apply(&[]);

    let arguments = ["status", "--watch", "--format", "json", "--name", &world.name, "--state-namespace", &world.name];
    let mut watch = Ended(world.prepared(&arguments).start());
    let mut lines = BufReader::new(watch.0.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().expect("a line").expect("UTF-8")).expect("a document") };
    let healths = |report: &Value| -> Vec<String> {
        let objects = report["objects"].as_array().expect("objects").iter();
        objects
            .map(|object| format!("{} {}", object["object"]["kind"].as_str().expect("a kind"), object["health"].as_str().expect("a word")))
            .collect()
    };

    let first = next();
    assert_eq!(
        (healths(&first), &first["healthy"]),
        (vec!["ConfigMap current".to_owned(), "Deployment inProgress".to_owned()], &json!(false))
    );

    let status =
        json!({"status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}});
    world.kubectl(&["patch", "deployment", "d", "-n", &world.name, "--subresource=status", "--type=merge", "-p", &status.to_string()]);
    let second = next();
    assert_eq!(
        (healths(&second), &second["healthy"]),
        (vec!["ConfigMap current".to_owned(), "Deployment current".to_owned()], &json!(true))
    );

    // What is of no consequence for the report is no line: the next one is about the ConfigMap that goes after it.
    world.kubectl(&["annotate", "configmap", "a", "-n", &world.name, "note=1"]);
    std::thread::sleep(std::time::Duration::from_secs(4));
    world.kubectl(&["delete", "configmap", "a", "-n", &world.name]);
    let third = next();
    assert_eq!(
        (healths(&third), &third["healthy"]),
        (vec!["ConfigMap notFound".to_owned(), "Deployment current".to_owned()], &json!(false))
    );

    interrupt(watch.0.id());
    assert_eq!(watch.0.wait().expect("it ends").code(), Some(130));
}
