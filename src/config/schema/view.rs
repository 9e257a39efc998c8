//! A schema as the reader sees it.
//!
//! The generator writes an optional value as `anyOf: [X, null]`, an enum as `oneOf` of constants, a struct enum as `oneOf` of mappings
//! that differ in one constant. A [`View`] gives these their meaning back, so that whoever walks it sees shapes, not keywords.

use serde_json::{Map, Value};

/// One schema within a root schema.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    root: &'a Value,
    /// The schema as it stands at its place: its annotations come first.
    outer: &'a Value,
    /// The schema that it refers to; the same where it refers to none.
    inner: &'a Value,
}

/// What values a schema wants.
#[derive(Debug)]
pub(crate) enum Shape<'a> {
    Mapping(Mapping<'a>),
    List(View<'a>),
    /// One of these scalars.
    Choice(Vec<(&'a Value, Option<&'a str>)>),
    /// One of several mappings; a key says which.
    Tagged(Tagged<'a>),
    String,
    Integer,
    Number,
    Boolean,
    /// One of several, with no key that says which.
    Either(Vec<View<'a>>),
    /// Anything at all; what lies within is the user's own.
    Any,
    /// Nothing but null.
    Null,
}

/// A mapping with known keys, free keys, or both.
#[derive(Debug)]
pub(crate) struct Mapping<'a> {
    root: &'a Value,
    /// The schemas that together describe it.
    parts: Vec<&'a Value>,
}

/// What keys besides the known ones may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Additional<'a> {
    /// There are none.
    Refused,
    /// Anything.
    Any,
    /// Values of this schema.
    Of(View<'a>),
}

/// Mappings told apart by one key.
#[derive(Debug)]
pub(crate) struct Tagged<'a> {
    /// The key.
    pub(crate) tag: &'a str,
    /// Its values and the mapping of each.
    pub(crate) branches: Vec<(&'a str, View<'a>)>,
}

impl<'a> View<'a> {
    /// A whole schema.
    pub(crate) const fn root(schema: &'a Value) -> Self {
        Self { root: schema, outer: schema, inner: schema }
    }

    fn new(root: &'a Value, schema: &'a Value) -> Self {
        let mut view = Self { root, outer: schema, inner: schema };
        // References of the generator have no cycles that consist of references alone.
        loop {
            if let Some(target) = reference(root, view.inner) {
                // A reference beside properties describes a mapping together with them.
                if view.inner.get("properties").is_some() {
                    return view;
                }
                view.inner = target;
            } else if let Some(present) = optional(view.inner) {
                view.inner = present;
            } else {
                return view;
            }
        }
    }

    /// A keyword of the schema, as written at its place or else where it refers to.
    pub(crate) fn keyword(&self, keyword: &str) -> Option<&'a Value> {
        self.outer.get(keyword).or_else(|| self.inner.get(keyword))
    }

    /// A keyword that is text.
    pub(crate) fn text(&self, keyword: &str) -> Option<&'a str> {
        self.keyword(keyword)?.as_str()
    }

    /// What the value means.
    pub(crate) fn description(&self) -> Option<&'a str> {
        self.text("description")
    }

    /// Examples of the value.
    pub(crate) fn examples(&self) -> &'a [Value] {
        self.keyword("examples").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The shape of the values.
    pub(crate) fn shape(&self) -> Shape<'a> {
        if let Some(branches) = self.inner.get("oneOf").or_else(|| self.inner.get("anyOf")).and_then(Value::as_array) {
            return self.shape_of_branches(branches);
        }
        if let Some(values) = self.inner.get("enum").and_then(Value::as_array) {
            return Shape::Choice(values.iter().map(|value| (value, None)).collect());
        }
        if let Some(value) = self.inner.get("const") {
            return Shape::Choice(vec![(value, self.description())]);
        }
        match self.type_name() {
            Some("object") => Shape::Mapping(self.mapping()),
            Some("array") => Shape::List(self.inner.get("items").map_or(ANYTHING, |items| Self::new(self.root, items))),
            Some("string") => Shape::String,
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("boolean") => Shape::Boolean,
            Some("null") => Shape::Null,
            _ => Shape::Any,
        }
    }

    /// What a key of such a value holds, whatever form the value takes.
    pub(crate) fn child(&self, key: &str) -> Option<Self> {
        match self.shape() {
            Shape::Mapping(mapping) => mapping.value(key),
            Shape::Tagged(tagged) => tagged.mappings().find_map(|mapping| mapping.property(key)),
            Shape::Either(branches) => branches.iter().find_map(|branch| branch.child(key)),
            _ => None,
        }
    }

    /// The one type besides null.
    fn type_name(&self) -> Option<&'a str> {
        match self.inner.get("type")? {
            Value::String(name) => Some(name),
            Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
            _ => None,
        }
    }

    fn mapping(&self) -> Mapping<'a> {
        let mut parts = vec![self.inner];
        parts.extend(reference(self.root, self.inner));
        Mapping { root: self.root, parts }
    }

    fn shape_of_branches(&self, branches: &'a [Value]) -> Shape<'a> {
        let views: Vec<Self> = branches.iter().map(|branch| Self::new(self.root, branch)).collect();
        if let Some(choices) = choices(&views) {
            return Shape::Choice(choices);
        }
        if let Some(tagged) = tagged(&views) {
            return Shape::Tagged(tagged);
        }
        Shape::Either(views)
    }
}

