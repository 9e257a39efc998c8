//! Makes a config with errors usable for the checks across its values, so that those errors are shown in the same run.
//!
//! What is wrong is taken away, and what is missing is filled in from the schema's examples. Nothing is said about a value that is
//! wrong by itself, and nothing that depends on one.

use serde_json::{Map, Value as Json, json};

use super::schema::{Shape, View};
use super::validate::{Broken, Fix};
use crate::source::{ConfigPath, Segment};

/// Repairs the JSON form of a merged config.
pub(crate) fn repair(config: &mut Json, view: View<'_>, broken: &[Broken]) {
    for Broken { path, fix } in broken {
        let Some((last, parent)) = path.segments().split_last() else { continue };
        let Some((target, view)) = walk(config, view, parent) else { continue };
        let inner = step(view, last);
        let is_required = match (view.shape(), last) {
            (Shape::Mapping(mapping), Segment::Key(key)) => mapping.required().any(|required| required == key),
            (Shape::Tagged(_), _) | (_, Segment::Index(_)) => true,
            _ => false,
        };
        match (fix, last, target) {
            (Fix::Keep, ..) => {}
            (Fix::Add, Segment::Key(key), Json::Object(object)) if is_required && !object.contains_key(key) => {
                object.insert(key.clone(), inner.map_or(Json::Null, sample));
            }
            (Fix::Remove, Segment::Key(key), Json::Object(object)) if !is_required => {
                object.shift_remove(key);
            }
            (_, Segment::Key(key), Json::Object(object)) => {
                object.insert(key.clone(), inner.map_or(Json::Null, sample));
            }
            (_, Segment::Index(at), Json::Array(items)) => {
                if let Some(item) = items.get_mut(*at) {
                    *item = inner.map_or(Json::Null, sample);
                }
            }
            _ => {}
        }
    }
}

/// Whether a path names a broken value, lies within one, or holds one.
pub(crate) fn touches(path: &ConfigPath, broken: &[Broken]) -> bool {
    broken.iter().any(|Broken { path: other, .. }| {
        let (a, b) = (path.segments(), other.segments());
        a.starts_with(b) || (!a.is_empty() && b.starts_with(a))
    })
}

fn walk<'j, 'v>(mut config: &'j mut Json, mut view: View<'v>, path: &[Segment]) -> Option<(&'j mut Json, View<'v>)> {
    for segment in path {
        view = step(view, segment)?;
        config = match segment {
            Segment::Key(key) => config.get_mut(key)?,
            Segment::Index(at) => config.get_mut(*at)?,
        };
    }
    Some((config, view))
}

fn step<'v>(view: View<'v>, segment: &Segment) -> Option<View<'v>> {
    match (segment, view.shape()) {
        (Segment::Key(key), _) => view.child(key),
        (Segment::Index(_), Shape::List(items)) => Some(items),
        _ => None,
    }
}

/// Some value of a schema; a mapping with nothing but what it must have.
pub(crate) fn sample(view: View<'_>) -> Json {
    let shape = view.shape();
    if let Some(value) = view.examples().first().or_else(|| view.keyword("default"))
        && !matches!(shape, Shape::Mapping(_))
    {
        return value.clone();
    }
    match shape {
        Shape::Mapping(mapping) => {
            let object: Map<String, Json> =
                mapping.required().filter_map(|key| Some((key.to_owned(), sample(mapping.property(key)?)))).collect();
            Json::Object(object)
        }
        Shape::Tagged(tagged) => tagged.branches.first().map_or(Json::Null, |(_, branch)| sample(*branch)),
        Shape::Either(branches) => branches.first().map_or(Json::Null, |branch| sample(*branch)),
        Shape::Choice(choices) => choices.first().map_or(Json::Null, |(choice, _)| (*choice).clone()),
        Shape::List(_) => json!([]),
        Shape::String => json!("x"),
        Shape::Integer | Shape::Number => view.keyword("minimum").cloned().unwrap_or_else(|| json!(1)),
        Shape::Boolean => json!(false),
        Shape::Any | Shape::Null => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_that_must_be_there_is_filled_in() {
        let schema = json!({
            "type": "object", "required": ["name"], "additionalProperties": false,
            "properties": {"name": {"type": "string", "examples": ["primer"]}, "size": {"type": "integer"}},
        });
        let path = ConfigPath::root();
        let broken = [("nmae", Fix::Remove), ("name", Fix::Add), ("size", Fix::Remove)];
        let broken = broken.map(|(key, fix)| Broken { path: path.key(key), fix });
        let mut config = json!({"nmae": "home", "size": "big"});
        repair(&mut config, View::root(&schema), &broken);
        assert_eq!(config, json!({"name": "primer"}));
        assert!(touches(&path.key("size"), &broken) && !touches(&path.key("other"), &broken) && !touches(&path, &broken));
    }
}
