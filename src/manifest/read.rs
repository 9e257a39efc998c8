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
    /// Where each object stands.
    places: Vec<Place>,
    /// What is not an object at all.
    pub findings: Vec<Finding>,
    /// The numbers of objects that leave their name to the server (`generateName`). They can be created, and so be judged, but not be
    /// applied; here they have a name as the server makes them.
    generated: Vec<usize>,
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
            all.generated.extend(part.generated.iter().map(|number| number + all.objects.len()));
            all.objects.append(&mut part.objects);
            all.places.append(&mut part.places);
            all.findings.append(&mut part.findings);
        }
        for number in &all.generated {
            all.objects[*number].edit(|fields| {
                if let Some(Json::Object(metadata)) = fields.get_mut("metadata") {
                    // No other object has this name.
                    let prefix = metadata.get("generateName").and_then(Json::as_str).unwrap_or_default();
                    let name = format!("{prefix}{number:05}");
                    metadata.insert("name".to_owned(), name.into());
                }
            });
        }
        all
    }

    /// Why some objects cannot be applied: an apply is about a name.
    #[must_use]
    pub fn not_applicable(&self, sources: &Sources) -> Vec<Finding> {
        let mut places = self.places(sources);
        let mut finding = |number: &usize| {
            let message =
                format!("this {} leaves its name to the server, which makes a new object each time", self.objects[*number].kind());
            let at = sources.locate(places.key_span(*number, "/metadata/generateName"));
            Finding::error(NOT_AN_OBJECT, message).with_location(at).with_hint("write `name` instead of `generateName`")
        };
        self.generated.iter().map(&mut finding).collect()
    }

    /// Finds where values stand in the texts that this was read from.
    #[must_use]
    pub const fn places<'a>(&'a self, sources: &'a Sources) -> Places<'a> {
        Places { places: self.places.as_slice(), sources, last: None }
    }

    fn of_piece(piece: &Piece<'_>, sources: &Sources) -> Self {
        let mut part = Self::default();
        match piece.read() {
            Ok(Some(node)) => part.document(node, Place::of(piece), sources),
            Ok(None) => {}
            Err(error) => part.findings.push(unreadable(&error, sources)),
        }
        part
    }

    fn document(&mut self, node: Node, place: Place, sources: &Sources) {
        if node.is_null() {
            return;
        }
        if is_list(&node) {
            let Value::Map(entries) = node.value else { return };
            for entry in entries.into_iter().filter(|entry| entry.key.text == "items") {
                let Value::Seq(items) = entry.value.value else { continue };
                for (index, item) in items.into_iter().enumerate() {
                    self.document(item, place.item(index), sources);
                }
            }
            return;
        }
        let json = match into_json(node) {
            Ok(json) => json,
            Err(error) => return self.findings.push(unreadable(&error, sources)),
        };
        if is_kustomize_file(&json) {
            return;
        }
        match identify(json) {
            Ok((object, generated)) => {
                if generated {
                    self.generated.push(self.objects.len());
                }
                self.objects.push(object);
                self.places.push(place);
            }
            Err(NotAnObject { rule, pointer, message }) => {
                let span = Places { places: &[place], sources, last: None }.span(0, pointer);
                let hint = "every Kubernetes object has `apiVersion`, `kind` and `metadata.name`";
                self.findings.push(Finding::error(rule, message).with_hint(hint).with_location(sources.locate(span)));
            }
        }
    }
}

/// Where an object stands: its document, and within that the numbers of items of lists.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    document: Span,
    items: Vec<usize>,
}

impl Place {
    fn of(piece: &Piece<'_>) -> Self {
        Self { document: piece.span(), items: Vec::new() }
    }

    fn item(&self, index: usize) -> Self {
        Self { document: self.document, items: self.items.iter().copied().chain([index]).collect() }
    }
}

/// Finds where values stand.
///
/// It reads documents once more: trees with the place of each value would take more memory than all else together, and most objects have
/// nothing that is to be shown.
#[derive(Debug)]
pub struct Places<'a> {
    places: &'a [Place],
    sources: &'a Sources,
    last: Option<(Span, Node)>,
}

