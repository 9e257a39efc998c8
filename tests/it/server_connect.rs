//! `validate --server=live`: every way not to reach a cluster has its own message, and exit code 3.

use std::fs;

use serde_json::{Value, json};

use crate::command::{Run, folder};
use crate::lab_server::kubeconfig;

const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: connect\n  namespace: default\n";

/// What a run says that uses the shared server's kubeconfig, changed.
fn with(change: impl FnOnce(&mut Value), arguments: &[&str]) -> Option<(i32, String)> {
    let mut kubeconfig: Value = serde_json::from_slice(&fs::read(kubeconfig()?).expect("a kubeconfig")).expect("JSON");
    change(&mut kubeconfig);
    let folder = folder();
    fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).expect("written");
    let ran = Run::new(folder.path(), &[&["validate", "--server=live", "-f", "-"], arguments].concat())
        .env("KUBECONFIG", folder.path().join("kubeconfig"))
        .input(MANIFEST)
        .run();
    Some((ran.code, ran.stderr))
}

#[track_caller]
fn refused(said: Option<(i32, String)>, texts: &[&str]) {
    let Some((code, stderr)) = said else { return };
    for text in texts {
        assert!(stderr.contains(text), "`{text}` is not in:\n{stderr}");
    }
    assert_eq!(code, 3, "{stderr}");
}

#[test]
fn the_current_context_is_asked() {
    let Some((code, stderr)) = with(|_| (), &[]) else { return };
    assert_eq!(code, 0, "{stderr}");
}

#[test]
fn no_kubeconfig() {
    let folder = folder();
    let ran = Run::new(folder.path(), &["validate", "--server=live", "-f", "-"]).env("KUBECONFIG", "/nonexistent/config").input(MANIFEST);
    let ran = ran.run();
    refused(Some((ran.code, ran.stderr)), &["there is no kubeconfig `/nonexistent/config`", "set KUBECONFIG"]);
}

#[test]
fn no_such_context() {
    let said = with(|_| (), &["--context", "manifestgen-lap"]);
    refused(said, &["has no context `manifestgen-lap`; it has `manifestgen-lab`", "did you mean `manifestgen-lab`?"]);
}

#[test]
fn no_current_context() {
    let said = with(|kubeconfig| kubeconfig["current-context"] = "".into(), &[]);
    refused(said, &["has no current context; it has `manifestgen-lab`", "name one with `--context`"]);
}

#[test]
fn nobody_answers() {
    let said = with(|kubeconfig| kubeconfig["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1".into(), &[]);
    refused(said, &["the API server of context `manifestgen-lab` cannot be reached"]);
}

#[test]
fn another_authority() {
    let said = with(|kubeconfig| kubeconfig["clusters"][0]["cluster"]["tls-server-name"] = "example.com".into(), &[]);
    refused(said, &["the API server of context `manifestgen-lab` cannot be reached"]);
}

#[test]
fn credentials_that_are_not_accepted() {
    let said = with(|kubeconfig| kubeconfig["users"][0]["user"] = json!({"token": "nonsense"}), &[]);
    refused(said, &["the API server of context `manifestgen-lab` does not accept its credentials", "log in again"]);
    let Some((_, stderr)) = with(|kubeconfig| kubeconfig["users"][0]["user"] = json!({"token": "nonsense"}), &[]) else { return };
    assert!(!stderr.contains("nonsense"), "{stderr}");
}

#[test]
fn a_user_who_may_not_ask() {
    let said = with(
        |kubeconfig| {
            kubeconfig["users"][0]["user"]["as"] = "somebody".into();
            kubeconfig["users"][0]["user"]["as-groups"] = json!(["system:authenticated"]);
        },
        &[],
    );
    refused(
        said,
        &[
            "the API server does not allow it: ",
            "User \"somebody\" cannot patch resource \"configmaps\"",
            "a dry run needs the same permissions",
        ],
    );
}
