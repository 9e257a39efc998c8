//! Where servers keep the cluster's state, and whether their number fits that.

use super::k3s;
use crate::config::{Cluster, DatastoreType, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/datastore";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let datastore = &cluster.k3s.datastore;
    let path = k3s("datastore");
    let servers = cluster.servers().count();
    if datastore.r#type == DatastoreType::Sqlite && servers > 1 {
        let text = format!("{servers} servers cannot share the SQLite file of one");
        let hint = "set `k3s.datastore.type: etcd`, or `external` for a database of your own";
        problems.error(path.key("type"), RULE, text, hint).involving(ConfigPath::of(["nodes"]));
    }
    if datastore.r#type == DatastoreType::Etcd {
        members(cluster, problems);
    }
    if datastore.r#type != DatastoreType::External {
        let external = [
            ("endpoint", datastore.endpoint.is_some()),
            ("caFile", datastore.ca_file.is_some()),
            ("certFile", datastore.cert_file.is_some()),
            ("keyFile", datastore.key_file.is_some()),
        ];
        for (key, _) in external.into_iter().filter(|(_, is_set)| *is_set) {
            let text = format!("`{key}` is for an external datastore only");
            problems.error(path.key(key), RULE, text, "remove it, or set `k3s.datastore.type: external`").involving(path.key("type"));
        }
    }
    if datastore.endpoint.as_deref().is_some_and(holds_password) {
        let hint = "leave `endpoint` out and give k3s the whole address in `K3S_DATASTORE_ENDPOINT`, from a file that only root can read";
        problems.error(path.key("endpoint"), "config/plain-secret", "the datastore's address holds a password", hint);
    }
}

/// etcd works while more than half of its members do.
fn members(cluster: &Cluster, problems: &mut Problems) {
    let takes_part = |settings: crate::config::NodeFlags| settings.server.and_then(|server| server.disable_etcd) != Some(true);
    let members = cluster.servers().filter(|(_, entry)| takes_part(entry.flags(&cluster.k3s))).count();
    let path = ConfigPath::of(["nodes"]);
    if members == 0 && cluster.servers().next().is_some() {
        problems.error(path, RULE, "etcd is turned off on every server", "leave `disableEtcd` out on an odd number of servers");
    } else if members > 0 && members.is_multiple_of(2) {
        let lost = members / 2 - 1;
        let text = format!("an etcd of {members} servers survives the loss of {lost}, just as one of {} does", members - 1);
        problems.warning(path, RULE, text, "use an odd number of servers").involving(k3s("datastore").key("type"));
    }
}

/// `postgres://user:password@host/…`, `user:password@tcp(host)/…`: both have a colon before the last `@`.
fn holds_password(endpoint: &str) -> bool {
    let after_scheme = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    after_scheme.rsplit_once('@').is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, password)| !password.is_empty()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{cluster, said};
    use super::*;

    fn servers(number: usize) -> Value {
        (0..number).map(|at| json!({"name": format!("s{at}"), "role": "server"})).collect()
    }

    #[test]
    fn several_servers_need_etcd_or_a_database() {
        insta::assert_snapshot!(said(check, &cluster(json!({}), servers(2))), @"error k3s.datastore.type config/datastore: 2 servers cannot share the SQLite file of one");
        insta::assert_snapshot!(said(check, &cluster(json!({"datastore": {"type": "etcd"}}), servers(2))), @"warning nodes config/datastore: an etcd of 2 servers survives the loss of 0, just as one of 1 does");
        insta::assert_snapshot!(said(check, &cluster(json!({"datastore": {"type": "etcd"}}), servers(4))), @"warning nodes config/datastore: an etcd of 4 servers survives the loss of 1, just as one of 3 does");
        let off = json!([{"name": "s", "role": "server", "k3s": {"server": {"disableEtcd": true}}}]);
        insta::assert_snapshot!(said(check, &cluster(json!({"datastore": {"type": "etcd"}}), off)), @"error nodes config/datastore: etcd is turned off on every server");
        for fine in [json!({"type": "etcd"}), json!({"type": "external", "endpoint": "https://etcd:2379", "caFile": "/ca"})] {
            assert_eq!(said(check, &cluster(json!({"datastore": fine}), servers(3))), "");
        }
    }

    #[test]
    fn an_endpoint_is_for_an_external_datastore_and_holds_no_password() {
        let with = |datastore: Value| cluster(json!({"datastore": datastore}), servers(1));
        insta::assert_snapshot!(said(check, &with(json!({"endpoint": "https://etcd:2379", "keyFile": "/key"}))), @"
        error k3s.datastore.endpoint config/datastore: `endpoint` is for an external datastore only
        error k3s.datastore.keyFile config/datastore: `keyFile` is for an external datastore only
        ");
        insta::assert_snapshot!(said(check, &with(json!({"type": "external", "endpoint": "postgres://k3s:hunter2@db/k3s"}))), @"error k3s.datastore.endpoint config/plain-secret: the datastore's address holds a password");
    }

    #[test]
    fn passwords_are_seen_in_every_form_of_an_address() {
        for secret in ["mysql://k3s:p@tcp(db:3306)/k3s", "postgres://u:a@b@h/d", "nats://u:p@h:4222", "u:p@tcp(h)/d"] {
            assert!(holds_password(secret), "{secret}");
        }
        for fine in
            ["https://10.0.0.1:2379,https://10.0.0.2:2379", "postgres://k3s@db:5432/k3s", "mysql://tcp(db:3306)/k3s", "nats://", "x:@h"]
        {
            assert!(!holds_password(fine), "{fine}");
        }
    }
}
