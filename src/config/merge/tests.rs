//! Merging, on a schema of its own: it must hold for sections that do not exist yet.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::source::Sources;
use crate::yaml::{Limits, parse};

static SCHEMA: LazyLock<Json> = LazyLock::new(|| {
    json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "size": {"type": "string"},
            "plain": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
            "section": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
            "values": {"type": "object", "additionalProperties": true},
            "routes": {
                "type": "array", "x-merge-key": "name",
                "items": {
                    "type": "object",
                    "properties": {"name": {"type": "string"}, "host": {"type": "string"}, "values": {"type": "object", "additionalProperties": true}},
                },
            },
            "store": {"oneOf": [
                {"type": "object", "properties": {"type": {"type": "string", "const": "disk"}, "size": {"type": "integer"}}},
                {"type": "object", "properties": {"type": {"type": "string", "const": "share"}, "server": {"type": "string"}}},
            ]},
        },
    })
});

fn node(sources: &mut Sources, text: &str) -> Node {
    let source = sources.add("layer", text);
    let mut documents = parse(source, text, Limits::CONFIG).expect("YAML");
    documents.pop().unwrap_or(Node { value: Value::Map(Vec::new()), span: Span { source, start: 0, end: 0 } })
}

/// The layers merged, and what was said about them.
fn merged(layers: &[&str]) -> (Json, Vec<String>) {
    let mut sources = Sources::new();
    let mut problems = Problems::new();
    let mut tree = None;
    for text in layers {
        let layer = node(&mut sources, text);
        let mut merge = Merge { problems: &mut problems, built_in: None };
        tree = merge.merge(tree, layer, Some(View::root(&SCHEMA)), &ConfigPath::root());
    }
    let said = problems.as_slice().iter().map(|problem| format!("{} {} | {}", problem.rule, problem.message, problem.hint)).collect();
    (tree.map_or(Json::Null, |tree| tree.to_json()), said)
}

fn value(layers: &[&str]) -> Json {
    let (value, said) = merged(layers);
    assert_eq!(said, Vec::<String>::new());
    value
}

#[test]
fn mappings_merge_and_the_rest_replaces() {
    assert_eq!(value(&["section: {a: 1, b: 2}", "section: {b: 3}"]), json!({"section": {"a": 1, "b": 3}}));
    assert_eq!(value(&["plain: [{a: 1}, {a: 2}]", "plain: [{a: 3}]"]), json!({"plain": [{"a": 3}]}));
    assert_eq!(value(&["section: {a: 1}", "section: 3"]), json!({"section": 3}));
}

#[test]
fn null_removes_what_is_inherited() {
    assert_eq!(value(&["section: {a: 1, b: 2}", "section: {b: null}"]), json!({"section": {"a": 1}}));
    assert_eq!(value(&["section: {a: 1}", "section: ~"]), json!({}));
    assert_eq!(value(&["section: {a: null}"]), json!({"section": {}}));
    assert_eq!(value(&["plain: [{a: null}, null]"]), json!({"plain": [{}, null]}));
}

#[test]
fn null_in_free_mappings_is_data() {
    assert_eq!(
        value(&["values: {a: 1, b: {c: 1, d: [1]}}", "values: {a: null, b: {d: [2]}}"]),
        json!({"values": {"a": null, "b": {"c": 1, "d": [2]}}})
    );
    assert_eq!(value(&["values: {a: null}"]), json!({"values": {"a": null}}));
    assert_eq!(value(&["values: {a: 1}", "values: null"]), json!({}));
    let routes = "routes: [{name: x, values: {a: null}}]";
    assert_eq!(value(&[routes, routes]), json!({"routes": [{"name": "x", "values": {"a": null}}]}));
}

#[test]
fn keyed_lists_merge_by_name_inherited_first() {
    let base = "routes: [{name: a, host: a}, {name: b, host: b}]";
    let over = "routes: [{name: c, host: c}, {name: b, host: B}]";
    assert_eq!(
        value(&[base, over]),
        json!({"routes": [{"name": "a", "host": "a"}, {"name": "b", "host": "B"}, {"name": "c", "host": "c"}]})
    );
    assert_eq!(value(&[base, "routes: [{name: a, $patch: delete}]"]), json!({"routes": [{"name": "b", "host": "b"}]}));
    assert_eq!(value(&[base, "routes: null", "routes: [{name: z}]"]), json!({"routes": [{"name": "z"}]}));
}

