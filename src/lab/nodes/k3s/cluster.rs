//! The lab's own cluster file, from which `node config` makes the files of its nodes.

use serde_json::{Value, json};

use super::TOKEN;
use crate::lab::nodes::PAUSE_IMAGE;
use crate::lab::nodes::addons::{PROVISIONER, STORAGE_CLASS};
use crate::lab::nodes::addresses::Addresses;
use crate::lab::nodes::wiring::INTERFACE;

/// Components of k3s whose images no registry here has. The lab brings DNS and volumes of its own, as it does for Kubernetes' own programs.
const DISABLED: [&str; 3] = ["coredns", "local-storage", "metrics-server"];

/// k3s sets these when it starts, to kube-proxy's defaults unless it is told otherwise (its pkg/agent/syssetup). They are settings of the
/// machine, which a network namespace may not write.
const KUBE_PROXY: [&str; 3] = ["conntrack-max-per-core=0", "conntrack-tcp-timeout-established=0s", "conntrack-tcp-timeout-close-wait=0s"];

/// `nodes` are their names, the primer first. `group` is the control group that goes with the lab.
pub(super) fn cluster_file(nodes: &[&str], addresses: &Addresses, domain: &str, group: &str) -> Value {
    let nodes: Vec<Value> = (0_u8..)
        .zip(nodes)
        .map(|(index, name)| {
            json!({
                "name": name,
                "role": if index == 0 { "server" } else { "agent" },
                "address": addresses.node(index),
                "k3s": {"kubeletArg": kubelet(&format!("/{group}/{name}"))},
            })
        })
        .collect();
    json!({
        "cluster": {
            "name": "lab",
            "network": {"cidr": addresses.pods(), "serviceCidr": addresses.services(), "domain": domain},
            // The lab's own, in the place of k3s'.
            "storage": {"classes": [{"name": STORAGE_CLASS, "provisioner": PROVISIONER}]},
        },
        "k3s": {
            "tokenFile": TOKEN,
            // Nodes share a switch, and not every kernel has VXLAN.
            "flannelBackend": "host-gw",
            "disable": DISABLED,
            "registries": {"mirrors": {"*": {"endpoint": [format!("http://{}", addresses.mirror())]}}},
            "defaults": {
                "flannelIface": INTERFACE,
                "pauseImage": PAUSE_IMAGE,
                // An image that the lab was not given is not found at once.
                "disableDefaultRegistryEndpoint": true,
                "kubeProxyArg": KUBE_PROXY,
            },
        },
        "nodes": nodes,
    })
}

/// k3s makes a group `/k3s` for itself where the first process is in a group of its own (its pkg/cgroups), which would outlive the lab.
fn kubelet(group: &str) -> Vec<String> {
    vec![
        format!("cgroup-root={group}"),
        format!("kubelet-cgroups={group}/k3s"),
        format!("runtime-cgroups={group}/k3s"),
        // The machine's disk is not the lab's to worry about.
        "eviction-hard=memory.available<0%,nodefs.available<0%,nodefs.inodesFree<0%,imagefs.available<0%".to_owned(),
        "image-gc-high-threshold=100".to_owned(),
        "image-gc-low-threshold=99".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::{self, ConfigFile, LoadRequest};
    use crate::lab::nodes::Ranges;
    use crate::render::{Selection, render};
    use crate::source::Sources;
    use crate::yaml::{self, Limits};

    /// What `node config` makes of it, by path.
    fn files() -> BTreeMap<String, Value> {
        let range = |text: &str| -> ipnet::Ipv4Net { text.parse().expect("a range") };
        let ranges = Ranges { pods: range("10.42.0.0/16"), services: range("10.43.0.0/16") };
        let addresses = Addresses::new(ranges).expect("addresses");
        let value = cluster_file(&["primer", "worker-1"], &addresses, "cluster.local", "manifestgen-x");
        let text = yaml::to_string(&value).expect("YAML");
        let request = LoadRequest { file: Some(ConfigFile { name: "cluster.yaml".to_owned(), text }), ..LoadRequest::default() };
        let loaded = config::load(&request, &mut Sources::new()).expect("a good cluster file");
        let warnings: Vec<_> = loaded.warnings().iter().map(|warning| warning.message.clone()).collect();
        assert_eq!(warnings, Vec::<String>::new());
        let release = render(loaded.cluster(), &Selection { only: vec!["node".to_owned()] }).expect("a release");
        let read = |text: &str| {
            let mut sources = Sources::new();
            let source = sources.add("file", text);
            yaml::parse(source, text, Limits::CONFIG).expect("YAML")[0].to_json()
        };
        release.files().iter().map(|file| (file.path.clone(), read(&file.contents))).collect()
    }

    #[test]
    fn k3s_is_told_what_the_lab_is() {
        let files = files();
        let agent = &files["nodes/worker-1/etc/rancher/k3s/config.yaml"];
        let kubelet = agent["kubelet-arg"].as_array().expect("a list");
        assert_eq!(kubelet[..2], [json!("cgroup-root=/manifestgen-x/worker-1"), json!("kubelet-cgroups=/manifestgen-x/worker-1/k3s")]);
        for (flag, value) in [
            ("node-name", json!("worker-1")),
            ("node-ip", json!("10.77.0.2")),
            ("server", json!("https://10.77.0.1:6443")),
            ("token-file", json!("/etc/rancher/k3s/token")),
            ("flannel-iface", json!("eth0")),
            ("pause-image", json!(PAUSE_IMAGE)),
            ("disable-default-registry-endpoint", json!(true)),
            ("kube-proxy-arg", json!(KUBE_PROXY)),
        ] {
            assert_eq!(agent[flag], value, "{flag}");
        }
        let server = &files["nodes/primer/etc/rancher/k3s/config.yaml"];
        for (flag, value) in [
            ("server", Value::Null),
            ("cluster-cidr", json!("10.42.0.0/16")),
            ("service-cidr", json!("10.43.0.0/16")),
            ("cluster-dns", json!("10.43.0.10")),
            ("cluster-domain", json!("cluster.local")),
            ("flannel-backend", json!("host-gw")),
            ("disable", json!(["coredns", "local-storage", "metrics-server", "traefik"])),
        ] {
            assert_eq!(server[flag], value, "{flag}");
        }
        for node in ["primer", "worker-1"] {
            let registries = &files[&format!("nodes/{node}/etc/rancher/k3s/registries.yaml")];
            assert_eq!(*registries, json!({"mirrors": {"*": {"endpoint": ["http://10.77.0.1:5000"]}}}));
        }
    }
}
