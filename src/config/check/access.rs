//! Grants that grant nothing.

use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

/// Who nobody has logged in as (`k8s.io/apiserver/pkg/authentication/user`).
const ANYBODY: [&str; 2] = ["system:anonymous", "system:unauthenticated"];

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (at, access) in cluster.cluster.access.iter().enumerate() {
        for (key, names) in [("users", &access.users), ("groups", &access.groups)] {
            for (place, name) in names.iter().enumerate().filter(|(_, name)| ANYBODY.contains(&name.as_str())) {
                let path = ConfigPath::of(["cluster", "access"]).index(at).key(key).index(place);
                let text = format!("`{name}` is everybody who reaches the API server, without a login");
                problems.error(path, "config/access", text, "name people or groups who log in");
            }
        }
        if access.users.is_empty() && access.groups.is_empty() && access.service_accounts.is_empty() {
            let path = ConfigPath::of(["cluster", "access"]).index(at);
            let text = format!("`{}` grants `{}` to nobody", access.name, access.role.as_str());
            problems.error(path, "config/access", text, "name `users`, `groups` or `serviceAccounts`");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn nobody_gets_in_without_a_login() {
        let access = json!([{"name": "all", "role": "view", "groups": ["people", "system:unauthenticated"]}]);
        let said = said(check, &cluster(json!({"cluster": {"name": "a", "access": access}})));
        assert!(said.starts_with("error cluster.access[0].groups[1] config/access"), "{said}");
    }

    #[test]
    fn a_grant_names_somebody() {
        let config = cluster(json!({"cluster": {"name": "a", "access": [
            {"name": "nobody", "role": "view"}, {"name": "somebody", "role": "view", "groups": ["people"]}]}}));
        assert_eq!(said(check, &config), "error cluster.access[0] config/access: `nobody` grants `view` to nobody\n");
    }
}
