//! Where settings go that people write in the wrong place: hints for unknown keys (`x-elsewhere` in the schema).
//!
//! They cover every flag of k3s, because a config.yaml of k3s is what people start from.

use std::collections::BTreeMap;

use super::{AgentFlags, NodeFlags, ServerFlags};

/// Hints by key.
pub(super) type Hints = BTreeMap<String, String>;

/// Settings that all servers must agree on, with their places.
const OF_THE_CLUSTER: [(&str, &str); 26] = [
    ("agentTokenFile", "k3s.agentTokenFile"),
    ("clusterCidr", "cluster.network.cidr"),
    ("clusterDns", "cluster.network.dns"),
    ("clusterDomain", "cluster.network.domain"),
    ("datastoreCafile", "k3s.datastore.caFile"),
    ("datastoreCertfile", "k3s.datastore.certFile"),
    ("datastoreEndpoint", "k3s.datastore.endpoint"),
    ("datastoreKeyfile", "k3s.datastore.keyFile"),
    ("defaultLocalStoragePath", "k3s.defaultLocalStoragePath"),
    ("disableCloudController", "k3s.disableCloudController"),
    ("disableHelmController", "k3s.disableHelmController"),
    ("disableKubeProxy", "k3s.disableKubeProxy"),
    ("disableNetworkPolicy", "k3s.disableNetworkPolicy"),
    ("egressSelectorMode", "k3s.egressSelectorMode"),
    ("embeddedRegistry", "k3s.embeddedRegistry"),
    ("flannelBackend", "k3s.flannelBackend"),
    ("flannelExternalIp", "k3s.flannelExternalIp"),
    ("flannelIpv6Masq", "k3s.flannelIpv6Masq"),
    ("helmJobImage", "k3s.helmJobImage"),
    ("secretsEncryption", "k3s.secretsEncryption"),
    ("secretsEncryptionProvider", "k3s.secretsEncryptionProvider"),
    ("serviceCidr", "cluster.network.serviceCidr"),
    ("serviceNodePortRange", "k3s.serviceNodePortRange"),
    ("servicelbNamespace", "k3s.servicelbNamespace"),
    ("systemDefaultRegistry", "k3s.systemDefaultRegistry"),
    ("tokenFile", "k3s.tokenFile"),
];

/// Settings that have no place of their own, and why.
const WITHOUT_PLACE: [(&str, &str); 22] = [
    ("agentToken", "a token must not stand in the config: name the file that holds it with `k3s.agentTokenFile`"),
    ("clusterInit", "the first server of an embedded etcd gets it: set `k3s.datastore.type: etcd`"),
    ("clusterReset", "a reset is done once, by hand: `k3s server --cluster-reset` on the server's command line"),
    ("clusterResetRestorePath", "a restore is done once, by hand: `k3s server --cluster-reset --cluster-reset-restore-path=…`"),
    ("clusterSecret", "k3s has replaced it by a token file: `k3s.tokenFile`"),
    ("config", "k3s reads this setting from its command line only"),
    ("disableSelinux", "k3s has replaced it: set `nodes[].k3s.selinux`"),
    ("etcdS3AccessKey", "a key must not stand in the config: deliver a Secret to kube-system and name it with `etcdS3ConfigSecret`"),
    ("etcdS3SecretKey", "a key must not stand in the config: deliver a Secret to kube-system and name it with `etcdS3ConfigSecret`"),
    ("etcdS3SessionToken", "a token must not stand in the config: deliver a Secret to kube-system and name it with `etcdS3ConfigSecret`"),
    ("kubeCloudControllerArg", "k3s has replaced it: set `nodes[].k3s.server.kubeCloudControllerManagerArg`"),
    ("kubeControllerArg", "k3s has replaced it: set `nodes[].k3s.server.kubeControllerManagerArg`"),
    ("noDeploy", "k3s has replaced it: set `k3s.disable`"),
    ("noFlannel", "k3s has replaced it: set `k3s.flannelBackend: none`"),
    ("nodeExternalIp", "a node's external address is `nodes[].externalAddress`"),
    ("nodeIp", "a node's address is `nodes[].address`, or `nodes[].mesh.address` for a node without one"),
    ("nodeLabel", "labels go to `nodes[].labels`"),
    ("nodeName", "a node's name is `nodes[].name`"),
    ("nodeTaint", "taints go to `nodes[].taints`"),
    ("token", "a token must not stand in the config: name the file that holds it with `k3s.tokenFile`"),
    ("url", "the address that nodes join by is worked out from the first server; a fixed one goes to `k3s.registrationAddress`"),
    ("vpnAuth", "it holds a key and must not stand in the config: name the file that holds it with `nodes[].mesh.vpnAuthFile`"),
];

