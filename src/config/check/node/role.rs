//! Servers and agents.

use super::node;
use crate::config::{Cluster, NodeRole, Problems};
use crate::source::ConfigPath;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    if !cluster.nodes.is_empty() && cluster.primer().is_none() && cluster.k3s.registration_address.is_none() {
        let hint =
            "give the first server `role: server`, or name the address of servers that are not listed with `k3s.registrationAddress`";
        problems.error(ConfigPath::of(["nodes"]), "config/no-server", "no node is a server, so there is nothing to join", hint);
    }
    for (at, entry) in cluster.nodes.iter().enumerate() {
        let own = &entry.k3s;
        if entry.role == NodeRole::Agent && own.server.is_some() {
            let text = format!("node `{}` is an agent and has settings of a server", entry.name);
            problems.error(node(at).key("k3s").key("server"), "config/node-role", text, "remove them, or set `role: server`");
        }
        if entry.role == NodeRole::Server && own.agent.is_some() {
            let text = format!("node `{}` is a server and has settings of an agent", entry.name);
            problems.error(node(at).key("k3s").key("agent"), "config/node-role", text, "remove them, or set `role: agent`");
        }
        if entry.flags(&cluster.k3s).rootless == Some(true) && cluster.nodes.len() > 1 {
            let text = format!("node `{}` runs k3s without root, which only a cluster of one node can", entry.name);
            problems.error(node(at).key("k3s").key("rootless"), "config/node-role", text, "remove `rootless`, or all other nodes");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn agents_need_a_server_and_only_their_own_settings() {
        let agents = json!([{"name": "a", "k3s": {"server": {"disableScheduler": true}}}, {"name": "b", "k3s": {"rootless": true}}]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), agents.clone())), @"
        error nodes config/no-server: no node is a server, so there is nothing to join
        error nodes[0].k3s.server config/node-role: node `a` is an agent and has settings of a server
        error nodes[1].k3s.rootless config/node-role: node `b` runs k3s without root, which only a cluster of one node can
        ");
        let joined = cluster(json!({"registrationAddress": "k3s.example.com"}), json!([{"name": "a"}]));
        assert_eq!(said(check, &joined), "");
        let server = json!([{"name": "s", "role": "server", "k3s": {"rootless": true, "agent": {"disableApiserverLb": true}}}]);
        insta::assert_snapshot!(said(check, &cluster(json!({}), server)), @"error nodes[0].k3s.agent config/node-role: node `s` is a server and has settings of an agent");
    }
}