const ANYTHING: View<'static> = View::root(&Value::Bool(true));

impl<'a> Mapping<'a> {
    /// The known keys, in the order of their types.
    pub(crate) fn properties(&self) -> impl Iterator<Item = (&'a str, View<'a>)> + use<'a> {
        let root = self.root;
        let parts = self.parts.clone();
        parts
            .into_iter()
            .filter_map(|part| part.get("properties").and_then(Value::as_object))
            .flat_map(Map::iter)
            .map(move |(key, schema)| (key.as_str(), View::new(root, schema)))
    }

    /// A known key.
    pub(crate) fn property(&self, key: &str) -> Option<View<'a>> {
        self.parts.iter().find_map(|part| part.get("properties")?.get(key)).map(|schema| View::new(self.root, schema))
    }

    /// Keys that must be there.
    pub(crate) fn required(&self) -> impl Iterator<Item = &'a str> {
        self.parts.iter().filter_map(|part| part.get("required").and_then(Value::as_array)).flatten().filter_map(Value::as_str)
    }

    /// What other keys may hold.
    pub(crate) fn additional(&self) -> Additional<'a> {
        let mut found = Additional::Any;
        for part in &self.parts {
            for keyword in ["additionalProperties", "unevaluatedProperties"] {
                match part.get(keyword) {
                    Some(Value::Bool(false)) => return Additional::Refused,
                    Some(schema @ Value::Object(_)) => found = Additional::Of(View::new(self.root, schema)),
                    _ => {}
                }
            }
        }
        found
    }

    /// What the keys themselves must be.
    pub(crate) fn names(&self) -> Option<View<'a>> {
        self.parts.iter().find_map(|part| part.get("propertyNames")).map(|schema| View::new(self.root, schema))
    }

    /// Whether everything within is the user's own, as in a chart's values.
    pub(crate) fn is_free(&self) -> bool {
        matches!(self.additional(), Additional::Any) && self.properties().next().is_none()
    }

    /// The value under a key: of the known one, or of any other.
    pub(crate) fn value(&self, key: &str) -> Option<View<'a>> {
        self.property(key).or_else(|| match self.additional() {
            Additional::Of(view) => Some(view),
            Additional::Any => Some(ANYTHING),
            Additional::Refused => None,
        })
    }
}

impl<'a> Tagged<'a> {
    /// The mapping that a tag selects.
    pub(crate) fn branch(&self, value: &str) -> Option<View<'a>> {
        self.branches.iter().find(|(name, _)| *name == value).map(|(_, view)| *view)
    }

    /// The branches as mappings.
    pub(crate) fn mappings(&self) -> impl Iterator<Item = Mapping<'a>> {
        self.branches.iter().filter_map(|(_, view)| match view.shape() {
            Shape::Mapping(mapping) => Some(mapping),
            _ => None,
        })
    }
}