/// The hint for credentials of a registry.
const CREDENTIALS: &str = "credentials must not stand in the config, and k3s reads them from no other file: deliver a whole registries.yaml \
    as a secret and name it with `nodes[].k3s.privateRegistry`";

/// For the section `k3s`.
pub(super) fn in_cluster() -> Hints {
    let mut hints = everywhere();
    let agent = AgentFlags::FIELDS.iter().map(|field| (field, format!("k3s.defaults.agent.{}", camel_case(field))));
    let server = ServerFlags::FIELDS.iter().map(|field| (field, format!("k3s.defaults.server.{}", camel_case(field))));
    let node = NodeFlags::FIELDS.iter().map(|field| (field, format!("k3s.defaults.{}", camel_case(field))));
    for (field, place) in agent.chain(server).chain(node) {
        hints.insert(
            camel_case(field),
            format!("for all nodes it goes to `{place}`, for one to `{}`", place.replace("k3s.defaults", "nodes[].k3s")),
        );
    }
    hints.insert("server".to_owned(), JOINING.to_owned());
    hints
}

/// For the settings of a node.
pub(super) fn in_node() -> Hints {
    let mut hints = everywhere();
    hints.extend(
        ServerFlags::FIELDS.iter().map(|field| (camel_case(field), format!("only servers have it: `server.{}`", camel_case(field)))),
    );
    hints.extend(AgentFlags::FIELDS.iter().map(|field| (camel_case(field), format!("only agents have it: `agent.{}`", camel_case(field)))));
    hints
}

/// For the settings of a server.
pub(super) fn in_server() -> Hints {
    let mut hints = everywhere();
    let node = NodeFlags::FIELDS.iter().filter(|field| !matches!(**field, "server" | "agent"));
    hints.extend(
        node.map(|field| (camel_case(field), format!("agents have it, too, so it goes one level up: `nodes[].k3s.{}`", camel_case(field)))),
    );
    hints.extend(AgentFlags::FIELDS.iter().map(|field| (camel_case(field), "servers do not have it".to_owned())));
    hints.insert("server".to_owned(), JOINING.to_owned());
    hints
}

/// For the settings of a registry's endpoint.
pub(super) fn in_registry() -> Hints {
    ["auth", "username", "password", "token", "identityToken"].map(|key| (key.to_owned(), CREDENTIALS.to_owned())).into()
}

const JOINING: &str = "the address that nodes join by is worked out from the first server; a fixed one goes to `k3s.registrationAddress`";

fn everywhere() -> Hints {
    let mut hints: Hints = WITHOUT_PLACE.map(|(key, hint)| (key.to_owned(), hint.to_owned())).into();
    hints.extend(OF_THE_CLUSTER.map(|(key, place)| (key.to_owned(), format!("all servers must agree on it: set `{place}`"))));
    hints.insert("vpnAuthFile".to_owned(), "it goes to `nodes[].mesh.vpnAuthFile`".to_owned());
    hints
}

/// `tls_san` becomes `tlsSan`, as serde does it.
fn camel_case(field: &str) -> String {
    let mut key = String::with_capacity(field.len());
    let mut upper = false;
    for letter in field.chars() {
        match letter {
            '_' => upper = true,
            _ if std::mem::take(&mut upper) => key.push(letter.to_ascii_uppercase()),
            _ => key.push(letter),
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_hint_hides_a_setting() {
        let schema = schemars::schema_for!(crate::config::K3s).to_value();
        for (name, hints) in [("NodeFlags", in_node()), ("ServerFlags", in_server())] {
            let settings = schema["$defs"][name]["properties"].as_object().expect("settings");
            // The server's own `server` hint is for the flag; a node's `server` is a group.
            let both: Vec<&String> = settings.keys().filter(|key| hints.contains_key(*key)).collect();
            assert!(both.is_empty(), "{name}: {both:?}");
        }
    }
}
