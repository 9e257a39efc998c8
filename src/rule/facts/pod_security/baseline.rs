//! The level `baseline`.

use serde_json::Value;

use super::{Pod, Standard, security};

/// Minors since which a sysctl is allowed.
const SYSCTLS: &[(&str, u32)] = &[
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_wmem", 32),
];

/// Minors since which a `SELinux` type is allowed.
const SELINUX_TYPES: &[(&str, u32)] =
    &[("", 0), ("container_t", 0), ("container_init_t", 0), ("container_kvm_t", 0), ("container_engine_t", 31)];

const CAPABILITIES: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub(super) fn check(pod: &mut Pod<'_>) {
    host(pod);
    profiles(pod);
    sysctls(pod);
    // The stricter level has its own, narrower check of volumes and capabilities.
    if pod.standard == Standard::Baseline {
        host_path(pod);
        capabilities(pod);
    }
}

fn host(pod: &mut Pod<'_>) {
    let spec = pod.template.spec;
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        if let Some(field) = spec.get(key).filter(|_| spec.flag(key)) {
            pod.forbid(field, format!("shares a namespace of the host: `{key}`"), "leave it out");
        }
    }
    for container in pod.containers() {
        for port in container.list("ports").filter_map(|port| port.get("hostPort")) {
            if port.value.as_i64() != Some(0) {
                pod.forbid(port, format!("takes port {} of the host", port.value), "leave `hostPort` out and put a Service before it");
            }
        }
        if let Some(field) = security(&container, &["privileged"]).filter(|field| field.value == &Value::Bool(true)) {
            pod.forbid(field, "is privileged", "leave `privileged` out and add the capabilities that it needs");
        }
        if pod.minor >= 34 {
            let probes = ["livenessProbe", "readinessProbe", "startupProbe"].into_iter().filter_map(|key| container.get(key));
            let hooks = ["postStart", "preStop"].into_iter().filter_map(|key| container.at(&["lifecycle", key]));
            let handlers =
                probes.chain(hooks).flat_map(|handler| ["httpGet", "tcpSocket"].into_iter().filter_map(move |key| handler.get(key)));
            for handler in handlers {
                if let (Some(host), Some(field)) = (handler.text("host"), handler.get("host")) {
                    pod.forbid(
                        field,
                        format!("lets the kubelet call another host, `{host}`"),
                        "leave `host` out: it is the pod's own address",
                    );
                }
            }
        }
    }
    for holder in pod.holders() {
        let field = security(&holder, &["windowsOptions", "hostProcess"]).filter(|field| field.value == &Value::Bool(true));
        if let Some(field) = field {
            pod.forbid(field, "runs as a process of the host", "leave `hostProcess` out");
        }
    }
}

fn profiles(pod: &mut Pod<'_>) {
    let allowed = "`RuntimeDefault` and `Localhost` are allowed";
    for holder in pod.holders() {
        let mut kinds = vec![("appArmorProfile", "AppArmor")];
        if pod.standard == Standard::Baseline {
            kinds.push(("seccompProfile", "seccomp"));
        }
        for (key, name) in kinds {
            let Some(field) = security(&holder, &[key, "type"]) else { continue };
            let kind = field.as_str().unwrap_or_default();
            if !matches!(kind, "RuntimeDefault" | "Localhost") {
                pod.forbid(field, format!("has the {name} profile `{kind}`"), allowed);
            }
        }
        if let Some(options) = security(&holder, &["seLinuxOptions"]) {
            let kind = options.text("type").unwrap_or_default();
            if !SELINUX_TYPES.iter().any(|(allowed, since)| *allowed == kind && *since <= pod.minor) {
                let hint = "`container_t`, `container_init_t`, `container_kvm_t` and `container_engine_t` are allowed";
                pod.forbid(options.get("type").unwrap_or(options), format!("has the SELinux type `{kind}`"), hint);
            }
            for key in ["user", "role"] {
                if let Some(field) = options.get(key).filter(|_| options.text(key).is_some()) {
                    pod.forbid(field, format!("sets the SELinux {key}"), "leave it out");
                }
            }
        }
        if let Some(field) = security(&holder, &["procMount"]) {
            let relaxed = pod.standard == Standard::Baseline && pod.has_user_namespace();
            if field.as_str() != Some("Default") && !relaxed {
                pod.forbid(field, format!("has the proc mount {}", field.value), "leave `procMount` out");
            }
        }
    }
    let annotations = pod.template.metadata.and_then(|metadata| metadata.get("annotations"));
    for (key, field) in annotations.into_iter().flat_map(|annotations| annotations.entries()) {
        let profile = field.as_str().unwrap_or_default();
        let fine = profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/");
        if key.starts_with("container.apparmor.security.beta.kubernetes.io/") && !fine {
            pod.forbid(field, format!("has the AppArmor profile `{profile}`"), "`runtime/default` and `localhost/…` are allowed");
        }
    }
}

fn sysctls(pod: &mut Pod<'_>) {
    let list = security(&pod.template.spec, &["sysctls"]);
    for field in list.into_iter().flat_map(|list| list.items()).filter_map(|sysctl| sysctl.get("name")) {
        let name = field.as_str().unwrap_or_default();
        if !SYSCTLS.iter().any(|(allowed, since)| *allowed == name && *since <= pod.minor) {
            pod.forbid(field, format!("sets the unsafe sysctl `{name}`"), "leave it out");
        }
    }
}

fn host_path(pod: &mut Pod<'_>) {
    for field in pod.template.spec.list("volumes").filter_map(|volume| volume.get("hostPath")) {
        pod.forbid(field, "mounts a path of the host", "use a PersistentVolumeClaim");
    }
}

fn capabilities(pod: &mut Pod<'_>) {
    for container in pod.containers() {
        let added = security(&container, &["capabilities", "add"]);
        for field in added.into_iter().flat_map(|added| added.items()) {
            let name = field.as_str().unwrap_or_default();
            if !CAPABILITIES.contains(&name) {
                pod.forbid(field, format!("adds the capability `{name}`"), "leave it out: it is not among the default ones");
            }
        }
    }
}
