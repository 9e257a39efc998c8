//! Quotas that keep pods out, and defaults of containers that contradict each other.

use crate::config::{Cluster, ContainerDefaults, NamespaceEntry, Problems, Quantity};
use crate::source::ConfigPath;

const RULE: &str = "config/quota";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (at, entry) in cluster.cluster.namespaces.iter().enumerate() {
        let path = ConfigPath::of(["cluster", "namespaces"]).index(at);
        quota(&path, entry, problems);
        if let Some(containers) = &entry.containers {
            order(&path.key("containers"), containers, problems);
        }
    }
}

/// Under a quota of a resource the API server refuses every pod that does not say how much of it it wants.
fn quota(path: &ConfigPath, entry: &NamespaceEntry, problems: &mut Problems) {
    for name in entry.quota.keys() {
        let (key, resource) = match name.split_once('.') {
            Some(("limits", resource)) => ("limits", resource),
            Some(("requests", resource)) => ("requests", resource),
            _ => ("requests", name.as_str()),
        };
        if !matches!(resource, "cpu" | "memory" | "ephemeral-storage") {
            continue;
        }
        // A limit is a request, too, where there is none.
        let has = |containers: &ContainerDefaults| {
            containers.limits.contains_key(resource) || (key == "requests" && containers.requests.contains_key(resource))
        };
        if !entry.containers.as_ref().is_some_and(has) {
            let message = format!("under a quota of `{name}` every pod is refused whose containers do not say how much they want");
            let hint = format!("add `containers.{key}.{resource}`, which counts for those that say nothing");
            problems.warning(path.key("quota").key(name), RULE, message, hint);
        }
    }
}

/// As the API server compares (`pkg/apis/core/validation`, `ValidateLimitRange`).
fn order(path: &ConfigPath, containers: &ContainerDefaults, problems: &mut Problems) {
    let ranks = [("min", &containers.min), ("requests", &containers.requests), ("limits", &containers.limits), ("max", &containers.max)];
    for (place, (low_key, low)) in ranks.iter().enumerate() {
        for (high_key, high) in &ranks[place + 1..] {
            for (resource, amount) in *low {
                let (Some(low), Some(high)) = (milli(amount), high.get(resource).and_then(milli)) else { continue };
                if low > high {
                    let message = format!("`{low_key}.{resource}` is more than `{high_key}.{resource}`");
                    let other = path.key(*high_key).key(resource);
                    problems.error(path.key(*low_key).key(resource), RULE, message, "use less, or raise the other").involving(other);
                }
            }
        }
    }
}

/// Thousandths, in which CPUs are counted.
fn milli(quantity: &Quantity) -> Option<u64> {
    let text = quantity.as_str();
    if let Some(milli) = text.strip_suffix('m') {
        return Quantity::from(milli).amount();
    }
    // `0.5` would be rounded up to 1; with a unit behind it, a part is worth more than that.
    let Some((whole, part)) = text.split_once('.').filter(|(_, part)| part.bytes().all(|byte| byte.is_ascii_digit())) else {
        return quantity.amount()?.checked_mul(1000);
    };
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let thousandths: String = part.chars().chain("000".chars()).take(3).collect();
    whole.checked_mul(1000)?.checked_add(thousandths.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::{cluster, said};
    use super::{check, milli};

    fn of(namespace: Value) -> String {
        said(check, &cluster(json!({"cluster": {"name": "c", "namespaces": [namespace]}})))
    }

    #[test]
    fn a_quota_needs_defaults() {
        assert_eq!(of(json!({"name": "a", "quota": {"pods": "10", "requests.storage": "10Gi"}})), "");
        assert_eq!(
            of(
                json!({"name": "a", "quota": {"limits.memory": "1Gi", "cpu": "2"}, "containers": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "1"}}})
            ),
            ""
        );
        insta::assert_snapshot!(of(json!({"name": "a", "quota": {"limits.memory": "1Gi", "cpu": "2"}, "containers": {"requests": {"memory": "1Gi"}}})), @"
        warning cluster.namespaces[0].quota.cpu config/quota: under a quota of `cpu` every pod is refused whose containers do not say how much they want
        warning cluster.namespaces[0].quota.\"limits.memory\" config/quota: under a quota of `limits.memory` every pod is refused whose containers do not say how much they want
        ");
    }

    #[test]
    fn defaults_are_in_order() {
        let fine = json!({"min": {"cpu": "10m"}, "requests": {"cpu": "0.1"}, "limits": {"cpu": "1"}, "max": {"cpu": "2000m"}});
        assert_eq!(of(json!({"name": "a", "containers": fine})), "");
        insta::assert_snapshot!(of(json!({"name": "a", "containers": {"min": {"cpu": "200m"}, "requests": {"cpu": "0.1"}, "limits": {"memory": "2Gi"}, "max": {"memory": "1Gi"}}})), @"
        error cluster.namespaces[0].containers.min.cpu config/quota: `min.cpu` is more than `requests.cpu`
        error cluster.namespaces[0].containers.limits.memory config/quota: `limits.memory` is more than `max.memory`
        ");
    }

    #[test]
    fn cpus_are_counted_in_thousandths() {
        let of = |text: &str| milli(&text.into());
        assert_eq!([of("1"), of("0.1"), of(".25"), of("250m"), of("1Ki")], [Some(1000), Some(100), Some(250), Some(250), Some(1_024_000)]);
    }
}
