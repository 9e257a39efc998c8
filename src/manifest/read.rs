//! Manifests of any origin, read with their places.

use serde_json::{Map, Value as Json};

use crate::diag::Finding;
use crate::source::{ConfigPath, SourceId, Sources, Span};
use crate::yaml::{self, Limits, Node, SyntaxError, Value};

use super::Object;

/// An object of a manifest file, and the node that it was read from.
#[derive(Debug)]
pub struct ReadObject {
    /// The object. Its component is `file`, its origin the root.
    pub object: Object,
    /// Where each of its values stands.
    pub node: Node,
}

/// What a text of manifests holds.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The objects in the order of the text; the items of a `List` stand for themselves.
    pub objects: Vec<ReadObject>,
    /// What is not an object at all.
    pub findings: Vec<Finding>,
}

impl Manifests {
    /// Reads all documents of a source and adds what they hold. JSON is YAML here; empty documents are nothing.
    pub fn add(&mut self, source: SourceId, sources: &Sources) {
        let text = &sources.get(source).text;
        for document in yaml::documents(source, text, Limits::MANIFESTS) {
            match document {
                Ok(node) => self.document(node, sources),
                Err(error) => self.findings.push(unreadable(&error, sources)),
            }
        }
    }

    fn document(&mut self, node: Node, sources: &Sources) {
        if node.is_null() {
            return;
        }
        if is_list(&node) {
            let Value::Map(entries) = node.value else { return };
            for entry in entries.into_iter().filter(|entry| entry.key.text == "items") {
                let Value::Seq(items) = entry.value.value else { continue };
                for item in items {
                    self.document(item, sources);
                }
            }
            return;
        }
        let json = match to_json(&node) {
            Ok(json) => json,
            Err(error) => return self.findings.push(unreadable(&error, sources)),
        };
        match identify(&node, &json) {
            Ok(object) => self.objects.push(ReadObject { object, node }),
            Err((span, message)) => {
                let hint = "every Kubernetes object has `apiVersion`, `kind` and `metadata.name`";
                let finding = Finding::error("manifest/not-an-object", message).with_hint(hint);
                self.findings.push(finding.with_location(sources.locate(span)));
            }
        }
    }
}

impl ReadObject {
    /// The place of a field's value, given as a JSON pointer into the object, or of its nearest parent that is there.
    #[must_use]
    pub fn span(&self, pointer: &str) -> Span {
        self.walk(pointer).0
    }

    /// The place of a field's key, where it has one; else as [`ReadObject::span`].
    #[must_use]
    pub fn key_span(&self, pointer: &str) -> Span {
        let (value, key) = self.walk(pointer);
        key.unwrap_or(value)
    }

    fn walk(&self, pointer: &str) -> (Span, Option<Span>) {
        let mut node = &self.node;
        let mut key = None;
        for step in pointer.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            let next = match &node.value {
                Value::Map(entries) => entries
                    .iter()
                    .find(|entry| yaml::key_text_as_go(&entry.key).is_some_and(|key| key == step))
                    .map(|entry| (&entry.value, Some(entry.key.span))),
                Value::Seq(items) => step.parse().ok().and_then(|index: usize| Some((items.get(index)?, None))),
                Value::Scalar(_) => None,
            };
            let Some(next) = next else { return (node.span, None) };
            (node, key) = next;
        }
        (node.span, key)
    }
}

/// A `v1` `List`, or a typed one such as `ConfigMapList`, as `kubectl get -o yaml` prints it.
fn is_list(node: &Node) -> bool {
    let kind = node.get("kind").and_then(Node::as_str);
    kind.is_some_and(|kind| kind.ends_with("List")) && node.get("items").is_some_and(|items| matches!(items.value, Value::Seq(_)))
}

fn identify(node: &Node, json: &Json) -> Result<Object, (Span, String)> {
    let Json::Object(map) = json else { return Err((node.span, "this document is not a mapping".to_owned())) };
    for key in ["apiVersion", "kind"] {
        match map.get(key) {
            Some(Json::String(text)) if !text.is_empty() => {}
            Some(_) => {
                return Err((node.get(key).map_or(node.span, |value| value.span), format!("`{key}` must be a text that is not empty")));
            }
            None => return Err((node.span, format!("this object has no `{key}`"))),
        }
    }
    let name = map.get("metadata").and_then(|metadata| metadata.get("name"));
    if name.is_none_or(|name| name.as_str().is_none_or(str::is_empty)) {
        let metadata = node.get("metadata").unwrap_or(node);
        let span = metadata.get("name").map_or(metadata.span, |name| name.span);
        return Err((span, format!("this {} has no `metadata.name`", map["kind"].as_str().unwrap_or("object"))));
    }
    Object::new("file", ConfigPath::root(), json).map_err(|error| (node.span, error.message))
}

/// The JSON that Kubernetes' reader makes of a document, keys included.
fn to_json(node: &Node) -> Result<Json, SyntaxError> {
    Ok(match &node.value {
        Value::Scalar(_) => node.to_json(),
        Value::Seq(items) => Json::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Value::Map(entries) => {
            let mut map = Map::with_capacity(entries.len());
            for entry in entries {
                let Some(key) = yaml::key_text_as_go(&entry.key) else {
                    let message = format!("the key `{}` is not a text", entry.key.text);
                    return Err(SyntaxError { message, span: entry.key.span, hint: Some("quote it".to_owned()) });
                };
                map.insert(key, to_json(&entry.value)?);
            }
            Json::Object(map)
        }
    })
}

fn unreadable(error: &SyntaxError, sources: &Sources) -> Finding {
    let finding = Finding::error("manifest/syntax", &error.message).with_location(sources.locate(error.span));
    match &error.hint {
        Some(hint) => finding.with_hint(hint),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Manifests, Sources) {
        let mut sources = Sources::new();
        let id = sources.add("a.yaml", text);
        let mut manifests = Manifests::default();
        manifests.add(id, &sources);
        (manifests, sources)
    }

    #[test]
    fn lists_and_empty_documents_and_broken_ones() {
        let (manifests, _) = read(
            "---\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n\
             ---\na: [1\n---\n{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"b\"}}\n",
        );
        let names: Vec<_> = manifests.objects.iter().map(|read| read.object.name()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(manifests.findings.len(), 1, "{:?}", manifests.findings);
    }

    #[test]
    fn says_what_is_missing_at_its_place() {
        let (manifests, _) = read("apiVersion: v1\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {}\n");
        let said: Vec<_> = manifests
            .findings
            .iter()
            .map(|finding| (finding.message.as_str(), finding.location.as_ref().map_or(0, |location| location.line)))
            .collect();
        assert_eq!(said, [("this object has no `kind`", 1), ("this ConfigMap has no `metadata.name`", 7)]);
    }

    #[test]
    fn a_pointer_finds_the_very_value() {
        let (manifests, sources) = read("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 80\n  - port: x\n");
        let location = sources.locate(manifests.objects[0].span("/spec/ports/1/port"));
        assert_eq!((location.line, location.column), (7, 11));
    }
}
