//! Whatever the bytes: the reader does not panic, its places lie in the text, and what it read survives being written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifestgen::source::{SourceId, Sources, Span};
use manifestgen::yaml::{self, Limits, Node, Value};

/// Small, so that bombs end fast.
const LIMITS: Limits = Limits { bytes: 1 << 20, nodes: 10_000, depth: 64 };

/// Writing adds quotes, escapes and indentation.
const AGAIN: Limits = Limits { bytes: 1 << 28, nodes: 10_000, depth: 64 };

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut sources = Sources::new();
    let id = sources.add("input", text.clone());
    for document in yaml::documents(id, &text, LIMITS) {
        match document {
            Ok(node) => {
                check_places(&node, &text);
                check_round_trip(id, &node);
            }
            Err(error) => {
                check_span(error.span, &text);
                assert!(!error.message.contains(char::is_control), "{:?}", error.message);
            }
        }
    }
});

fn check_round_trip(id: SourceId, node: &Node) {
    let json = node.to_json();
    let written = yaml::to_string(&json).expect("YAML holds all that JSON does");
    let again = yaml::parse(id, &written, AGAIN).expect("what was written is YAML");
    assert_eq!(again.len(), 1, "{written}");
    assert_eq!(again[0].to_json(), json, "{written}");
}

fn check_places(node: &Node, text: &str) {
    check_span(node.span, text);
    match &node.value {
        Value::Scalar(scalar) => {
            let _ = scalar.ambiguous();
        }
        Value::Seq(items) => items.iter().for_each(|item| check_places(item, text)),
        Value::Map(entries) => {
            for entry in entries {
                check_span(entry.key.span, text);
                let _ = yaml::key_text_as_go(&entry.key);
                check_places(&entry.value, text);
            }
        }
    }
}

fn check_span(span: Span, text: &str) {
    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {} bytes", text.len());
}
