//! The control plane on the primer.

use super::addresses::Addresses;
use crate::lab::parts::ETCD_SOCKET;

/// Relative paths lie in the primer's folder.
pub(super) fn kube_apiserver(addresses: &Addresses) -> Vec<String> {
    let mut arguments = owned(&[
        "--bind-address=0.0.0.0",
        "--cert-dir=.",
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        "--client-ca-file=ca.crt",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--anonymous-auth=false",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--service-account-key-file=service-account.pub",
        "--service-account-signing-key-file=service-account.key",
        "--kubelet-certificate-authority=ca.crt",
        "--kubelet-client-certificate=apiserver-kubelet.crt",
        "--kubelet-client-key=apiserver-kubelet.key",
        // A node's name resolves nowhere.
        "--kubelet-preferred-address-types=InternalIP",
        "--allow-privileged=true",
        "--profiling=false",
    ]);
    arguments.push(format!("--etcd-servers=unix://{ETCD_SOCKET}"));
    arguments.push(format!("--secure-port={}", addresses.api().port()));
    arguments.push(format!("--advertise-address={}", addresses.node(0)));
    arguments.push(format!("--service-cluster-ip-range={}", addresses.services()));
    arguments
}

pub(super) fn kube_controller_manager(addresses: &Addresses) -> Vec<String> {
    let mut arguments = owned(&[
        "--bind-address=127.0.0.1",
        "--kubeconfig=kube-controller-manager.kubeconfig",
        "--root-ca-file=ca.crt",
        "--service-account-private-key-file=service-account.key",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        // It makes an account for each controller before any begins; at its usual 20 requests in a second that takes four.
        "--kube-api-qps=200",
        "--kube-api-burst=200",
        // Each node has its range from the start.
        "--allocate-node-cidrs=false",
        "--profiling=false",
    ]);
    arguments.push(format!("--cluster-cidr={}", addresses.pods()));
    arguments
}

pub(super) fn kube_scheduler() -> Vec<String> {
    owned(&["--bind-address=127.0.0.1", "--kubeconfig=kube-scheduler.kubeconfig", "--leader-elect=false", "--profiling=false"])
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|argument| (*argument).to_owned()).collect()
}
