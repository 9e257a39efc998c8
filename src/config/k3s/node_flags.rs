//! Settings that every node has, server or agent.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AgentFlags, ServerFlags, elsewhere};
use crate::config::{AbsolutePath, Host, Image, IpAddress, Port};

/// Each field becomes an optional one that is left out when it is not set.
macro_rules! optional_fields {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty,)* }) => {
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        $(#[$meta])*
        #[serde(rename_all = "camelCase", deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)*
        }

        impl $name {
            /// The names of all settings.
            pub(super) const FIELDS: &[&str] = &[$(stringify!($field),)*];

            /// These settings, and the defaults for those that are not set.
            pub(super) fn or(&self, defaults: &Self) -> Self {
                Self { $($field: self.$field.clone().or_else(|| defaults.$field.clone()),)* }
            }
        }
    };
}

pub(super) use optional_fields;

optional_fields! {
    /// Settings of k3s on one node, named as k3s names its flags: `kubeletArg` is `--kubelet-arg`. What is not set keeps k3s' default.
    ///
    /// Those of k3s 1.37 (its pkg/cli/cmds/agent.go; docs.k3s.io/cli/agent). What follows from other places of the config has no key here.
    #[schemars(extend("x-elsewhere" = elsewhere::in_node()))]
    NodeFlags {
        /// Whether k3s logs in detail.
        debug: bool,
        /// How much Kubernetes' components log, 0 to 10.
        v: u8,
        /// Log levels by source file, `pattern=level,…`.
        vmodule: String,
        /// The file to log to.
        log: AbsolutePath,
        /// Whether to log to standard error as well as to the file.
        alsologtostderr: bool,
        /// The address that k3s listens on. Default: all.
        bind_address: IpAddress,
        /// The folder of k3s' state. Default `/var/lib/rancher/k3s`.
        data_dir: AbsolutePath,
        /// Whether a random suffix is added to the node's name.
        with_node_id: bool,
        /// Whether the kubelet refuses to start when a kernel setting is not what it wants, in place of changing it.
        protect_kernel_defaults: bool,
        /// Whether containerd uses SELinux.
        selinux: bool,
        /// The port on the node of k3s' load balancer to the servers. Default 6444.
        lb_server_port: Port,
        /// The resolv.conf that pods inherit from.
        resolv_conf: AbsolutePath,
        /// DNS names of the node inside of the cluster's network.
        node_internal_dns: Vec<Host>,
        /// DNS names of the node outside of it.
        node_external_dns: Vec<Host>,
        /// The network interface that flannel uses. Default: that of the default route, or the mesh's for a node in the mesh.
        flannel_iface: String,
        /// A configuration file for flannel, in place of k3s' own.
        flannel_conf: AbsolutePath,
        /// A CNI configuration file for flannel, in place of k3s' own.
        flannel_cni_conf: AbsolutePath,
        /// The image of the pause container. For a registry of your own.
        pause_image: Image,
        /// How containerd stacks image layers: `overlayfs` (the default), `native`, `fuse-overlayfs`, `zfs`, `btrfs`, `stargz`.
        snapshotter: String,
        /// A complete registries.yaml, credentials and all, that a secret delivers; k3s then does not read the one rendered from `registries`.
        private_registry: AbsolutePath,
        /// A socket of a container runtime to use in place of k3s' containerd.
        container_runtime_endpoint: String,
        /// A socket to pull images by, in place of that of the container runtime.
        image_service_endpoint: String,
        /// The container runtime of pods that name none.
        default_runtime: String,
        /// Whether containerd pulls from mirrors only, not from the registry itself.
        disable_default_registry_endpoint: bool,
        /// Whether pods that do not run as root may use the devices that they are given.
        nonroot_devices: bool,
        /// Further registries that imported images are tagged for.
        airgap_extra_registry: Vec<String>,
        /// The folder of the kubelet's credential provider plugins.
        image_credential_provider_bin_dir: AbsolutePath,
        /// The configuration file of the kubelet's credential provider plugins.
        image_credential_provider_config: AbsolutePath,
        /// Flags of the kubelet, `name=value`.
        kubelet_arg: Vec<String>,
        /// Flags of kube-proxy, `name=value`.
        kube_proxy_arg: Vec<String>,
        /// Whether Go's profiler can be reached on the supervisor's port. Experimental.
        enable_pprof: bool,
        /// Whether k3s runs without root. Only for a cluster of one node, with cgroup v2. Experimental.
        rootless: bool,
        /// Whether the tools that k3s brings along are used before those of the system. Experimental.
        prefer_bundled_bin: bool,
        /// Whether Docker is used in place of containerd. Deprecated by k3s.
        docker: bool,
        /// Settings of a server; not for agents.
        server: ServerFlags,
        /// Settings of an agent; not for servers.
        agent: AgentFlags,
    }
}

impl NodeFlags {
    /// These settings, and the defaults for those that are not set; those of servers and of agents one by one, too.
    #[must_use]
    pub fn or_defaults(&self, defaults: &Self) -> Self {
        let server = match (&self.server, &defaults.server) {
            (Some(own), Some(default)) => Some(own.or(default)),
            (own, default) => own.clone().or_else(|| default.clone()),
        };
        let agent = match (&self.agent, &defaults.agent) {
            (Some(own), Some(default)) => Some(own.or(default)),
            (own, default) => own.clone().or_else(|| default.clone()),
        };
        Self { server, agent, ..self.or(defaults) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn defaults_fill_in_setting_by_setting() {
        let flags = |value| -> NodeFlags { serde_json::from_value(value).expect("flags") };
        let own = flags(json!({"kubeletArg": ["a=1"], "server": {"etcdS3": true}}));
        let defaults = flags(json!({"kubeletArg": ["b=1"], "debug": true, "server": {"etcdS3": false, "etcdS3Bucket": "b"}, "agent": {}}));
        let both = flags(json!({"kubeletArg": ["a=1"], "debug": true, "server": {"etcdS3": true, "etcdS3Bucket": "b"}, "agent": {}}));
        assert_eq!(own.or_defaults(&defaults), both);
    }
}
