//! kubelet and kube-proxy of a node.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::addresses::Addresses;
use super::runtime::CONTAINERD_SOCKET;
use crate::diag::{Error, Result};

/// kubelet's configuration (`kubelet.config.k8s.io/v1beta1`). Relative paths lie in the node's folder.
pub(super) fn kubelet(addresses: &Addresses, domain: &str, group: &str) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {"anonymous": {"enabled": false}, "webhook": {"enabled": true}, "x509": {"clientCAFile": "ca.crt"}},
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": "kubelet.crt",
        "tlsPrivateKeyFile": "kubelet.key",
        "containerRuntimeEndpoint": format!("unix://{CONTAINERD_SOCKET}"),
        "clusterDNS": [addresses.dns()],
        "clusterDomain": domain,
        // Nothing outside of the lab answers.
        "resolvConf": "",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{group}"),
        "failCgroupV1": false,
        "failSwapOn": false,
        // The machine's disk is not the lab's to worry about.
        "evictionHard": {"memory.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"},
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "serializeImagePulls": false,
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "nodeStatusUpdateFrequency": "4s",
        "shutdownGracePeriod": "0s",
    })
}

/// Changes where a kubeconfig leads. The certificate there names the primer, not the address.
pub(super) fn reach_api_at(kubeconfig: &Path, address: SocketAddr) -> Result<()> {
    let cannot = || Error::environment(format!("cannot change `{}`", kubeconfig.display()));
    let text = fs::read_to_string(kubeconfig).map_err(|cause| cannot().caused_by(cause))?;
    let mut value: Value = serde_json::from_str(&text).map_err(|cause| cannot().caused_by(cause))?;
    let cluster = value.pointer_mut("/clusters/0/cluster").and_then(Value::as_object_mut).ok_or_else(cannot)?;
    cluster.insert("server".to_owned(), json!(format!("https://{address}")));
    cluster.insert("tls-server-name".to_owned(), json!("primer"));
    // It keeps its mode.
    fs::write(kubeconfig, value.to_string()).map_err(|cause| cannot().caused_by(cause))
}

pub(super) fn kubelet_arguments(name: &str, address: &str) -> Vec<String> {
    vec![
        "--config=kubelet.json".to_owned(),
        "--kubeconfig=kubelet.kubeconfig".to_owned(),
        format!("--hostname-override={name}"),
        format!("--node-ip={address}"),
    ]
}

/// kube-proxy's configuration (`kubeproxy.config.k8s.io/v1alpha1`).
pub(super) fn kube_proxy(name: &str, addresses: &Addresses) -> Value {
    json!({
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "hostnameOverride": name,
        "clientConnection": {"kubeconfig": "kube-proxy.kubeconfig"},
        "clusterCIDR": addresses.pods(),
        "nodePortAddresses": ["0.0.0.0/0"],
        // They are settings of the machine, which a network namespace may not write.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    })
}
