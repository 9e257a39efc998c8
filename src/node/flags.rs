//! Which flags k3s needs in the place that it runs in, and why.

use std::net::IpAddr;

use serde::Serialize;

use super::config::NodeConfig;
use super::environment::{CgroupVersion, Environment, source_address};
use super::snapshotter::Snapshotter;

/// What a node is, and so k3s' first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It runs the control plane, and pods too.
    Server,
    /// It runs pods.
    Agent,
}

impl Role {
    /// k3s' command.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Agent => "agent",
        }
    }
}

/// A flag, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flag {
    /// As k3s takes it: `--snapshotter=native`.
    pub argument: String,
    /// Why it is there.
    pub why: String,
}

/// A kubelet in a user namespace (kubernetes.io/docs/tasks/administer-cluster/kubelet-in-userns).
const IN_USER_NAMESPACE: &str = "feature-gates=KubeletInUserNamespace=true";

/// The flags for an environment. What the configuration file sets stays as it is.
pub(super) fn flags(environment: &Environment, config: &NodeConfig) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut add = |argument: String, why: &str| flags.push(Flag { argument, why: why.to_owned() });
    if !config.has("snapshotter") {
        match environment.snapshotter {
            Snapshotter::Overlayfs => {}
            Snapshotter::FuseOverlayfs => {
                add("--snapshotter=fuse-overlayfs".to_owned(), "no overlay can be mounted in the data folder, but there is fuse-overlayfs");
            }
            Snapshotter::Native => {
                add(
                    "--snapshotter=native".to_owned(),
                    "no overlay can be mounted in the data folder, and there is no fuse-overlayfs: layers are copied",
                );
            }
        }
    }
    if !config.has("node-ip")
        && environment.address.is_none()
        && let Some(address) = towards_server(config)
    {
        add(format!("--node-ip={address}"), "there is no default route; this address leads to the server");
    }
    if !environment.root && !config.has("rootless") {
        add("--rootless".to_owned(), "this user is not root");
    }
    for (name, wanted) in [("kubelet-arg", kubelet(environment)), ("kube-proxy-arg", kube_proxy(environment))] {
        let given = config.list(name);
        let missing: Vec<_> = wanted.into_iter().filter(|(wanted, _)| !given.iter().any(|given| key(given) == key(wanted))).collect();
        if missing.is_empty() {
            continue;
        }
        // A list on the command line replaces that of the file.
        for argument in given {
            add(format!("--{name}={argument}"), "from the configuration file, whose list the following would replace");
        }
        for (argument, why) in missing {
            add(format!("--{name}={argument}"), why);
        }
    }
    flags
}

fn key(argument: &str) -> &str {
    argument.split_once('=').map_or(argument, |(key, _)| key)
}

fn kubelet(environment: &Environment) -> Vec<(&'static str, &'static str)> {
    let mut arguments = Vec::new();
    if environment.cgroups == CgroupVersion::V1 {
        arguments.push((
            "fail-cgroupv1=false",
            "control groups are of version 1, with which a kubelet of 1.35 or later does not start otherwise",
        ));
    }
    if environment.swap {
        arguments.push(("fail-swap-on=false", "the machine swaps, with which a kubelet does not start otherwise"));
    }
    if environment.user_namespace {
        arguments.push((IN_USER_NAMESPACE, "this is a user namespace, in which settings of the kernel cannot be written"));
    }
    arguments
}

/// A network namespace other than the machine's may not write these settings.
fn kube_proxy(environment: &Environment) -> Vec<(&'static str, &'static str)> {
    if environment.user_namespace || environment.container.is_some() {
        let why = "in a container the machine's table of connections cannot be sized";
        vec![("conntrack-max-per-core=0", why), ("conntrack-tcp-timeout-established=0s", why), ("conntrack-tcp-timeout-close-wait=0s", why)]
    } else {
        Vec::new()
    }
}

fn towards_server(config: &NodeConfig) -> Option<IpAddr> {
    let (host, port) = super::join::host_and_port(config.text("server")?)?;
    source_address((host.parse::<IpAddr>().ok()?, port).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn machine() -> Environment {
        Environment {
            root: true,
            user_namespace: false,
            container: None,
            wsl: false,
            first_process: false,
            cgroups: CgroupVersion::V2,
            snapshotter: Snapshotter::Overlayfs,
            kmsg: true,
            swap: false,
            address: Some([192, 0, 2, 7].into()),
        }
    }

    fn arguments(environment: &Environment, config: serde_json::Value) -> Vec<String> {
        flags(environment, &NodeConfig::of(config)).into_iter().map(|flag| flag.argument).collect()
    }

    #[test]
    fn an_ordinary_machine_needs_none() {
        assert_eq!(arguments(&machine(), json!({})), Vec::<String>::new());
    }

    #[test]
    fn each_place_has_its_own() {
        let old = Environment { cgroups: CgroupVersion::V1, swap: true, ..machine() };
        assert_eq!(arguments(&old, json!({})), ["--kubelet-arg=fail-cgroupv1=false", "--kubelet-arg=fail-swap-on=false"]);
        let container = Environment { container: Some("/.dockerenv".to_owned()), snapshotter: Snapshotter::FuseOverlayfs, ..machine() };
        assert_eq!(
            arguments(&container, json!({})),
            [
                "--snapshotter=fuse-overlayfs",
                "--kube-proxy-arg=conntrack-max-per-core=0",
                "--kube-proxy-arg=conntrack-tcp-timeout-established=0s",
                "--kube-proxy-arg=conntrack-tcp-timeout-close-wait=0s",
            ]
        );
        let rootless = Environment { root: false, user_namespace: true, snapshotter: Snapshotter::Native, ..machine() };
        let seen = arguments(&rootless, json!({}));
        assert_eq!(seen[..3], ["--snapshotter=native", "--rootless", "--kubelet-arg=feature-gates=KubeletInUserNamespace=true"]);
        let alone = Environment { address: None, ..machine() };
        assert_eq!(arguments(&alone, json!({"server": "https://127.0.0.1:6443"})), Vec::<String>::new());
    }

    #[test]
    fn what_the_file_says_stays() {
        let old = Environment { cgroups: CgroupVersion::V1, swap: true, snapshotter: Snapshotter::Native, ..machine() };
        let config = json!({"snapshotter": "overlayfs", "kubelet-arg": ["max-pods=50", "fail-swap-on=true"]});
        assert_eq!(
            arguments(&old, config),
            ["--kubelet-arg=max-pods=50", "--kubelet-arg=fail-swap-on=true", "--kubelet-arg=fail-cgroupv1=false"]
        );
    }
}
