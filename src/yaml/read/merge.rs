//! Merge keys (<https://yaml.org/type/merge.html>), which YAML 1.2 dropped and every Kubernetes reader still honours.

use crate::yaml::{Entry, Node, Value};

use super::SyntaxError;

/// The entries with `<<` replaced by what it brings in: keys that the mapping does not have itself, from the first mapping that has them.
pub(super) fn merged(entries: Vec<Entry>) -> Result<Vec<Entry>, SyntaxError> {
    let Some(at) = entries.iter().position(|entry| entry.key.plain && entry.key.text == "<<") else { return Ok(entries) };
    let mut before = entries;
    let mut after = before.split_off(at);
    let merge = after.remove(0).value;
    let mut brought: Vec<Entry> = Vec::new();
    for from in sources(merge)? {
        let fresh: Vec<Entry> =
            from.into_iter().filter(|entry| ![&before, &after, &brought].iter().any(|own| has(own, &entry.key.text))).collect();
        brought.extend(fresh);
    }
    before.extend(brought);
    before.extend(after);
    Ok(before)
}

fn has(entries: &[Entry], key: &str) -> bool {
    entries.iter().any(|entry| entry.key.text == key)
}

/// The mappings to merge, in the order of the text.
fn sources(merge: Node) -> Result<Vec<Vec<Entry>>, SyntaxError> {
    let wrong = |node: &Node| {
        let found = match node.value {
            Value::Scalar(_) => "a scalar",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
        };
        SyntaxError::new(node.span, format!("`<<` merges mappings, but this is {found}"))
            .hint("write an alias of a mapping or a list of such aliases; quote the key as `\"<<\"` if it is meant as text")
    };
    match merge.value {
        Value::Map(entries) => Ok(vec![entries]),
        Value::Seq(items) => items
            .into_iter()
            .map(|item| match item.value {
                Value::Map(entries) => Ok(entries),
                _ => Err(wrong(&item)),
            })
            .collect(),
        Value::Scalar(_) => Err(wrong(&merge)),
    }
}
