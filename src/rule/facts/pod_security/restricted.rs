//! The level `restricted`, on top of `baseline`.

use serde_json::Value;

use super::{Pod, security, security_place};

const VOLUMES: &[&str] =
    &["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"];

pub(super) fn check(pod: &mut Pod<'_>) {
    volumes(pod);
    user(pod);
    if !pod.is_windows() {
        escalation(pod);
        capabilities(pod);
        seccomp(pod);
    }
}

fn volumes(pod: &mut Pod<'_>) {
    for volume in pod.template.spec.list("volumes") {
        // A volume without any source becomes an `emptyDir` (kubernetes pkg/apis/core/v1/defaults.go).
        let source = volume.entries().find(|(key, _)| *key != "name");
        if let Some((kind, field)) = source.filter(|(kind, _)| !VOLUMES.contains(kind)) {
            pod.forbid(field, format!("has a `{kind}` volume"), "use a PersistentVolumeClaim");
        }
    }
}

fn escalation(pod: &mut Pod<'_>) {
    let path = ["allowPrivilegeEscalation"];
    for container in pod.containers() {
        if security(&container, &path).is_none_or(|field| field.value != &Value::Bool(false)) {
            pod.forbid(
                security_place(&container, &path),
                "allows privilege escalation",
                "set `securityContext.allowPrivilegeEscalation: false`",
            );
        }
    }
}

fn capabilities(pod: &mut Pod<'_>) {
    for container in pod.containers() {
        let drop = security(&container, &["capabilities", "drop"]);
        if !drop.is_some_and(|drop| drop.items().any(|item| item.as_str() == Some("ALL"))) {
            let hint = "set `securityContext.capabilities.drop: [ALL]`";
            pod.forbid(security_place(&container, &["capabilities"]), "does not drop all capabilities", hint);
        }
        let added = security(&container, &["capabilities", "add"]);
        for field in added.into_iter().flat_map(|added| added.items()) {
            let name = field.as_str().unwrap_or_default();
            if name != "NET_BIND_SERVICE" {
                pod.forbid(field, format!("adds the capability `{name}`"), "only `NET_BIND_SERVICE` is allowed");
            }
        }
    }
}

fn user(pod: &mut Pod<'_>) {
    if pod.has_user_namespace() {
        return;
    }
    let hint = "set `securityContext.runAsNonRoot: true`";
    let whole_pod = security(&pod.template.spec, &["runAsNonRoot"]);
    if let Some(field) = whole_pod.filter(|field| field.value == &Value::Bool(false)) {
        pod.forbid(field, "may run as root", hint);
    }
    for container in pod.containers() {
        match security(&container, &["runAsNonRoot"]) {
            Some(field) if field.value == &Value::Bool(true) => {}
            Some(field) => pod.forbid(field, "may run as root", hint),
            // What the pod itself says wrong has been said above.
            None if whole_pod.is_some() => {}
            None => pod.forbid(security_place(&container, &["runAsNonRoot"]), "may run as root", hint),
        }
    }
    for holder in pod.holders() {
        if let Some(field) = security(&holder, &["runAsUser"]).filter(|field| field.value.as_i64() == Some(0)) {
            pod.forbid(field, "runs as user 0", "name a user other than 0");
        }
    }
}

fn seccomp(pod: &mut Pod<'_>) {
    let path = ["seccompProfile", "type"];
    let hint = "set `securityContext.seccompProfile.type: RuntimeDefault`";
    let whole_pod = security(&pod.template.spec, &path);
    let is_fine = |kind: &Value| matches!(kind.as_str(), Some("RuntimeDefault" | "Localhost"));
    if let Some(field) = whole_pod.filter(|field| !is_fine(field.value)) {
        pod.forbid(field, format!("has the seccomp profile {}", field.value), hint);
    }
    for container in pod.containers() {
        match security(&container, &path) {
            Some(field) if is_fine(field.value) => {}
            Some(field) => pod.forbid(field, format!("has the seccomp profile {}", field.value), hint),
            None if whole_pod.is_some() => {}
            None => pod.forbid(security_place(&container, &["seccompProfile"]), "has no seccomp profile", hint),
        }
    }
}