impl Places<'_> {
    /// The place of a field's value, given as a JSON pointer into the object of a number, or of its nearest parent that is there.
    #[must_use]
    pub fn span(&mut self, number: usize, pointer: &str) -> Span {
        self.walk(number, pointer).0
    }

    /// The place of a field's key, where it has one; else as [`Self::span`].
    #[must_use]
    pub fn key_span(&mut self, number: usize, pointer: &str) -> Span {
        let (value, key) = self.walk(number, pointer);
        key.unwrap_or(value)
    }

    fn walk(&mut self, number: usize, pointer: &str) -> (Span, Option<Span>) {
        let place = &self.places[number];
        if self.last.as_ref().is_none_or(|(document, _)| *document != place.document) {
            let text = &self.sources.get(place.document.source).text;
            let node = Piece::at(place.document, text, Limits::MANIFESTS).read().ok().flatten();
            self.last = node.map(|node| (place.document, node));
        }
        // It was read before, so it is there.
        let Some((_, node)) = &self.last else { return (place.document, None) };
        let mut object = node;
        for index in &place.items {
            match &object.get("items").map(|items| &items.value) {
                Some(Value::Seq(items)) if *index < items.len() => object = &items[*index],
                _ => return (object.span, None),
            }
        }
        walk(object, pointer)
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

/// Why a document is no object, and where that shows.
struct NotAnObject {
    rule: &'static str,
    pointer: &'static str,
    message: String,
}

/// The object, and whether the server is to name it.
fn identify(json: Json) -> Result<(Object, bool), NotAnObject> {
    let refuse = |rule, pointer, message| Err(NotAnObject { rule, pointer, message });
    let Json::Object(mut map) = json else { return refuse(OTHER_CONTENT, "", "this document is not a mapping".to_owned()) };
    if !map.contains_key("apiVersion") && !map.contains_key("kind") {
        return refuse(OTHER_CONTENT, "", "this document has neither `apiVersion` nor `kind`".to_owned());
    }
    for (key, pointer) in [("apiVersion", "/apiVersion"), ("kind", "/kind")] {
        match map.get(key) {
            Some(Json::String(text)) if !text.is_empty() => {}
            Some(_) => return refuse(NOT_AN_OBJECT, pointer, format!("`{key}` must be a text that is not empty")),
            None => return refuse(NOT_AN_OBJECT, "", format!("this object has no `{key}`")),
        }
    }
    let text = |key| map.get("metadata").and_then(|metadata| metadata.get(key)?.as_str()).unwrap_or_default();
    let (named, generated) = (!text("name").is_empty(), text("generateName").to_owned());
    if !named && !generated.is_empty() {
        if let Some(metadata) = map.get_mut("metadata") {
            metadata["name"] = generated.into();
        }
    } else if !named {
        let message = format!("this {} has no `metadata.name`", map["kind"].as_str().unwrap_or("object"));
        return refuse(NOT_AN_OBJECT, "/metadata/name", message);
    }
    match Object::of_fields("file", ConfigPath::root(), map) {
        Ok(object) => Ok((object, !named)),
        Err(error) => refuse(NOT_AN_OBJECT, "", error.message),
    }
}

/// The JSON that Kubernetes' reader makes of a document, keys included.
fn into_json(node: Node) -> Result<Json, SyntaxError> {
    Ok(match node.value {
        Value::Scalar(scalar) => scalar.into_json(),
        Value::Seq(items) => Json::Array(items.into_iter().map(into_json).collect::<Result<_, _>>()?),
        Value::Map(entries) => {
            let mut map = Map::with_capacity(entries.len());
            for entry in entries {
                let span = entry.key.span;
                let key = yaml::into_key_as_go(entry.key).map_err(|text| {
                    let message = format!("the key `{text}` is not a text");
                    SyntaxError { message, span, hint: Some("quote it".to_owned()) }
                })?;
                map.insert(key, into_json(entry.value)?);
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
    fn objects_that_the_server_names_are_objects() {
        let (manifests, sources) = read(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\n---\napiVersion: batch/v1\nkind: Job\nmetadata:\n  generateName: a-\n\
             ---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-, name: ''}\n",
        );
        assert_eq!(manifests.findings, []);
        let names: Vec<_> = manifests.objects.iter().map(Object::name).collect();
        assert_eq!(names, ["a", "a-00001", "a-00002"]);
        let told = manifests.not_applicable(&sources);
        let lines: Vec<_> = told.iter().map(|finding| finding.location.as_ref().map_or(0, |location| location.line)).collect();
        assert_eq!(lines, [8, 12]);
    }

    #[test]
    fn a_pointer_finds_the_very_value() {
        let (manifests, sources) = read("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - port: 80\n  - port: x\n");
        let location = sources.locate(manifests.places(&sources).span(0, "/spec/ports/1/port"));
        assert_eq!((location.line, location.column), (7, 11));
    }

    #[test]
    fn what_stands_in_lists_is_found() {
        let (manifests, sources) = read(
            "# first\nkind: A\napiVersion: v1\nmetadata: {name: a}\n---\napiVersion: v1\nkind: List\nitems:\n\
             - {apiVersion: v1, kind: B, metadata: {name: b}}\n\
             - apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: C, metadata: {name: c}}\n\
             - {apiVersion: v1, kind: D, metadata: {name: d}}\n",
        );
        let mut places = manifests.places(&sources);
        let mut line = |number| sources.locate(places.span(number, "/metadata/name")).line;
        assert_eq!([3, 0, 2, 1].map(&mut line), [14, 4, 13, 9]);
    }
}
