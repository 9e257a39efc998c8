//! What the writer writes means the same to every reader that will see it.

use std::env;

use manifestgen::source::Sources;
use manifestgen::yaml::Value as Yaml;
use manifestgen::yaml::{Limits, Node, Resolved, Scalar, key_text_as_go, parse, resolve, to_string};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::yaml_peers::Peer;
use crate::yaml_strategies::{nasty_value, number_like, scribbles, strings, words};

/// Strings that one test tries at least, keys included.
const STRINGS: usize = 20_000;

fn times() -> usize {
    if env::var_os("MANIFESTGEN_SOAK").is_some() { 10 } else { 1 }
}

/// Runs `check` on fresh values until enough was tried; what fails is shrunk and shown.
#[track_caller]
fn for_all<S: Strategy>(
    strategy: &S,
    enough: usize,
    size: impl Fn(&S::Value) -> usize,
    mut check: impl FnMut(&S::Value) -> Result<(), String>,
) {
    let mut tried = 0;
    let wanted = enough * times();
    while tried < wanted {
        let config = Config { cases: 16, failure_persistence: None, ..Config::default() };
        let done = std::cell::Cell::new(0);
        let check = std::cell::RefCell::new(&mut check);
        let result = TestRunner::new(config).run(strategy, |value| {
            done.set(done.get() + size(&value));
            check.borrow_mut()(&value).map_err(TestCaseError::fail)
        });
        if let Err(error) = result {
            panic!("{error}");
        }
        tried += done.get();
    }
}

fn our_node(text: &str) -> Result<Node, String> {
    let mut sources = Sources::new();
    let id = sources.add("a.yaml", text);
    let mut nodes = parse(id, text, Limits::MANIFESTS).map_err(|error| format!("{error} at {:?}", sources.locate(error.span)))?;
    match (nodes.pop(), nodes.is_empty()) {
        (Some(node), true) => Ok(node),
        _ => Err("not one document".to_owned()),
    }
}

fn our_reader(text: &str) -> Result<Value, String> {
    our_node(text).map(|node| node.to_json())
}

/// Equal as JSON: a whole float may have become an integer, since JSON does not tell them apart.
fn same(written: &Value, read: &Value) -> bool {
    match (written, read) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b))),
        _ => written == read,
    }
}

#[track_caller]
fn reads_what_was_written(mut read: impl FnMut(&str) -> Result<Value, String>) {
    let batches = vec(nasty_value(), 1..150).prop_map(Value::Array);
    for_all(&batches, STRINGS, strings, |value| {
        let text = to_string(value).map_err(|error| error.to_string())?;
        let back = read(&text).map_err(|error| format!("{error}\n{text}"))?;
        if same(value, &back) { Ok(()) } else { Err(format!("read back as {back}\n{text}")) }
    });
}

#[test]
fn pyyaml_reads_what_was_written() {
    let Some(mut reader) = Peer::pyyaml("read") else { return };
    reads_what_was_written(|text| reader.ask(text));
}

#[test]
fn go_reads_what_was_written() {
    let Some(mut reader) = Peer::go() else { return };
    reads_what_was_written(|text| reader.ask(text));
}

#[test]
fn our_reader_reads_what_was_written() {
    reads_what_was_written(our_reader);
}

/// Texts that stand for themselves without quotes. PyYAML does not take a tab in them.
fn plain_texts() -> impl Strategy<Value = Vec<String>> {
    let plain = |text: &String| match our_node(&format!("- {text}\n")).map(|node| node.value) {
        Ok(Yaml::Seq(items)) => {
            matches!(&items[..], [Node { value: Yaml::Scalar(Scalar { text: read, plain: true, .. }), .. }] if read == text)
        }
        _ => false,
    };
    vec(prop_oneof![4 => number_like(), 1 => words()].prop_filter("plain", move |text| !text.contains('\t') && plain(text)), 1..200)
}

#[test]
fn plain_scalars_mean_what_go_takes_them_for() {
    let Some(mut reader) = Peer::go() else { return };
    for_all(&plain_texts(), STRINGS, Vec::len, |texts| {
        let scalars = texts.iter().map(|text| Scalar { text: text.clone(), plain: true, tag: None });
        // Go refuses to make JSON of these, so they are asked one by one.
        let (infinite, finite): (Vec<_>, Vec<_>) = scalars.partition(|scalar| resolve(scalar) == Resolved::NotFinite);
        for scalar in infinite {
            let answer = reader.ask(&scalar.text);
            answer.map_or(Ok(()), |answer| Err(format!("`{}` is {answer} to Go", scalar.text)))?;
        }
        let text: String = finite.iter().flat_map(|scalar| ["- ", &scalar.text, "\n"]).collect();
        let theirs = reader.ask(&text)?;
        for (scalar, theirs) in finite.iter().zip(theirs.as_array().into_iter().flatten()) {
            let ours = resolve(scalar).into_json(&scalar.text);
            if !exactly(&ours, theirs) {
                return Err(format!("`{}` is {ours}, but {theirs} to Go", scalar.text));
            }
        }
        Ok(())
    });
}

/// As [`same`], and an integer is an integer to both. Go writes `-0` for a negative zero, which the API server reads as the integer 0.
fn exactly(ours: &Value, theirs: &Value) -> bool {
    let zero = |value: &Value| value.as_f64() == Some(0.0);
    same(ours, theirs) && ours.is_f64() == theirs.is_f64() || zero(ours) && zero(theirs)
}

