//! The way into a cluster that k3s writes down on its server.

use std::path::Path;

use serde_json::{Value, json};

use crate::source::Sources;
use crate::yaml::{self, Limits};

/// What has to be there; k3s does not write its file at once.
const WHOLE: [&str; 3] =
    ["/clusters/0/cluster/certificate-authority-data", "/users/0/user/client-certificate-data", "/users/0/user/client-key-data"];

/// The kubeconfig in a file; none while it is not all there.
pub(super) fn read(path: &Path) -> Option<Value> {
    of(&std::fs::read_to_string(path).ok()?)
}

fn of(text: &str) -> Option<Value> {
    let mut sources = Sources::new();
    let source = sources.add("k3s.yaml".to_owned(), text);
    let documents = yaml::parse(source, text, Limits::CONFIG).ok()?;
    let [document] = documents.as_slice() else { return None };
    let kubeconfig = document.to_json();
    let is_there = |pointer: &str| kubeconfig.pointer(pointer).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    WHOLE.into_iter().all(is_there).then_some(kubeconfig)
}

/// The same by a port of 127.0.0.1, for which the server's certificate is good (docs.k3s.io/cli/server, `--tls-san`).
pub(super) fn at(mut kubeconfig: Value, port: u16) -> Option<Value> {
    let server = kubeconfig.pointer_mut("/clusters/0/cluster")?.as_object_mut()?;
    server.insert("server".to_owned(), json!(format!("https://127.0.0.1:{port}")));
    Some(kubeconfig)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Y2E=
    server: https://127.0.0.1:6443
  name: default
contexts:
- context:
    cluster: default
    user: default
  name: default
current-context: default
kind: Config
preferences: {}
users:
- name: default
  user:
    client-certificate-data: Y3J0
    client-key-data: a2V5
";

    #[test]
    fn it_is_taken_when_it_is_whole() {
        let whole = of(WRITTEN).expect("all of it");
        assert_eq!(whole["users"][0]["user"]["client-key-data"], "a2V5");
        // Cut off after each line, as a reader may find it.
        let lines: Vec<&str> = WRITTEN.lines().collect();
        for length in 0..lines.len() {
            assert_eq!(of(&lines[..length].join("\n")), None, "{length} lines");
        }
    }

    #[test]
    fn it_leads_through_the_relay() {
        let there = at(of(WRITTEN).expect("all of it"), 4321).expect("a cluster");
        assert_eq!(there["clusters"][0]["cluster"], json!({"certificate-authority-data": "Y2E=", "server": "https://127.0.0.1:4321"}));
        assert_eq!(there["current-context"], "default");
        assert_eq!(at(json!({}), 1), None);
    }
}
