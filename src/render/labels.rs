//! The labels that every object carries.
//!
//! Names and meaning: the recommended labels of Kubernetes (`docs/concepts/overview/working-with-objects/common-labels`).

use serde_json::{Map, Value};

use crate::config::Cluster;
use crate::manifest::Object;

/// Adds the recommended labels that an object has not set itself.
///
/// `name` is the component (for the user's own objects their name), `instance` and `part-of` the cluster.
pub(super) fn complete(object: &mut Object, cluster: &Cluster) {
    let name = if object.component() == "extra" { object.name() } else { object.component() };
    // A label value holds at most 63 characters, a name up to 253.
    let name: String = name.chars().take(63).collect::<String>().trim_end_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    let is_label = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let name = if is_label { name } else { object.component().to_owned() };
    let component = object.component();
    let wanted = [
        ("app.kubernetes.io/name", name.as_str()),
        ("app.kubernetes.io/instance", cluster.cluster.name.as_str()),
        ("app.kubernetes.io/component", component),
        ("app.kubernetes.io/part-of", cluster.cluster.name.as_str()),
        ("app.kubernetes.io/managed-by", "manifestgen"),
    ]
    .map(|(key, value)| (key.to_owned(), Value::from(value)));
    object.edit_metadata(|metadata| {
        let labels = metadata.entry("labels").or_insert_with(|| Value::Object(Map::new()));
        // Labels of another type are the user's mistake; the API server names it better than we would.
        let Value::Object(labels) = labels else { return };
        for (key, value) in wanted {
            labels.entry(key).or_insert(value);
        }
    });
}