#[test]
fn plain_keys_become_the_text_that_go_makes_of_them() {
    let Some(mut reader) = Peer::go() else { return };
    for_all(&plain_texts(), STRINGS / 4, Vec::len, |texts| {
        let keys = texts.iter().filter_map(|text| match our_node(&format!("{text}: 1\n")).ok()?.value {
            Yaml::Map(mut entries) if entries[0].key.text == *text => entries.pop().map(|entry| entry.key),
            _ => None,
        });
        let (refused, read): (Vec<_>, Vec<_>) = keys.filter(|key| key.text != "<<").partition(|key| key_text_as_go(key).is_none());
        for key in refused {
            let answer = reader.ask(&format!("{}: 1\n", key.text));
            answer.map_or(Ok(()), |answer| Err(format!("`{}` is {answer} to Go", key.text)))?;
        }
        let text: String = read.iter().flat_map(|key| ["- ", &key.text, ": 1\n"]).collect();
        let theirs = reader.ask(&text)?;
        for (key, theirs) in read.iter().zip(theirs.as_array().into_iter().flatten()) {
            let ours = key_text_as_go(key);
            if theirs.as_object().and_then(|map| map.keys().next()) != ours.as_ref() {
                return Err(format!("`{}` is {ours:?}, but {theirs} to Go", key.text));
            }
        }
        Ok(())
    });
}

#[test]
fn where_pyyaml_and_go_disagree_the_scalar_is_ambiguous() {
    let (Some(mut pyyaml), Some(mut go)) = (Peer::pyyaml("read"), Peer::go()) else { return };
    for_all(&plain_texts(), STRINGS / 4, Vec::len, |texts| {
        let scalars = texts.iter().map(|text| Scalar { text: text.clone(), plain: true, tag: None });
        let clear: Vec<Scalar> = scalars.filter(|scalar| !scalar.ambiguous() && resolve(scalar) != Resolved::NotFinite).collect();
        let text: String = clear.iter().flat_map(|scalar| ["- ", &scalar.text, "\n"]).collect();
        let (pyyaml, go) = (pyyaml.ask(&text)?, go.ask(&text)?);
        if same(&pyyaml, &go) { Ok(()) } else { Err(format!("{pyyaml} to PyYAML, but {go} to Go")) }
    });
}

/// As [`Node::to_json`], with the keys that Go makes.
fn as_go(node: &Node) -> Option<Value> {
    match &node.value {
        Yaml::Scalar(_) => Some(node.to_json()),
        Yaml::Seq(items) => items.iter().map(as_go).collect(),
        Yaml::Map(entries) => {
            let entries = entries.iter().map(|entry| Some((key_text_as_go(&entry.key)?, as_go(&entry.value)?)));
            entries.collect::<Option<_>>().map(Value::Object)
        }
    }
}

/// All styles of PyYAML, tags, anchors and aliases among them. It does not quote `y`, so Go is the one to compare with.
#[test]
fn our_reader_and_go_agree_on_what_pyyaml_writes() {
    let (Some(mut pyyaml), Some(mut go)) = (Peer::pyyaml("write"), Peer::go()) else { return };
    let options = (
        select(vec![Value::Null, true.into(), false.into()]),
        select(vec![Value::Null, "'".into(), "\"".into(), "|".into(), ">".into()]),
        select(vec![10, 80, 10_000]),
        select(vec![2, 4, 9]),
        any::<bool>(),
        select(vec!["\n", "\r\n"]),
    );
    let options = options.prop_map(|(flow, style, width, indent, explicit, line_break)| {
        json!({
            "default_flow_style": flow, "default_style": style, "width": width, "indent": indent,
            "explicit_start": explicit, "explicit_end": explicit, "line_break": line_break, "sort_keys": false,
        })
    });
    let dumps = (vec(nasty_value(), 1..30).prop_map(Value::Array), options);
    for_all(
        &dumps,
        STRINGS / 4,
        |(value, _)| strings(value),
        |(value, options)| {
            let text = pyyaml.ask(&json!([value, options]).to_string())?;
            let text = text.as_str().unwrap_or_default();
            let (ours, theirs) = (our_node(text).map(|node| as_go(&node)), go.ask(text));
            match (&ours, &theirs) {
                (Ok(Some(ours)), Ok(theirs)) if same(theirs, ours) => Ok(()),
                // Keys that become one (`1e3` and `1E3`; `n`, which PyYAML does not quote, and "false"): Go refuses some, and of the
                // others it drops a value.
                (Err(error), theirs) if error.contains("stands twice") && !theirs.as_ref().is_ok_and(|theirs| same(theirs, value)) => {
                    Ok(())
                }
                _ => Err(format!("{ours:?} to us, but {theirs:?} to Go\n{text}")),
            }
        },
    );
}

#[test]
fn what_both_read_means_the_same_to_us_and_to_go() {
    let Some(mut go) = Peer::go() else { return };
    let mut both = 0;
    for_all(
        &scribbles(),
        STRINGS / 4,
        |_| 1,
        |text| {
            // Only the places of refusals differ: some of ours are stricter, such as that of unknown tags.
            let (Ok(node), Ok(theirs)) = (our_node(text), go.ask(text)) else { return Ok(()) };
            // libyaml starts a block that is the whole document at column 1, YAML 1.2 at column 0. No document of ours is a bare text.
            if !theirs.is_object() && !theirs.is_array() {
                return Ok(());
            }
            both += 1;
            match as_go(&node) {
                Some(ours) if same(&theirs, &ours) => Ok(()),
                ours => Err(format!("{ours:?} to us, but {theirs} to Go\n{text}")),
            }
        },
    );
    assert!(both > STRINGS / 100, "{both} documents are too few to prove anything");
}
