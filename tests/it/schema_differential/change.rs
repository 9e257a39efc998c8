//! What can be put in place of a value.

use serde_json::{Map, Value, json};

/// What was done, and the value that stands there instead.
pub(crate) type Change = (&'static str, Value);

/// Other values for a place.
pub(crate) fn changes(value: &Value) -> Vec<Change> {
    match value {
        Value::String(text) => of_text(text),
        Value::Number(_) => of_number(value),
        Value::Bool(flag) => vec![
            ("flipped", json!(!flag)),
            ("boolean to string", json!(flag.to_string())),
            ("boolean to number", json!(1)),
            ("null", Value::Null),
        ],
        Value::Array(items) => of_list(items),
        Value::Object(fields) => of_mapping(fields),
        Value::Null => Vec::new(),
    }
}

fn of_text(text: &str) -> Vec<Change> {
    let mut changes = vec![
        ("string to number", json!(7)),
        ("string to boolean", json!(true)),
        ("string to list", json!([text])),
        ("string to mapping", json!({"a": text})),
        ("null", Value::Null),
        ("empty string", json!("")),
        ("text with blanks", json!("not Valid!")),
        ("line break", json!(format!("{text}\n"))),
        ("upper case", json!(text.to_uppercase())),
        ("lower case", json!(text.to_lowercase())),
        ("trailing dash", json!(format!("{text}-"))),
        ("leading dot", json!(format!(".{text}"))),
        ("slashes", json!(format!("a/b/{text}"))),
        ("path upwards", json!(format!("../{text}"))),
        ("long text", json!("a".repeat(300))),
        ("64 letters", json!("a".repeat(64))),
        ("digits", json!("12345")),
        ("negative number as text", json!("-5")),
        ("not ASCII", json!(format!("{text}é"))),
        ("other word", json!("banana")),
    ];
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        changes.extend([
            ("negative text", json!(format!("-{text}"))),
            ("unit doubled", json!(format!("{text}i"))),
            ("fraction", json!(format!("0.{text}"))),
        ]);
    }
    changes
}

fn of_number(value: &Value) -> Vec<Change> {
    vec![
        ("number to string", json!(value.to_string())),
        ("number to boolean", json!(true)),
        ("number to mapping", json!({})),
        ("null", Value::Null),
        ("negative", json!(-1)),
        ("zero", json!(0)),
        ("one", json!(1)),
        ("fraction", json!(1.5)),
        ("whole fraction", json!(2.0)),
        ("above ports", json!(65536)),
        ("above 32 bits", json!(1_u64 << 31)),
        ("above 64 bits", json!(u64::MAX)),
        ("hundred and one", json!(101)),
    ]
}

fn of_list(items: &[Value]) -> Vec<Change> {
    let with = |item: Value| Value::from(items.iter().cloned().chain([item]).collect::<Vec<_>>());
    let mut changes = vec![
        ("list to mapping", json!({})),
        ("list to string", json!("text")),
        ("null", Value::Null),
        ("empty list", json!([])),
        ("null entry", with(Value::Null)),
        ("empty entry", with(json!({}))),
        ("empty text entry", with(json!(""))),
        ("other entry", with(json!("banana"))),
    ];
    if let Some(first) = items.first() {
        changes.push(("entry twice", with(first.clone())));
        // The key of a list map stays, something else differs.
        if let Value::Object(fields) = first {
            for key in fields.keys().skip(1).take(2) {
                let mut fields = fields.clone();
                fields.shift_remove(key);
                changes.push(("entry twice, less a field", with(fields.into())));
            }
        }
    }
    if items.len() > 1 {
        changes.push(("reversed", items.iter().rev().cloned().collect()));
    }
    changes
}

fn of_mapping(fields: &Map<String, Value>) -> Vec<Change> {
    let with = |key: &str, value: Value| {
        let mut fields = fields.clone();
        fields.insert(key.to_owned(), value);
        Value::Object(fields)
    };
    vec![
        ("mapping to list", json!([])),
        ("mapping to string", json!("text")),
        ("null", Value::Null),
        ("empty mapping", json!({})),
        ("unknown field", with("unknownField", json!("x"))),
        ("bad key", with("bad key!", json!("x"))),
        ("bad value", with("fine", json!("bad value!"))),
        ("number as value", with("fine", json!(5))),
    ]
}

/// What can be added to a whole object.
pub(crate) fn additions() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("status", "/status", json!({})),
        ("unknown status", "/status", json!({"unknownField": "x"})),
        ("status is text", "/status", json!("text")),
        ("labels", "/metadata/labels", json!({"a": "b", "example.com/c": ""})),
        ("bad label", "/metadata/labels", json!({"bad key!": "b"})),
        ("bad label value", "/metadata/labels", json!({"a": "b c"})),
        ("annotations", "/metadata/annotations", json!({"example.com/c": "any text, of any form\n"})),
        ("bad annotation", "/metadata/annotations", json!({"bad key!": "b"})),
        ("upper case in an annotation's domain", "/metadata/annotations", json!({"Example.COM/c": "b"})),
        ("number as annotation", "/metadata/annotations", json!({"a": 5})),
        ("finalizers", "/metadata/finalizers", json!(["example.com/a"])),
        ("bad finalizer", "/metadata/finalizers", json!(["not Valid!"])),
        ("finalizer without domain", "/metadata/finalizers", json!(["banana"])),
        ("owner", "/metadata/ownerReferences", json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "b"}])),
        ("bad owner", "/metadata/ownerReferences", json!([{"apiVersion": "v1", "kind": "", "name": "a", "uid": ""}])),
        (
            "two controllers",
            "/metadata/ownerReferences",
            json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "b", "controller": true},
                {"apiVersion": "v1", "kind": "ConfigMap", "name": "c", "uid": "d", "controller": true}]),
        ),
        ("generateName", "/metadata/generateName", json!("a-")),
        ("bad generateName", "/metadata/generateName", json!("Not_valid!")),
        ("creation time", "/metadata/creationTimestamp", json!("2026-01-01T00:00:00Z")),
        ("bad creation time", "/metadata/creationTimestamp", json!("yesterday")),
        ("generation", "/metadata/generation", json!(-1)),
        ("managed fields", "/metadata/managedFields", json!([{"manager": "a"}])),
        ("uid", "/metadata/uid", json!("b")),
    ]
}
