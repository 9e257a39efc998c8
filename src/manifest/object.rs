//! One Kubernetes object and the config entry that asked for it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::diag::{Error, ObjectRef, Result};
use crate::source::ConfigPath;

use super::Versions;

/// One Kubernetes object, exactly as it will be written out, and the config entry that asked for it.
///
/// Fields that were not set are absent; see [`crate::render`] for what sealing refuses.
#[derive(Debug, Clone)]
pub struct Object {
    /// All fields, but for the versions.
    value: Map<String, Value>,
    /// Of a definition that is part of the program.
    versions: Option<Box<Versions>>,
    identity: Identity,
    component: &'static str,
    origin: ConfigPath,
}

/// What is asked for again and again: rules compare the kinds of all objects, and a look into the mapping is ten times dearer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    api_version: Box<str>,
    kind: Box<str>,
    name: Box<str>,
    /// Empty for none.
    namespace: Box<str>,
    /// Bytes of `api_version` that are the group.
    group: usize,
}

impl Identity {
    fn of(value: &Map<String, Value>) -> Self {
        let text = |value: Option<&Value>| -> Box<str> { value.and_then(Value::as_str).unwrap_or_default().into() };
        let metadata = |key| text(value.get("metadata").and_then(|metadata| metadata.get(key)));
        let api_version = text(value.get("apiVersion"));
        let group = api_version.find('/').unwrap_or_default();
        Self { group, api_version, kind: text(value.get("kind")), name: metadata("name"), namespace: metadata("namespace") }
    }
}

impl Object {
    /// Takes a typed struct (or a JSON value) that serializes to a mapping with `apiVersion`, `kind` and `metadata.name`.
    ///
    /// `component` is the component that made it, `origin` the config entry that it stands for.
    ///
    /// # Errors
    /// An internal error when the value is no such mapping.
    pub fn new<T: Serialize>(component: &'static str, origin: ConfigPath, resource: &T) -> Result<Self> {
        let value = serde_json::to_value(resource)
            .map_err(|cause| Error::internal(format!("an object of component `{component}` does not serialize")).caused_by(cause))?;
        Self::of_value(component, origin, value)
    }

    /// Takes a JSON value; as [`Self::new`], without a copy.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_value(component: &'static str, origin: ConfigPath, value: Value) -> Result<Self> {
        let Value::Object(fields) = value else {
            return Err(Error::internal(format!("an object of component `{component}` is not a mapping")));
        };
        Self::of_fields(component, origin, fields)
    }

    /// Takes a `CustomResourceDefinition` without `spec.versions`, and these apart.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_definition(component: &'static str, origin: ConfigPath, value: Value, versions: Versions) -> Result<Self> {
        let object = Self::of_value(component, origin, value)?;
        Ok(Self { versions: Some(Box::new(versions)), ..object })
    }

    /// Takes the fields of an object; as [`Self::new`], without a copy.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_fields(component: &'static str, origin: ConfigPath, mut fields: Map<String, Value>) -> Result<Self> {
        // People look for these first; the typed structs write `metadata` after `data`, and `labels` before `name`.
        if let Some(Value::Object(metadata)) = fields.get_mut("metadata") {
            put_first(metadata, &["name", "namespace", "labels", "annotations"]);
        }
        put_first(&mut fields, &["apiVersion", "kind", "metadata"]);
        let object = Self { identity: Identity::of(&fields), value: fields, versions: None, component, origin };
        for (what, text) in [("apiVersion", object.api_version()), ("kind", object.kind()), ("metadata.name", object.name())] {
            if text.is_empty() {
                return Err(Error::internal(format!("an object of component `{component}` has no `{what}`")));
            }
        }
        Ok(object)
    }

    /// Group and version as written, `apps/v1`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.identity.api_version
    }

    /// The API group; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.identity.api_version[..self.identity.group]
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.identity.kind
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.identity.name
    }

    /// The namespace as written; none for cluster-scoped objects.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        Some(&*self.identity.namespace).filter(|namespace| !namespace.is_empty())
    }

    /// The component that made it.
    #[must_use]
    pub const fn component(&self) -> &'static str {
        self.component
    }

    /// The config entry that asked for it.
    #[must_use]
    pub const fn origin(&self) -> &ConfigPath {
        &self.origin
    }

    /// The object's content.
    #[must_use]
    pub fn value(&self) -> &Map<String, Value> {
        self.versions.as_ref().map_or(&self.value, |versions| versions.whole(&self.value))
    }

    /// The content in two parts: fields, and the YAML lines of the versions that follow them inside of `spec`, which is the last field.
    /// There are such lines for definitions that are part of the program; for all else they are empty.
    #[must_use]
    pub fn parts(&self) -> (&Map<String, Value>, &'static str) {
        (&self.value, self.versions.as_ref().map_or("", |versions| versions.text()))
    }

    /// The fields among which a path of keys leads somewhere, if it does: all, but that versions are not read for others' sake.
    #[must_use]
    pub fn fields_for<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> &Map<String, Value> {
        if self.versions.is_some() && Versions::are_at(path) { self.value() } else { &self.value }
    }

    /// Changes the object's content while it is being sealed.
    pub fn edit(&mut self, change: impl FnOnce(&mut Map<String, Value>)) {
        if self.versions.is_some() {
            self.value = self.value().clone();
            self.versions = None;
        }
        change(&mut self.value);
        self.identity = Identity::of(&self.value);
    }

    /// Changes the metadata alone, which leaves versions as they are written.
    pub fn edit_metadata(&mut self, change: impl FnOnce(&mut Map<String, Value>)) {
        let Some(Value::Object(metadata)) = self.value.get_mut("metadata") else { return };
        change(metadata);
        self.identity = Identity::of(&self.value);
        if let Some(versions) = &mut self.versions {
            versions.forget_whole();
        }
    }

    /// The value at a JSON pointer.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Value> {
        let (first, rest) = match pointer.strip_prefix('/')?.split_once('/') {
            Some((first, _)) => (first, &pointer[first.len() + 1..]),
            None => (&pointer[1..], ""),
        };
        let fields = self.fields_for(pointer[1..].split('/'));
        fields.get(&first.replace("~1", "/").replace("~0", "~"))?.pointer(rest)
    }

    /// How findings name it.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        ObjectRef {
            api_version: self.api_version().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().map(ToOwned::to_owned),
            name: self.name().to_owned(),
        }
    }
}