#[test]
fn what_cannot_be_merged_is_said() {
    let base = "routes: [{name: one, host: a}]";
    assert_eq!(
        merged(&[base, "routes: [{name: onee, $patch: delete}, {name: one, $patch: drop}]"]).1,
        [
            "config/patch `routes` inherits no `onee` to delete | did you mean `one`?",
            "config/patch `drop` is no `$patch` | the only one is `delete`"
        ]
    );
    assert_eq!(
        merged(&[base, "routes: [{name: one, $patch: delete, host: x}]"]).1,
        ["config/patch `host` has no effect in an entry that removes | write `name` and `$patch: delete` alone"]
    );
    assert_eq!(
        merged(&["routes: [{name: a}, {name: a}]"]).1,
        ["config/duplicate two entries of `routes` have the name `a` | an entry of a list that is merged by name stands there once"]
    );
    assert_eq!(
        merged(&["routes: [{name: a, $patch: delete}]"]).1,
        ["config/patch `routes` inherits no `a` to delete | nothing is inherited"]
    );
}

#[test]
fn a_mapping_of_another_type_replaces() {
    assert_eq!(
        value(&["store: {type: disk, size: 1}", "store: {type: share, server: s}"]),
        json!({"store": {"type": "share", "server": "s"}})
    );
    assert_eq!(value(&["store: {type: disk, size: 1}", "store: {size: 2}"]), json!({"store": {"type": "disk", "size": 2}}));
    assert_eq!(value(&["store: {type: disk, size: 1}", "store: {type: disk}"]), json!({"store": {"type": "disk", "size": 1}}));
}

#[test]
fn a_section_left_empty_is_told() {
    let (value, said) = merged(&["section:\nsize:\n"]);
    assert_eq!(value, json!({}));
    assert_eq!(
        said,
        [
            "config/nothing `section` has no value and counts as left out | write `{}` to have it, or `null` to show that leaving it out is meant"
        ]
    );
    assert_eq!(merged(&["section: {a: 1}", "section:\n"]).1, Vec::<String>::new(), "it removes what is inherited");
}

/// Layers without nulls, removals and changes of type: those that only add and replace.
fn layer() -> impl Strategy<Value = String> {
    let number = 0..3_u8;
    let section = (proptest::option::of(number.clone()), proptest::option::of(number.clone())).prop_map(|(a, b)| {
        [a.map(|a| format!("a: {a}")), b.map(|b| format!("b: {b}"))].into_iter().flatten().collect::<Vec<_>>().join(", ")
    });
    let names = proptest::sample::subsequence(vec!["x", "y", "z"], 0..=3).prop_shuffle();
    let routes = (names, number.clone()).prop_map(|(names, host)| {
        names.iter().map(|name| format!("{{name: {name}, host: h{host}, values: {{{name}: {host}}}}}")).collect::<Vec<_>>().join(", ")
    });
    let plain = proptest::collection::vec(number, 0..3);
    (section, routes, plain).prop_map(|(section, routes, plain)| {
        let plain: Vec<String> = plain.iter().map(|a| format!("{{a: {a}}}")).collect();
        format!("section: {{{section}}}\nroutes: [{routes}]\nplain: [{}]\nvalues: {{{section}}}\n", plain.join(", "))
    })
}

proptest! {
    #[test]
    fn laying_layers_over_each_other_is_associative(a in layer(), b in layer(), c in layer()) {
        let mut sources = Sources::new();
        let mut problems = Problems::new();
        let view = View::root(&SCHEMA);
        let root = ConfigPath::root();
        let [a, b, c] = [&a, &b, &c].map(|text| node(&mut sources, text));
        let mut merge = Merge { problems: &mut problems, built_in: None };
        let ab = merge.merge(Some(a.clone()), b.clone(), Some(view), &root);
        let left = merge.merge(ab, c.clone(), Some(view), &root).map(|node| node.to_json());
        let bc = merge.merge(Some(b), c, Some(view), &root).unwrap_or_else(|| a.clone());
        let right = merge.merge(Some(a), bc, Some(view), &root).map(|node| node.to_json());
        prop_assert_eq!(left, right);
    }

    #[test]
    fn an_empty_layer_changes_nothing(a in layer()) {
        prop_assert_eq!(value(&[&a]), value(&[&a, "{}"]));
        prop_assert_eq!(value(&[&a]), value(&["{}", &a]));
        prop_assert_eq!(value(&[&a]), value(&[&a, &a]));
    }
}
