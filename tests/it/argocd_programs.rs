//! What the real `argocd` says about rendered configs: what the RBAC policy allows, whether it takes the settings, and what the health
//! check of Applications answers.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use manifestgen::yaml;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::argocd::{everything, release};
use crate::parts::part;

/// A folder with the rendered ConfigMaps and a home without a cluster.
struct Configs {
    folder: TempDir,
}

impl Configs {
    fn of(section: &Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let release = release(section);
        for object in release.objects().iter().filter(|object| object.kind() == "ConfigMap" || object.kind() == "Secret") {
            let text = yaml::to_string(object).expect("YAML");
            fs::write(folder.path().join(format!("{}.yaml", object.name())), text).expect("a file");
        }
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "none",
            "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
            "clusters": [{"name": "none", "cluster": {"server": "https://127.0.0.1:1"}}],
            // Without credentials it asks for some on the terminal; no server is asked in the end.
            "users": [{"name": "none", "user": {"token": "none"}}],
        });
        fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).expect("a file");
        Self { folder }
    }

    fn run(&self, argocd: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(argocd);
        command.args(arguments).current_dir(self.folder.path()).env("HOME", self.folder.path());
        command.env("KUBECONFIG", self.folder.path().join("kubeconfig")).output().expect("argocd runs")
    }

    /// Standard output of a command that has to succeed.
    fn said(&self, argocd: &Path, arguments: &[&str]) -> String {
        let output = self.run(argocd, arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    fn allows(&self, argocd: &Path, subject: &str, action: &str, resource: &str, object: &str) -> bool {
        let can = ["admin", "settings", "rbac", "can", subject, action, resource, object, "--policy-file", "argocd-rbac-cm.yaml"];
        let output = self.run(argocd, &can);
        match String::from_utf8_lossy(&output.stdout).trim() {
            "Yes" => true,
            "No" => false,
            _ => panic!("{can:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
}

#[test]
fn the_policy_allows_what_it_says_and_nothing_else() {
    let Some(argocd) = part("argocd") else { return };
    let configs = Configs::of(&everything("3.5.1"));
    configs.said(&argocd, &["admin", "settings", "rbac", "validate", "--policy-file", "argocd-rbac-cm.yaml"]);
    let cases = [
        // What the role may.
        ("role:deployer", "sync", "applications", "shop/web", true),
        ("role:deployer", "action/apps/Deployment/restart", "applications", "shop/web", true),
        ("role:deployer", "action/apps/Deployment/scale", "applications", "shop/web", false),
        ("role:deployer", "sync", "applications", "bank/web", false),
        ("role:deployer", "create", "applications", "shop/web", false),
        // A group has the role, and with it what is denied.
        ("developers", "sync", "applications", "shop/web", true),
        ("developers", "delete", "applications", "shop/web", false),
        // The built-in role of an account, and the one of everybody.
        ("alice", "delete", "applications", "bank/web", true),
        ("somebody", "get", "applications", "bank/web", true),
        ("somebody", "sync", "applications", "bank/web", false),
        ("ci", "get", "logs", "shop/web", true),
        // A subject with a comma, as an LDAP group has.
        ("CN=ops, O=home", "delete", "clusters", "https://kubernetes.default.svc", true),
        ("CN=ops", "delete", "clusters", "https://kubernetes.default.svc", false),
        // Lines that were given as they are.
        ("auditors", "get", "applications", "bank/web", true),
        ("auditors", "update", "applications", "bank/web", false),
    ];
    for (subject, action, resource, object, expected) in cases {
        let allowed = configs.allows(&argocd, subject, action, resource, object);
        assert_eq!(allowed, expected, "{subject} {action} {resource} {object}");
    }
}

#[test]
fn without_a_policy_nobody_but_the_admin_may_anything() {
    let Some(argocd) = part("argocd") else { return };
    let configs = Configs::of(&json!({}));
    assert!(!configs.allows(&argocd, "somebody", "get", "applications", "shop/web"));
    assert!(configs.allows(&argocd, "admin", "delete", "applications", "shop/web"));
    let denied = json!({"rbac": {
        "policies": [{"subject": "alice", "resource": "applications", "action": "delete", "object": "shop/database", "effect": "deny"}],
        "bindings": [{"subject": "alice", "role": "role:admin"}],
    }});
    let configs = Configs::of(&denied);
    assert!(configs.allows(&argocd, "alice", "delete", "applications", "shop/web"));
    assert!(!configs.allows(&argocd, "alice", "delete", "applications", "shop/database"));
    let pattern = json!({"rbac": {"matchMode": "regex", "policies": [
        {"subject": "alice", "resource": "applications", "action": "(get|sync)", "object": "shop/(web|api)"},
    ]}});
    let configs = Configs::of(&pattern);
    assert!(configs.allows(&argocd, "alice", "sync", "applications", "shop/api"));
    assert!(!configs.allows(&argocd, "alice", "sync", "applications", "shop/db"));
}

#[test]
fn the_settings_are_read() {
    let Some(argocd) = part("argocd") else { return };
    for section in [json!({}), everything("3.5.1")] {
        let configs = Configs::of(&section);
        let path = configs.folder.path().join("argocd-secret.yaml");
        let mut secret =
            release(&section).objects().iter().find(|object| object.name() == "argocd-secret").map(|object| json!(object)).expect("there");
        // The key that signs log-ins, which Argo CD adds to the empty Secret when it starts for the first time.
        secret["data"] = json!({"server.secretkey": "dGVzdA=="});
        fs::write(path, secret.to_string()).expect("a file");
        let validate =
            ["admin", "settings", "validate", "--argocd-cm-path", "argocd-cm.yaml", "--argocd-secret-path", "argocd-secret.yaml"];
        let said = configs.said(&argocd, &validate);
        assert!(!said.contains('❌'), "{said}");
    }
}

/// What is out of step and never synced by itself was waited for, for ever.
#[test]
fn an_application_that_nobody_syncs_is_not_waited_for() {
    let Some(argocd) = part("argocd") else { return };
    let configs = Configs::of(&json!({}));
    for (automated, expected) in [
        (json!({"selfHeal": true}), "Progressing"),
        (json!({"enabled": true, "selfHeal": true}), "Progressing"),
        (json!({"enabled": false, "selfHeal": true}), "Healthy"),
        (json!(null), "Healthy"),
    ] {
        let mut application = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a", "namespace": "argocd"},
            "spec": {"project": "default", "destination": {}, "syncPolicy": {}},
            "status": {"health": {"status": "Healthy"}, "sync": {"status": "OutOfSync"}},
        });
        if !automated.is_null() {
            application["spec"]["syncPolicy"]["automated"] = automated.clone();
        }
        fs::write(configs.folder.path().join("application.yaml"), application.to_string()).expect("a file");
        let health = ["admin", "settings", "resource-overrides", "health", "application.yaml", "--argocd-cm-path", "argocd-cm.yaml"];
        let said = configs.said(&argocd, &health);
        assert!(said.contains(&format!("STATUS: {expected}\n")), "{automated}: {said}");
    }
}

/// What `prune: false` or `Prune=false` keeps stayed to be waited for, and the next wave never began.
#[test]
fn what_nobody_prunes_is_not_waited_for() {
    let Some(argocd) = part("argocd") else { return };
    let configs = Configs::of(&json!({}));
    let kept = json!({"kind": "ConfigMap", "status": "OutOfSync", "requiresPruning": true});
    let changed = json!({"kind": "ConfigMap", "status": "OutOfSync"});
    for (resources, sync, expected) in [
        (json!([{"kind": "Service", "status": "Synced"}, kept]), "OutOfSync", "Healthy"),
        (json!([kept, changed]), "OutOfSync", "Progressing"),
        (json!([]), "Unknown", "Progressing"),
        (json!([]), "Synced", "Healthy"),
    ] {
        let application = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a", "namespace": "argocd"},
            "spec": {"project": "default", "destination": {}, "syncPolicy": {"automated": {"selfHeal": true}}},
            "status": {"health": {"status": "Healthy"}, "sync": {"status": sync}, "operationState": {"phase": "Succeeded"}, "resources": resources},
        });
        fs::write(configs.folder.path().join("application.yaml"), application.to_string()).expect("a file");
        let health = ["admin", "settings", "resource-overrides", "health", "application.yaml", "--argocd-cm-path", "argocd-cm.yaml"];
        let said = configs.said(&argocd, &health);
        assert!(said.contains(&format!("STATUS: {expected}\n")), "{resources}: {said}");
    }
}