fn reference<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

/// `X` of `anyOf: [X, null]`.
fn optional(schema: &Value) -> Option<&Value> {
    let branches = schema.get("anyOf")?.as_array()?;
    let is_null = |branch: &&Value| branch.get("type").is_some_and(|name| name == "null");
    match branches.as_slice() {
        [first, second] if is_null(&second) => Some(first),
        [first, second] if is_null(&first) => Some(second),
        _ => None,
    }
}

/// The scalars, when each branch is nothing but constants.
fn choices<'a>(branches: &[View<'a>]) -> Option<Vec<(&'a Value, Option<&'a str>)>> {
    let mut choices = Vec::new();
    for branch in branches {
        let Shape::Choice(some) = branch.shape() else { return None };
        choices.extend(some);
    }
    (!choices.is_empty()).then_some(choices)
}

/// The key that tells the branches apart, when there is one: a constant string in each.
fn tagged<'a>(branches: &[View<'a>]) -> Option<Tagged<'a>> {
    let constant = |view: &View<'a>, tag: &str| -> Option<&'a str> {
        let Shape::Mapping(mapping) = view.shape() else { return None };
        mapping.property(tag)?.keyword("const")?.as_str()
    };
    let Shape::Mapping(first) = branches.first()?.shape() else { return None };
    first.properties().map(|(key, _)| key).find_map(|tag| {
        let named: Option<Vec<_>> = branches.iter().map(|view| Some((constant(view, tag)?, *view))).collect();
        named.map(|branches| Tagged { tag, branches })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use schemars::JsonSchema;
    use serde::Serialize;

    use super::*;

    #[derive(JsonSchema, Serialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its schema is used")]
    struct Sample {
        /// Optional.
        text: Option<String>,
        level: Level,
        store: Option<Store>,
        /// Many of them.
        counts: BTreeMap<String, u8>,
        free: serde_json::Map<String, Value>,
    }

    #[derive(JsonSchema, Serialize)]
    #[serde(rename_all = "lowercase")]
    #[expect(dead_code, reason = "only its schema is used")]
    enum Level {
        /// Much.
        High,
        Low,
    }

    #[derive(JsonSchema, Serialize)]
    #[serde(tag = "type", rename_all = "lowercase")]
    #[allow(dead_code, reason = "only its schema is used")]
    enum Store {
        Disk { size: u32 },
        Shared(Shared),
    }

    #[derive(JsonSchema, Serialize)]
    struct Shared {
        server: String,
    }

    #[test]
    fn gives_the_generator_s_forms_their_meaning_back() {
        let schema = schemars::SchemaGenerator::default().into_root_schema_for::<Sample>().to_value();
        let Shape::Mapping(root) = View::root(&schema).shape() else { panic!("a mapping") };
        assert!(matches!(root.additional(), Additional::Refused));
        let of = |key: &str| root.property(key).expect("a known key");
        assert!(matches!(of("text").shape(), Shape::String));
        assert_eq!(of("text").description(), Some("Optional."));
        let Shape::Choice(levels) = of("level").shape() else { panic!("a choice") };
        assert_eq!(levels.len(), 2);
        let Shape::Tagged(store) = of("store").shape() else { panic!("tagged") };
        assert_eq!((store.tag, store.branches.len()), ("type", 2));
        let shared = store.mappings().nth(1).expect("the second branch");
        assert!(shared.property("server").is_some() && shared.property("type").is_some());
        let Shape::Mapping(counts) = of("counts").shape() else { panic!("a mapping") };
        assert!(matches!(counts.additional(), Additional::Of(_)) && !counts.is_free());
        let Shape::Mapping(free) = of("free").shape() else { panic!("a mapping") };
        assert!(free.is_free());
    }
}
