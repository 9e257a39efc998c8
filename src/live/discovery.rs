//! Which kinds a server serves, and where.

use std::collections::HashMap;

use kube::Client;
use kube::discovery::{Discovery, Scope};
use serde_json::Value;

use super::request::segment;
use crate::diag::{Error, Result};
use crate::manifest::Object;

/// A kind that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    plural: String,
    namespaced: bool,
}

/// All kinds of a server, by `apiVersion` and kind.
#[derive(Debug, Default)]
pub(super) struct Resources(HashMap<(String, String), Resource>);

impl Resources {
    /// Asks the server, by aggregated discovery: two requests (Kubernetes 1.26 and later).
    pub(super) async fn discover(client: &Client) -> Result<Self> {
        let discovery = Discovery::new(client.clone())
            .run_aggregated()
            .await
            .map_err(|cause| Error::environment("the API server does not tell which kinds it serves").caused_by(cause))?;
        let mut resources = Self::default();
        for group in discovery.groups() {
            for version in group.versions() {
                for (resource, capabilities) in group.versioned_resources(version) {
                    let namespaced = capabilities.scope == Scope::Namespaced;
                    resources.0.insert((resource.api_version, resource.kind), Resource { plural: resource.plural, namespaced });
                }
            }
        }
        Ok(resources)
    }

    /// Adds what a `CustomResourceDefinition` defines.
    pub(super) fn define(&mut self, definition: &Value) {
        for (api_version, kind) in served(definition) {
            let plural = definition.pointer("/spec/names/plural").and_then(Value::as_str).unwrap_or_default().to_owned();
            let namespaced = definition.pointer("/spec/scope").and_then(Value::as_str) == Some("Namespaced");
            self.0.insert((api_version, kind), Resource { plural, namespaced });
        }
    }

    pub(super) fn get(&self, object: &Object) -> Option<&Resource> {
        self.0.get(&(object.api_version().to_owned(), object.kind().to_owned()))
    }

    /// The versions in which a kind of this group and name is served.
    pub(super) fn versions_of(&self, object: &Object) -> Vec<&str> {
        let group = |api_version: &str| api_version.split_once('/').map_or(String::new(), |(group, _)| group.to_owned());
        let own = group(object.api_version());
        let mut versions: Vec<_> = self
            .0
            .keys()
            .filter(|(version, kind)| kind == object.kind() && group(version) == own)
            .map(|(version, _)| version.as_str())
            .collect();
        versions.sort_unstable();
        versions
    }
}

/// The `apiVersion` and kind of every version that a `CustomResourceDefinition` serves.
pub(super) fn served(definition: &Value) -> Vec<(String, String)> {
    let text = |pointer: &str| definition.pointer(pointer).and_then(Value::as_str);
    let (Some(group), Some(kind)) = (text("/spec/group"), text("/spec/names/kind")) else { return Vec::new() };
    let versions = definition.pointer("/spec/versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let names = versions.iter().filter(|version| version["served"] == true).filter_map(|version| version["name"].as_str());
    names.map(|version| (format!("{group}/{version}"), kind.to_owned())).collect()
}

impl Resource {
    /// The namespace that an object of this kind is put into; none where the kind has none.
    pub(super) fn namespace<'a>(&self, object: &'a Object, default: &'a str) -> Option<&'a str> {
        self.namespaced.then(|| object.namespace().unwrap_or(default))
    }

    /// The path of all objects of this kind, in a namespace if it has them.
    pub(super) fn path(&self, api_version: &str, namespace: Option<&str>) -> String {
        let root = if api_version.contains('/') { "/apis" } else { "/api" };
        let namespace = namespace.map(|namespace| format!("/namespaces/{}", segment(namespace))).unwrap_or_default();
        format!("{root}/{api_version}{namespace}/{}", self.plural)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::source::ConfigPath;

    #[test]
    fn a_definition_makes_its_served_versions_known() {
        let mut resources = Resources::default();
        resources.define(&json!({"spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"kind": "Widget", "plural": "widgets"},
            "versions": [{"name": "v1", "served": true}, {"name": "v0", "served": false}],
        }}));
        let widget = |version: &str| {
            let value = json!({"apiVersion": format!("example.com/{version}"), "kind": "Widget", "metadata": {"name": "a"}});
            Object::new("test", ConfigPath::root(), &value).expect("an object")
        };
        let (served, unserved) = (widget("v1"), widget("v0"));
        let resource = resources.get(&served).expect("known");
        assert_eq!(resource.path("example.com/v1", resource.namespace(&served, "b c")), "/apis/example.com/v1/namespaces/b%20c/widgets");
        assert_eq!(resources.get(&unserved), None);
        assert_eq!(resources.versions_of(&unserved), ["example.com/v1"]);
    }
}
