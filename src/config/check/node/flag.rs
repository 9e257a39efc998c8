//! Settings of k3s that its version does not have, or that do not fit each other.

use super::{k3s, settings};
use crate::config::{Cluster, NodeFlags, Problems};
use crate::source::ConfigPath;

/// A setting, the first version that has it, and whether it is set.
type Since = (&'static str, [u64; 3], fn(&NodeFlags) -> bool);

/// Settings of servers that a k3s of the known minors may lack, with the first version that has them (release notes of k3s).
const SINCE: [Since; 2] = [
    ("etcdS3Retention", [1, 33, 4], |own| own.server.as_ref().is_some_and(|server| server.etcd_s3_retention.is_some())),
    ("writeKubeconfigName", [1, 37, 0], |own| own.server.as_ref().is_some_and(|server| server.write_kubeconfig_name.is_some())),
];

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, own) in settings(cluster) {
        versions(cluster, &path, own, problems);
        kubeconfig(&path, own, problems);
    }
    node_ports(cluster, problems);
    tokens(cluster, problems);
    images(cluster, problems);
}

/// The version as numbers; a minor stands for its last patch.
fn version(text: &str) -> Option<[u64; 3]> {
    let mut numbers = text.split('.').map(str::parse);
    let (major, minor) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    Some([major, minor, numbers.next().map_or(Some(u64::MAX), Result::ok)?])
}

fn versions(cluster: &Cluster, path: &ConfigPath, own: &NodeFlags, problems: &mut Problems) {
    let runs = cluster.cluster.version.to_string();
    let Some(numbers) = version(&runs) else { return };
    for (key, since, _) in SINCE.into_iter().filter(|(_, since, is_set)| is_set(own) && numbers < *since) {
        let text = format!("k3s {runs} does not know `{key}`");
        let hint = format!("it came with k3s {}.{}.{}", since[0], since[1], since[2]);
        let involved = ConfigPath::of(["cluster", "version"]);
        problems.error(path.key("server").key(key), "config/k3s-version", text, hint).involving(involved);
    }
}

/// The administrator's kubeconfig holds a key to everything.
fn kubeconfig(path: &ConfigPath, own: &NodeFlags, problems: &mut Problems) {
    let Some(mode) = own.server.as_ref().and_then(|server| server.write_kubeconfig_mode.as_ref()) else { return };
    let Ok(bits) = u32::from_str_radix(mode.as_str(), 8) else { return };
    if bits & 0o004 != 0 {
        let text = format!("with mode `{mode}` every user of the server can read the administrator's kubeconfig, and rule the cluster");
        let hint = "set `0640` and a group with `writeKubeconfigGroup`";
        problems.warning(path.key("server").key("writeKubeconfigMode"), "config/kubeconfig", text, hint);
    }
}

fn node_ports(cluster: &Cluster, problems: &mut Problems) {
    let Some(range) = &cluster.k3s.service_node_port_range else { return };
    let ports = range.split_once('-').and_then(|(first, last)| Some((first.parse::<u16>().ok()?, last.parse::<u16>().ok()?)));
    if !ports.is_some_and(|(first, last)| 0 < first && first <= last) {
        let text = format!("`{range}` is no range of ports");
        problems.error(k3s("serviceNodePortRange"), "config/value", text, "write `first-last`, such as `30000-32767`");
    }
}

fn tokens(cluster: &Cluster, problems: &mut Problems) {
    let section = &cluster.k3s;
    if section.agent_token_file.as_ref() == Some(&section.token_file) {
        let text = "agents have the token of servers, so each of them could join as a server";
        let hint = "name another file, or remove `agentTokenFile`";
        problems.error(k3s("agentTokenFile"), "config/value", text, hint).involving(k3s("tokenFile"));
    }
}

fn images(cluster: &Cluster, problems: &mut Problems) {
    let section = &cluster.k3s;
    if let Some(registry) = section.system_default_registry.as_deref().filter(|registry| registry.contains("://") || registry.contains('@'))
    {
        let text = format!("`{registry}` is no registry as images name it");
        problems.error(k3s("systemDefaultRegistry"), "config/value", text, "write `host` or `host:port`");
    }
    if !section.embedded_registry {
        return;
    }
    let has_mirrors = !section.registries.mirrors.is_empty() || cluster.nodes.iter().any(|entry| !entry.registries.mirrors.is_empty());
    let has_own_file = |entry: &crate::config::NodeEntry| entry.flags(section).private_registry.is_some();
    if !has_mirrors && !cluster.nodes.iter().any(has_own_file) {
        let text = "nodes share images only of registries that are named as mirrors, and none is";
        let hint = "add `k3s.registries.mirrors`, such as `docker.io: {}`, or `\"*\": {}` for all";
        problems.warning(k3s("embeddedRegistry"), "config/registry", text, hint);
    }
    for (path, own) in settings(cluster).filter(|(_, own)| own.docker == Some(true) || own.container_runtime_endpoint.is_some()) {
        let key = if own.docker == Some(true) { "docker" } else { "containerRuntimeEndpoint" };
        let text = format!("`embeddedRegistry` works with k3s' own containerd only, which `{key}` replaces");
        problems.error(path.key(key), "config/registry", text, "remove one of the two").involving(k3s("embeddedRegistry"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn a_version_of_k3s_has_the_flag() {
        let with = |version: &str| {
            let mut cluster = cluster(json!({"defaults": {"server": {"etcdS3Retention": 3, "writeKubeconfigName": "home"}}}), json!([]));
            cluster.cluster.version = version.into();
            said(check, &cluster)
        };
        insta::assert_snapshot!(with("1.33.3"), @"
        error k3s.defaults.server.etcdS3Retention config/k3s-version: k3s 1.33.3 does not know `etcdS3Retention`
        error k3s.defaults.server.writeKubeconfigName config/k3s-version: k3s 1.33.3 does not know `writeKubeconfigName`
        ");
        insta::assert_snapshot!(with("1.33"), @"error k3s.defaults.server.writeKubeconfigName config/k3s-version: k3s 1.33 does not know `writeKubeconfigName`");
        assert_eq!(with("1.37.1"), "");
    }

    #[test]
    fn values_fit_each_other() {
        let of = |k3s: Value| said(check, &cluster(k3s, json!([{"name": "n", "k3s": {"docker": true}}])));
        insta::assert_snapshot!(of(json!({"embeddedRegistry": true})), @"
        warning k3s.embeddedRegistry config/registry: nodes share images only of registries that are named as mirrors, and none is
        error nodes[0].k3s.docker config/registry: `embeddedRegistry` works with k3s' own containerd only, which `docker` replaces
        ");
        insta::assert_snapshot!(of(json!({"tokenFile": "/a", "agentTokenFile": "/a", "serviceNodePortRange": "2-1", "systemDefaultRegistry": "https://r"})), @"
        error k3s.serviceNodePortRange config/value: `2-1` is no range of ports
        error k3s.agentTokenFile config/value: agents have the token of servers, so each of them could join as a server
        error k3s.systemDefaultRegistry config/value: `https://r` is no registry as images name it
        ");
        insta::assert_snapshot!(of(json!({"defaults": {"server": {"writeKubeconfigMode": "0644"}}})), @"warning k3s.defaults.server.writeKubeconfigMode config/kubeconfig: with mode `0644` every user of the server can read the administrator's kubeconfig, and rule the cluster");
        assert_eq!(of(json!({"serviceNodePortRange": "30000-32767", "defaults": {"server": {"writeKubeconfigMode": "0640"}}})), "");
    }
}
