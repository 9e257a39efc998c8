//! Required fields that a typed struct's `Default` left behind.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::data::{Definitions, Schema, Type, all_versions};

use super::pointer::Pointer;
use super::required;

/// JSON pointers of the required fields of a built-in kind that hold the zero of a typed struct: `""`, `{}`, `[]` or 0.
///
/// A field counts as required when this version says so, or when the oldest version does, which the typed structs are made
/// from: since then `StatefulSet.spec.serviceName` and others became optional, and a struct still writes them. A kind that is
/// not built in has no such fields: structs of custom resources have no `Default` for required fields. Optional fields
/// (`emptyDir: {}`, `matchLabels: {}`, `storageClassName: ""`), `false`, and the zeros that mean something are not in question.
#[must_use]
pub fn unset_required(object: &Map<String, Value>, definitions: &Definitions) -> Vec<String> {
    let mut found = BTreeSet::new();
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    for definitions in [Some(definitions), all_versions().next()].into_iter().flatten() {
        if let Some((schema, name)) = definitions.schema(api_version, kind) {
            let walk = Walk { definitions };
            walk.object(object, schema, name, &Pointer::ROOT, &mut found);
        }
    }
    found.into_iter().collect()
}

struct Walk<'a> {
    definitions: &'a Definitions,
}

impl Walk<'_> {
    fn value(&self, value: &Value, schema: &Schema, at: &Pointer, found: &mut BTreeSet<String>) {
        let (schema, name) = self.definitions.resolve(schema);
        match (value, &schema.kind) {
            (Value::Object(fields), Type::Object(_)) => self.object(fields, schema, name.unwrap_or_default(), at, found),
            (Value::Array(items), Type::Array(array)) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &array.items, &at.index(index), found);
                }
            }
            _ => {}
        }
    }

    fn object(&self, fields: &Map<String, Value>, schema: &Schema, name: &str, at: &Pointer, found: &mut BTreeSet<String>) {
        let Type::Object(object) = &schema.kind else { return };
        for (key, value) in fields {
            let at = at.key(key);
            let required = object.required.iter().any(|required| **required == **key);
            if required && is_zero(value) && !required::zero_is_meaningful(name, key) {
                found.insert(at.to_string());
            } else if let Some(schema) = object.property(key).or(object.additional.as_deref()) {
                self.value(value, schema, &at, found);
            }
        }
    }
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(_) | Value::Null => false,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, StatefulSet, StatefulSetSpec};
    use k8s_openapi::api::core::v1::{Container, ContainerPort, PodSpec, PodTemplateSpec, Volume};
    use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicySpec};
    use k8s_openapi::api::rbac::v1::RoleBinding;
    use serde::Serialize;

    use crate::data::kubernetes;

    use super::*;

    fn unset<T: Serialize>(resource: &T, version: &str) -> Vec<String> {
        let value = serde_json::to_value(resource).expect("a typed struct");
        unset_required(value.as_object().expect("a mapping"), kubernetes(version).expect("known"))
    }

    #[test]
    fn the_leftovers_of_defaults_are_found() {
        let container = Container { ports: Some(vec![ContainerPort::default()]), ..Container::default() };
        let pod = PodSpec { containers: vec![container], volumes: Some(vec![Volume::default()]), ..PodSpec::default() };
        let spec =
            DeploymentSpec { template: PodTemplateSpec { spec: Some(pod), ..PodTemplateSpec::default() }, ..DeploymentSpec::default() };
        let deployment = Deployment { spec: Some(spec), ..Deployment::default() };
        assert_eq!(
            unset(&deployment, "1.36"),
            [
                "/spec/selector",
                "/spec/template/spec/containers/0/name",
                "/spec/template/spec/containers/0/ports/0/containerPort",
                "/spec/template/spec/volumes/0/name",
            ]
        );
        let binding = unset(&RoleBinding::default(), "1.36");
        assert_eq!(binding, ["/roleRef/apiGroup", "/roleRef/kind", "/roleRef/name"]);
    }

    #[test]
    fn an_empty_value_that_means_something_stays() {
        let policy = NetworkPolicy { spec: Some(NetworkPolicySpec::default()), ..NetworkPolicy::default() };
        assert_eq!(unset(&policy, "1.33"), [""; 0]);
        let pod = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "spec": {
            "containers": [{"name": "a", "env": [{"name": "A", "value": ""}]}],
            "volumes": [{"name": "v", "emptyDir": {}}],
            "affinity": {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "", "labelSelector": {}}]}},
        }});
        assert_eq!(unset(&pod, "1.36"), ["/spec/affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/0/topologyKey"]);
    }

    #[test]
    fn what_the_typed_structs_still_require_counts_in_newer_versions() {
        let set = StatefulSet { spec: Some(StatefulSetSpec::default()), ..StatefulSet::default() };
        for version in ["1.33", "1.37"] {
            let unset = unset(&set, version);
            assert!(unset.contains(&"/spec/template".to_owned()) && unset.contains(&"/spec/selector".to_owned()), "{unset:?}");
        }
    }
}
