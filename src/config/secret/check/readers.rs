//! Who can read a secret.

use super::{RULE, at};
use crate::config::{Cluster, DnsLabel, Problems, SecretEntry};
use crate::diag::did_you_mean;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (number, secret) in cluster.secrets.iter().enumerate() {
        let known = groups(cluster, number, secret, problems) & nodes(cluster, number, secret, problems);
        if known && cluster.recipients_of_secret(secret).is_empty() {
            let text = format!("nobody could decrypt `{}`: it has no recipient", secret.name);
            problems.error(at(number), RULE, text, "add your public key to a group of `recipients`");
        } else if known {
            without_key(cluster, number, secret, problems);
        }
    }
}

fn groups(cluster: &Cluster, number: usize, secret: &SecretEntry, problems: &mut Problems) -> bool {
    let mut all_known = true;
    for (place, group) in secret.recipients.iter().enumerate() {
        if cluster.recipients.contains_key(group) {
            continue;
        }
        all_known = false;
        let names = cluster.recipients.keys().map(DnsLabel::as_str);
        let hint = if cluster.nodes.iter().any(|node| node.name == *group) {
            format!("`{group}` is a node: name it under `nodes` of the secret")
        } else {
            did_you_mean(group.as_str(), names)
                .map_or_else(|| "add it to the top-level `recipients`".to_owned(), |near| format!("did you mean `{near}`?"))
        };
        problems.error(at(number).key("recipients").index(place), RULE, format!("`recipients` has no group `{group}`"), hint);
    }
    all_known
}

fn nodes(cluster: &Cluster, number: usize, secret: &SecretEntry, problems: &mut Problems) -> bool {
    let mut all_known = true;
    for (place, name) in secret.nodes.iter().enumerate() {
        if cluster.nodes.iter().any(|node| node.name == *name) {
            continue;
        }
        all_known = false;
        let names = cluster.nodes.iter().map(|node| node.name.as_str());
        let hint = did_you_mean(name.as_str(), names).map_or_else(String::new, |near| format!("did you mean `{near}`?"));
        problems.error(at(number).key("nodes").index(place), RULE, format!("there is no node `{name}`"), hint);
    }
    all_known
}

/// A node that is to decrypt a secret and has no key: so it is until its first start has made one.
fn without_key(cluster: &Cluster, number: usize, secret: &SecretEntry, problems: &mut Problems) {
    let without = cluster.nodes_of_secret(secret).into_iter().filter(|node| node.host_keys.is_empty());
    let names: Vec<String> = without.map(|node| format!("`{}`", node.name)).collect();
    if let Some(first) = names.first() {
        let (who, has) = if names.len() == 1 { (format!("node {first}"), "has") } else { (format!("nodes {}", names.join(", ")), "have") };
        let text = format!("`{}` cannot be decrypted on {who}, which {has} no `hostKeys`", secret.name);
        let hint = "add the line of `/etc/ssh/ssh_host_ed25519_key.pub` of each node to its `hostKeys`, then `secret rekey`";
        problems.warning(at(number), RULE, text, hint);
    }
}
