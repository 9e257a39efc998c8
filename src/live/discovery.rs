//! Which kinds a server serves, and where.

use std::collections::HashMap;

use kube::Client;
use kube::core::Version;
use serde_json::Value;

use super::request::{Call, segment, send};
use crate::diag::{Error, Result};
use crate::manifest::Object;

/// A kind that is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    plural: String,
    pub namespaced: bool,
    /// Whether its objects can be listed and deleted: reviews and their like cannot.
    kept: bool,
}

/// All kinds of a server, by `apiVersion` and kind.
#[derive(Debug, Default, Clone)]
pub(super) struct Resources(HashMap<(String, String), Resource>);

/// A kind whatever its version: the group and the kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupKind {
    pub group: String,
    pub kind: String,
}

impl GroupKind {
    pub(super) fn of(object: &Object) -> Self {
        Self { group: object.group().to_owned(), kind: object.kind().to_owned() }
    }

    /// `Kind.group`, or the kind alone in the core group: `schema.GroupKind` of k8s.io/apimachinery.
    pub(super) fn text(&self) -> String {
        if self.group.is_empty() { self.kind.clone() } else { format!("{}.{}", self.kind, self.group) }
    }

    pub(super) fn parse(text: &str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        Self { group: group.to_owned(), kind: kind.to_owned() }
    }
}

impl Resources {
    /// Asks the server, by aggregated discovery: two requests (`apidiscovery.k8s.io/v2`, Kubernetes 1.30 and later).
    pub(super) async fn discover(client: &Client) -> Result<Self> {
        let (core, groups) = tokio::join!(list(client, "/api"), list(client, "/apis"));
        let mut resources = Self::default();
        for group in [core?, groups?].iter().flat_map(|list| array(list, "items")) {
            let group_name = group.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
            for version in array(group, "versions") {
                let version_name = version["version"].as_str().unwrap_or_default();
                let api_version = if group_name.is_empty() { version_name.to_owned() } else { format!("{group_name}/{version_name}") };
                for resource in array(version, "resources") {
                    let text = |name: &str| resource[name].as_str().unwrap_or_default();
                    let kind = resource.pointer("/responseKind/kind").and_then(Value::as_str).unwrap_or_default();
                    let can = |verb: &str| array(resource, "verbs").iter().any(|own| own == verb);
                    let found = Resource {
                        plural: text("resource").to_owned(),
                        namespaced: text("scope") == "Namespaced",
                        kept: can("list") && can("delete"),
                    };
                    resources.0.insert((api_version.clone(), kind.to_owned()), found);
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
            self.0.insert((api_version, kind), Resource { plural, namespaced, kept: true });
        }
    }

    pub(super) fn get(&self, object: &Object) -> Option<&Resource> {
        self.0.get(&(object.api_version().to_owned(), object.kind().to_owned()))
    }

    /// The newest version in which a kind is served, and where.
    pub(super) fn find(&self, kind: &GroupKind) -> Option<(&str, &Resource)> {
        self.0
            .iter()
            .filter(|((version, own), _)| *own == kind.kind && group_of(version) == kind.group)
            .map(|((version, _), resource)| (version.as_str(), resource))
            .max_by_key(|(version, _)| Version::parse(version.rsplit('/').next().unwrap_or_default()).priority())
    }

    /// Every kind whose objects stay where they are put.
    pub(super) fn all_kept(&self) -> std::collections::BTreeSet<GroupKind> {
        let kept = self.0.iter().filter(|(_, resource)| resource.kept);
        kept.map(|((version, kind), _)| GroupKind { group: group_of(version).to_owned(), kind: kind.clone() }).collect()
    }

    /// The versions in which a kind of this group and name is served.
    pub(super) fn versions_of(&self, object: &Object) -> Vec<&str> {
        let mut versions: Vec<_> = self
            .0
            .keys()
            .filter(|(version, kind)| kind == object.kind() && group_of(version) == object.group())
            .map(|(version, _)| version.as_str())
            .collect();
        versions.sort_unstable();
        versions
    }
}

async fn list(client: &Client, path: &str) -> Result<Value> {
    const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let answer = send(client, &Call { accept: AGGREGATED, ..Call::get(path) }).await?;
    let list = answer.object();
    if answer.is_good() && list["kind"] == "APIGroupDiscoveryList" {
        return Ok(list);
    }
    let said = if answer.is_good() { "it does not know aggregated discovery".to_owned() } else { answer.status().message };
    Err(Error::environment(format!("the API server does not tell which kinds it serves: {said}"))
        .hint("Kubernetes 1.30 is the oldest that does"))
}

fn array<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
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
    /// The word in its path, which with its group names its definition.
    pub(super) fn plural(&self) -> &str {
        &self.plural
    }

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