/// An app of apps waits for a child exactly as long as the child is not healthy.
#[test]
fn an_application_is_as_healthy_as_its_status_says() {
    let Some(argocd) = part("argocd") else { return };
    let configs = Configs::of(&json!({}));
    for (status, expected) in [
        (json!({"health": {"status": "Healthy"}}), "Healthy"),
        (json!({"health": {"status": "Degraded", "message": "it is down"}}), "Degraded"),
        (json!({}), "Progressing"),
    ] {
        let application = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a", "namespace": "argocd"},
            "spec": {"project": "default", "destination": {}}, "status": status,
        });
        fs::write(configs.folder.path().join("application.yaml"), application.to_string()).expect("a file");
        let health = ["admin", "settings", "resource-overrides", "health", "application.yaml", "--argocd-cm-path", "argocd-cm.yaml"];
        let said = configs.said(&argocd, &health);
        assert!(said.contains(&format!("STATUS: {expected}\n")), "{expected}: {said}");
        if let Some(message) = status.pointer("/health/message").and_then(Value::as_str) {
            assert!(said.contains(message), "{said}");
        }
    }
    let off = Configs::of(&json!({"applicationHealth": false}));
    let health = ["admin", "settings", "resource-overrides", "health", "application.yaml", "--argocd-cm-path", "argocd-cm.yaml"];
    fs::copy(configs.folder.path().join("application.yaml"), off.folder.path().join("application.yaml")).expect("a copy");
    assert!(!off.said(&argocd, &health).contains("STATUS: Progressing"), "without the check nothing is known");
}
