//! Grants that grant nothing.

use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (at, access) in cluster.cluster.access.iter().enumerate() {
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
    fn a_grant_names_somebody() {
        let config = cluster(json!({"cluster": {"name": "a", "access": [
            {"name": "nobody", "role": "view"}, {"name": "somebody", "role": "view", "groups": ["people"]}]}}));
        assert_eq!(said(check, &config), "error cluster.access[0] config/access: `nobody` grants `view` to nobody\n");
    }
}
