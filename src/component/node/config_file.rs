//! `config.yaml` of one node: k3s' flags as keys (docs.k3s.io/installation/configuration).

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use crate::config::{Cluster, DatastoreType, DnsName, NodeEntry, NodeRole};

/// Flags by their names, in their order.
type Flags = BTreeMap<String, Value>;

/// Settings of the section `k3s` that are k3s' own flags of the same name. The rest of the section steers other flags.
const CLUSTER_FLAGS: [&str; 16] = [
    "default-local-storage-path",
    "disable-cloud-controller",
    "disable-helm-controller",
    "disable-kube-proxy",
    "disable-network-policy",
    "egress-selector-mode",
    "embedded-registry",
    "flannel-backend",
    "flannel-external-ip",
    "flannel-ipv6-masq",
    "helm-job-image",
    "secrets-encryption",
    "secrets-encryption-provider",
    "service-node-port-range",
    "servicelb-namespace",
    "system-default-registry",
];

/// The content of a node's `config.yaml`.
pub(super) fn config_file(cluster: &Cluster, at: usize, node: &NodeEntry) -> Flags {
    let k3s = &cluster.k3s;
    let mut settings = node.flags(k3s);
    let server = settings.server.take();
    let agent = settings.agent.take();
    let mut flags = flags_of(&settings);
    set(&mut flags, "node-name", Some(&node.name));
    set(&mut flags, "node-ip", joined(&node.node_ips()));
    set(&mut flags, "node-external-ip", node.external_ip(k3s));
    set(&mut flags, "flannel-iface", node.flannel_iface(k3s));
    set(&mut flags, "vpn-auth-file", node.mesh.as_ref().and_then(|mesh| mesh.vpn_auth_file.as_ref()));
    set_list(&mut flags, "node-label", node.labels.iter().map(|(key, value)| format!("{key}={value}")));
    set_list(&mut flags, "node-taint", node.taints.iter().map(ToString::to_string));
    match node.role {
        NodeRole::Server => {
            flags.extend(cluster_flags(cluster));
            let disabled_here = server.as_ref().and_then(|server| server.disable.as_deref()).unwrap_or_default();
            let further_names = server.as_ref().and_then(|server| server.tls_san.clone()).unwrap_or_default();
            flags.entry("write-kubeconfig-mode".to_owned()).or_insert_with(|| json!("0600"));
            flags.extend(server.iter().flat_map(flags_of));
            set_list(&mut flags, "disable", disabled(cluster, disabled_here));
            let names = node.hosts().into_iter().chain(k3s.registration_address.clone()).chain(k3s.tls_san.clone()).chain(further_names);
            let mut seen = BTreeSet::new();
            set_list(&mut flags, "tls-san", names.filter(|name| seen.insert(name.clone())).map(|name| name.to_string()));
            let is_primer = cluster.primer().is_some_and(|(primer, _)| primer == at);
            match (k3s.datastore.r#type, is_primer) {
                (DatastoreType::Etcd, true) => set(&mut flags, "cluster-init", Some(true)),
                // Servers of an external datastore find each other in it.
                (DatastoreType::External, _) | (DatastoreType::Sqlite, true) => {}
                (DatastoreType::Etcd | DatastoreType::Sqlite, false) => set(&mut flags, "server", cluster.join_url(at)),
            }
        }
        NodeRole::Agent => {
            flags.extend(agent.iter().flat_map(flags_of));
            set(&mut flags, "server", cluster.join_url(at));
            set(&mut flags, "token-file", Some(k3s.agent_token_file.as_ref().unwrap_or(&k3s.token_file)));
        }
    }
    flags
}

/// What every server's file holds alike.
fn cluster_flags(cluster: &Cluster) -> Flags {
    let (k3s, network, datastore) = (&cluster.k3s, &cluster.cluster.network, &cluster.k3s.datastore);
    let mut flags = flags_of(k3s);
    flags.retain(|flag, value| CLUSTER_FLAGS.contains(&flag.as_str()) && *value != Value::Bool(false));
    if !k3s.secrets_encryption {
        flags.remove("secrets-encryption-provider");
    }
    set(&mut flags, "cluster-cidr", Some(&network.cidr));
    set(&mut flags, "service-cidr", Some(&network.service_cidr));
    set(&mut flags, "cluster-dns", joined(&network.dns_addresses()));
    set(&mut flags, "cluster-domain", Some(&network.domain));
    set(&mut flags, "token-file", Some(&k3s.token_file));
    set(&mut flags, "agent-token-file", k3s.agent_token_file.as_ref());
    set(&mut flags, "datastore-endpoint", datastore.endpoint.as_ref());
    set(&mut flags, "datastore-cafile", datastore.ca_file.as_ref());
    set(&mut flags, "datastore-certfile", datastore.cert_file.as_ref());
    set(&mut flags, "datastore-keyfile", datastore.key_file.as_ref());
    flags
}

/// Components of k3s that a server does not deploy.
fn disabled(cluster: &Cluster, here: &[DnsName]) -> BTreeSet<String> {
    let traefik = (!cluster.k3s.bundled_traefik).then(|| "traefik".to_owned());
    traefik.into_iter().chain(cluster.k3s.disable.iter().chain(here).map(ToString::to_string)).collect()
}

/// Settings as k3s spells them. Their keys are made of k3s' flags, so that the way back is one rule.
fn flags_of(settings: &impl Serialize) -> Flags {
    let Ok(Value::Object(settings)) = serde_json::to_value(settings) else { return Flags::new() };
    settings.into_iter().map(|(key, value)| (kebab_case(&key), value)).collect()
}

/// `etcdS3EndpointCa` becomes `etcd-s3-endpoint-ca`.
fn kebab_case(key: &str) -> String {
    let mut flag = String::with_capacity(key.len() + 8);
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            flag.push('-');
        }
        flag.push(letter.to_ascii_lowercase());
    }
    flag
}

/// Addresses of both families in one text, as k3s takes them; none for no address.
fn joined<T: ToString>(addresses: &[T]) -> Option<String> {
    let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    (!addresses.is_empty()).then(|| addresses.join(","))
}

/// Sets a flag whose value is there; our settings and texts always serialize.
fn set(flags: &mut Flags, flag: &str, value: Option<impl Serialize>) {
    if let Some(value) = value.and_then(|value| serde_json::to_value(value).ok()) {
        flags.insert(flag.to_owned(), value);
    }
}

/// Sets a flag that may be given more than once, if there is a value.
fn set_list(flags: &mut Flags, flag: &str, values: impl IntoIterator<Item = String>) {
    let values: Vec<String> = values.into_iter().collect();
    if !values.is_empty() {
        flags.insert(flag.to_owned(), values.into());
    }
}

#[cfg(test)]
mod tests {
    use super::kebab_case;

    #[test]
    fn keys_become_flags() {
        let flags = ["v", "tlsSan", "etcdS3EndpointCa", "flannelIpv6Masq", "etcdS3SkipSslVerify", "alsologtostderr"].map(kebab_case);
        assert_eq!(flags, ["v", "tls-san", "etcd-s3-endpoint-ca", "flannel-ipv6-masq", "etcd-s3-skip-ssl-verify", "alsologtostderr"]);
    }
}
