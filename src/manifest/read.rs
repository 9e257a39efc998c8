//! Manifests of any origin, read with their places.

use rayon::prelude::*;
use serde_json::{Map, Value as Json};

use crate::diag::Finding;
use crate::source::{ConfigPath, Sources, Span};
use crate::yaml::{self, Limits, Node, Piece, SyntaxError, Value};

use super::Object;

const NOT_AN_OBJECT: &str = "manifest/not-an-object";

/// The rule of findings about documents that do not even try to be an object, such as a chart's values.
pub const OTHER_CONTENT: &str = "manifest/other-content";

/// What texts of manifests hold.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The objects in the order of the texts; the items of a `List` stand for themselves. Their component is `file`, their origin the
    /// root.
    pub objects: Vec<Object>,
    /// Where the values of each object stand.
    nodes: Vec<Node>,
    /// What is not an object at all.
    pub findings: Vec<Finding>,
}

impl Manifests {
    /// Reads all documents of all texts, on all cores. JSON is YAML here; empty documents are nothing.
    #[must_use]
    pub fn read(sources: &Sources) -> Self {
        let mut all = Self::default();
        let mut pieces = Vec::new();
        for source in sources.ids() {
            match yaml::pieces(source, &sources.get(source).text, Limits::MANIFESTS) {
                Ok(cut) => pieces.extend(cut),
                Err(error) => all.findings.push(unreadable(&error, sources)),
            }
        }
        let read: Vec<Self> = pieces.par_iter().with_min_len(8).map(|piece| Self::of_piece(piece, sources)).collect();
        for mut part in read {
            all.objects.append(&mut part.objects);
            all.nodes.append(&mut part.nodes);
            all.findings.append(&mut part.findings);
        }
        all
    }

    /// The place of a field's value, given as a JSON pointer into the object of a number, or of its nearest parent that is there.
    #[must_use]
    pub fn span(&self, number: usize, pointer: &str) -> Span {
        walk(&self.nodes[number], pointer).0
    }

    /// The place of a field's key, where it has one; else as [`Self::span`].
    #[must_use]
    pub fn key_span(&self, number: usize, pointer: &str) -> Span {
        let (value, key) = walk(&self.nodes[number], pointer);
        key.unwrap_or(value)
    }

    fn of_piece(piece: &Piece<'_>, sources: &Sources) -> Self {
        let mut part = Self::default();
        match piece.read() {
            Ok(Some(node)) => part.document(node, sources),
            Ok(None) => {}
            Err(error) => part.findings.push(unreadable(&error, sources)),
        }
        part
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
        if is_kustomize_file(&json) {
            return;
        }
        match identify(&node, json) {
            Ok(object) => {
                self.objects.push(object);
                self.nodes.push(node);
            }
            Err((rule, span, message)) => {
                let hint = "every Kubernetes object has `apiVersion`, `kind` and `metadata.name`";
                self.findings.push(Finding::error(rule, message).with_hint(hint).with_location(sources.locate(span)));
            }
        }
    }
}

/// The value and the key at a JSON pointer.
fn walk(node: &Node, pointer: &str) -> (Span, Option<Span>) {
    let mut node = node;
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

/// A `v1` `List`, or a typed one such as `ConfigMapList`, as `kubectl get -o yaml` prints it.
fn is_list(node: &Node) -> bool {
    let kind = node.get("kind").and_then(Node::as_str);
    kind.is_some_and(|kind| kind.ends_with("List")) && node.get("items").is_some_and(|items| matches!(items.value, Value::Seq(_)))
}

/// `kustomization.yaml` looks like an object and never reaches a server (kustomize `api/types/kustomization.go`).
fn is_kustomize_file(json: &Json) -> bool {
    json.get("apiVersion").and_then(Json::as_str).is_some_and(|version| version.starts_with("kustomize.config.k8s.io/"))
}

fn identify(node: &Node, json: Json) -> Result<Object, (&'static str, Span, String)> {
    let Json::Object(map) = json else { return Err((OTHER_CONTENT, node.span, "this document is not a mapping".to_owned())) };
    if !map.contains_key("apiVersion") && !map.contains_key("kind") {
        return Err((OTHER_CONTENT, node.span, "this document has neither `apiVersion` nor `kind`".to_owned()));
    }
    for key in ["apiVersion", "kind"] {
        match map.get(key) {
            Some(Json::String(text)) if !text.is_empty() => {}
            Some(_) => {
                return Err((
                    NOT_AN_OBJECT,
                    node.get(key).map_or(node.span, |value| value.span),
                    format!("`{key}` must be a text that is not empty"),
                ));
            }
            None => return Err((NOT_AN_OBJECT, node.span, format!("this object has no `{key}`"))),
        }
    }
    let name = map.get("metadata").and_then(|metadata| metadata.get("name"));
    if name.is_none_or(|name| name.as_str().is_none_or(str::is_empty)) {
        let metadata = node.get("metadata").unwrap_or(node);
        let span = metadata.get("name").map_or(metadata.span, |name| name.span);
        return Err((NOT_AN_OBJECT, span, format!("this {} has no `metadata.name`", map["kind"].as_str().unwrap_or("object"))));
    }
    Object::of_fields("file", ConfigPath::root(), map).map_err(|error| (NOT_AN_OBJECT, node.span, error.message))
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
        sources.add("a.yaml", text);
        (Manifests::read(&sources), sources)
    }

    #[test]
    fn lists_and_empty_documents_and_broken_ones() {
        let (manifests, _) = read(
            "---\n---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n\
             ---\na: [1\n---\n{\"apiVersion\": \"v1\", \"kind\": \"Secret\", \"metadata\": {\"name\": \"b\"}}\n",
        );
        let names: Vec<_> = manifests.objects.iter().map(Object::name).collect();
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
        let location = sources.locate(manifests.span(0, "/spec/ports/1/port"));
        assert_eq!((location.line, location.column), (7, 11));
    }
}
