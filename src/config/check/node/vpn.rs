//! k3s' own login to Tailscale (`vpn-auth-file`).

use super::{k3s, node};
use crate::config::{Cluster, DatastoreType, FlannelBackend, MeshType, Problems};

const RULE: &str = "config/vpn";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(first) = cluster.nodes.iter().find(|entry| entry.uses_vpn()) else { return };
    for (at, entry) in cluster.nodes.iter().enumerate() {
        if !entry.uses_vpn() {
            let text = format!(
                "k3s logs in to the mesh on node `{}` and not on node `{}`: their pods cannot reach each other",
                first.name, entry.name
            );
            problems.error(node(at), RULE, text, "give every node `mesh.vpnAuthFile`, or none");
            continue;
        }
        let path = node(at).key("mesh").key("vpnAuthFile");
        if entry.mesh.as_ref().is_some_and(|mesh| mesh.r#type != MeshType::Tailscale) {
            let text = "k3s can log in to Tailscale only";
            problems.error(path.clone(), RULE, text, "set `mesh.type: tailscale`, or remove `vpnAuthFile`");
        }
        if entry.flags(&cluster.k3s).flannel_iface.is_some() {
            let text = format!("k3s chooses the interface of node `{}` itself when it logs in to the mesh", entry.name);
            problems.error(path, RULE, text, "remove `flannelIface`");
        }
    }
    if cluster.k3s.datastore.r#type == DatastoreType::Etcd {
        let text = "an embedded etcd does not work over the mesh that k3s logs in to (k3s#10133)";
        problems.error(k3s("datastore").key("type"), RULE, text, "use one server with `sqlite`, or an external datastore");
    }
    let overruled =
        [("flannelBackend", cluster.k3s.flannel_backend != FlannelBackend::Vxlan), ("flannelExternalIp", cluster.k3s.flannel_external_ip)];
    for (key, _) in overruled.into_iter().filter(|(_, is_set)| *is_set) {
        let text = format!("`{key}` has no effect: pods talk over the mesh that k3s logs in to");
        problems.warning(k3s(key), RULE, text, "remove it");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn all_nodes_log_in_or_none() {
        let mesh = json!({"type": "tailscale", "vpnAuthFile": "/run/agenix/vpn"});
        let nodes = json!([{"name": "a", "role": "server", "mesh": mesh}, {"name": "b", "mesh": {"type": "tailscale"}}]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), nodes)), @"error nodes[1] config/vpn: k3s logs in to the mesh on node `a` and not on node `b`: their pods cannot reach each other");
        assert_eq!(said(check, &cluster(json!({}), json!([{"name": "a", "mesh": mesh}]))), "");
        assert_eq!(said(check, &cluster(json!({"datastore": {"type": "etcd"}}), json!([{"name": "a"}]))), "");
    }

    #[test]
    fn k3s_decides_the_rest_and_etcd_does_not_go() {
        let mesh = json!({"type": "wireguard", "vpnAuthFile": "/run/agenix/vpn"});
        let k3s = json!({"datastore": {"type": "etcd"}, "flannelBackend": "wireguard-native", "flannelExternalIp": true, "defaults": {"flannelIface": "eth0"}});
        insta::assert_snapshot!(said(check, &cluster(k3s, json!([{"name": "a", "role": "server", "mesh": mesh}]))), @"
        error nodes[0].mesh.vpnAuthFile config/vpn: k3s can log in to Tailscale only
        error nodes[0].mesh.vpnAuthFile config/vpn: k3s chooses the interface of node `a` itself when it logs in to the mesh
        error k3s.datastore.type config/vpn: an embedded etcd does not work over the mesh that k3s logs in to (k3s#10133)
        warning k3s.flannelBackend config/vpn: `flannelBackend` has no effect: pods talk over the mesh that k3s logs in to
        warning k3s.flannelExternalIp config/vpn: `flannelExternalIp` has no effect: pods talk over the mesh that k3s logs in to
        ");
    }
}