fn put_first(map: &mut Map<String, Value>, keys: &[&str]) {
    let mut rest = std::mem::take(map);
    map.extend(keys.iter().filter_map(|key| rest.shift_remove_entry(*key)));
    map.append(&mut rest);
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        (self.component, &self.origin) == (other.component, &other.origin) && self.value() == other.value()
    }
}

impl Serialize for Object {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_its_own_identity() {
        let resource = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "b"}});
        let object = Object::new("test", ConfigPath::root(), &resource).expect("a whole object");
        assert_eq!((object.group(), object.kind(), object.namespace(), object.name()), ("apps", "Deployment", Some("b"), "a"));
    }

    fn definition() -> Object {
        let beginning = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "a.b"}, "spec": {"group": "b"}});
        let versions = Versions::new("  versions:\n  - name: v1\n", || json!([{"name": "v1"}]));
        Object::of_definition("test", ConfigPath::root(), beginning, versions).expect("a whole object")
    }

    #[test]
    fn versions_are_read_where_somebody_asks() {
        let unread = Versions::new("", || panic!("nobody asked"));
        let object = Object { versions: Some(Box::new(unread)), ..definition() };
        assert_eq!(object.pointer("/spec/group"), Some(&json!("b")));
        assert_eq!(object.pointer("/metadata/name"), Some(&json!("a.b")));
        assert_eq!(object.pointer("/spec/versionsOf"), None);
        let object = definition();
        assert_eq!(object.pointer("/spec/versions/0/name"), Some(&json!("v1")));
        assert_eq!(object.pointer("/spec"), Some(&json!({"group": "b", "versions": [{"name": "v1"}]})));
        let whole = Object::of_value("test", ConfigPath::root(), Value::Object(object.value().clone())).expect("a whole object");
        assert_eq!(object, whole);
        assert_eq!(serde_json::to_value(&object).expect("JSON"), serde_json::to_value(&whole).expect("JSON"));
    }

    #[test]
    fn changes_meet_versions() {
        let mut object = definition();
        assert_eq!(object.value()["metadata"], json!({"name": "a.b"}));
        object.edit_metadata(|metadata| {
            metadata.insert("labels".to_owned(), json!({"a": "b"}));
        });
        assert!(!object.parts().1.is_empty());
        assert_eq!(object.value()["metadata"], json!({"name": "a.b", "labels": {"a": "b"}}));
        object.edit(|fields| fields["spec"]["versions"][0]["name"] = json!("v2"));
        assert!(object.parts().1.is_empty());
        assert_eq!(object.pointer("/spec/versions/0/name"), Some(&json!("v2")));
    }

    #[test]
    fn refuses_what_has_no_name() {
        let resource = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {}});
        let error = Object::new("test", ConfigPath::root(), &resource).expect_err("no name");
        assert!(error.message.contains("metadata.name"), "{error}");
    }
}
