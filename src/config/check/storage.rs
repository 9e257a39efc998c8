//! The default storage class: exactly one, and one that is there.

use crate::config::{Cluster, K3S_STORAGE_CLASS, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/storage-class";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let storage = &cluster.cluster.storage;
    let default = storage.default_class.as_str();
    let path = || ConfigPath::of(["cluster", "storage", "defaultClass"]);
    let ours = storage.classes.iter().any(|class| class.name.as_str() == default);
    // The name of k3s' add-on that brings the class, and makes it the default one.
    let without_k3s_class = cluster.k3s.disable.iter().any(|addon| addon.as_str() == "local-storage");
    if default == K3S_STORAGE_CLASS && !ours {
        if without_k3s_class {
            let text = format!("the storage class `{default}` is not there, as `k3s.disable` holds `local-storage`");
            let disable = ConfigPath::of(["k3s", "disable"]);
            problems.error(path(), RULE, text, "name a class of `cluster.storage.classes`").involving(disable);
        }
    } else if !ours {
        let text = format!("the storage class `{default}` is neither k3s' own nor one of `cluster.storage.classes`");
        problems.warning(path(), RULE, text, "something else must bring it and make it the default one");
    } else if !without_k3s_class {
        let text = format!("`{default}` and k3s' own `{K3S_STORAGE_CLASS}` will both be default storage classes");
        problems.warning(path(), RULE, text, "add `local-storage` to `k3s.disable`");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn the_default_class_is_there_and_is_the_only_one() {
        let said = |default: &str, disable: &[&str]| {
            let classes = json!([{"name": "fast", "provisioner": "example.com/fast"}]);
            said(
                check,
                &cluster(
                    json!({"cluster": {"name": "a", "storage": {"defaultClass": default, "classes": classes}}, "k3s": {"disable": disable}}),
                ),
            )
        };
        assert_eq!(said("local-path", &[]), "");
        assert_eq!(said("fast", &["local-storage"]), "");
        assert!(said("fast", &[]).starts_with("warning cluster.storage.defaultClass"));
        assert!(said("slow", &[]).starts_with("warning cluster.storage.defaultClass"));
        assert!(said("local-path", &["local-storage"]).starts_with("error cluster.storage.defaultClass"));
    }
}
