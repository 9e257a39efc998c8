//! Who else delivers an object: one object has one deliverer.

use serde_json::Value;

use super::inventory::PART_OF;

/// Another deliverer, and the mark that it left on the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Deliverer {
    pub name: String,
    pub mark: String,
}

/// Where deliverers leave their marks: on labels or annotations of what they apply.
const MARKS: [(&str, &str, &str); 6] = [
    // Argo CD, `application.resourceTrackingMethod: annotation`.
    ("annotations", "argocd.argoproj.io/tracking-id", "Argo CD Application"),
    // k3s' manifests folder and Helm controller, through rancher/wrangler.
    ("annotations", "objectset.rio.cattle.io/id", "k3s"),
    ("annotations", "meta.helm.sh/release-name", "Helm release"),
    ("labels", "kustomize.toolkit.fluxcd.io/name", "Flux Kustomization"),
    ("labels", "helm.toolkit.fluxcd.io/name", "Flux HelmRelease"),
    ("annotations", "kapp.k14s.io/identity", "kapp"),
];

/// Who else delivers a live object; none when nobody does, or only we.
pub(super) fn other_deliverer(live: &Value, id: &str) -> Option<Deliverer> {
    let found = |place: &str, key: &str| live["metadata"][place].get(key).and_then(Value::as_str);
    if let Some(other) = found("labels", PART_OF) {
        // Once it is ours, an old mark of somebody else's was dealt with.
        return (other != id).then(|| Deliverer { name: format!("ApplySet {other}"), mark: format!(".metadata.labels.{PART_OF}") });
    }
    let (place, key, who) = MARKS.into_iter().find(|(place, key, _)| found(place, key).is_some())?;
    let name = found(place, key).unwrap_or_default();
    Some(Deliverer { name: format!("{who} {name}").trim_end().to_owned(), mark: format!(".metadata.{place}.{key}") })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_are_seen() {
        let other = |metadata: Value| other_deliverer(&json!({"metadata": metadata}), "mine").map(|other| other.name);
        assert_eq!(other(json!({"labels": {PART_OF: "mine"}})), None);
        assert_eq!(other(json!({"labels": {PART_OF: "theirs"}})).as_deref(), Some("ApplySet theirs"));
        assert_eq!(other(json!({"annotations": {"meta.helm.sh/release-name": "web"}})).as_deref(), Some("Helm release web"));
        assert_eq!(other(json!({})), None);
    }
}
