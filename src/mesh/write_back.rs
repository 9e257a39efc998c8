//! Addresses that were given out, written into the cluster file: a key is put in, and nothing else is touched.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::diag::{Error, Result};
use crate::source::Sources;
use crate::yaml::{Key, Limits, Node, Value, parse};

/// The text of a cluster file with `mesh.address` in the entries of these nodes.
///
/// The caller reads the result and compares: an anchor that several nodes share is one place in the text.
///
/// # Errors
/// Usage: the text has no `mesh` section of a node where the address could go, because another layer or a profile supplies it.
pub fn write_back(text: &str, addresses: &BTreeMap<String, IpAddr>) -> Result<String> {
    let mut sources = Sources::new();
    let source = sources.add("the cluster file", text);
    let unreadable = |cause| Error::internal("the cluster file cannot be read any more").caused_by(cause);
    let documents = parse(source, text, Limits::CONFIG).map_err(|error| unreadable(error.message))?;
    let nodes = documents.first().and_then(|root| root.get("nodes"));
    let mut insertions = Vec::new();
    for (name, address) in addresses {
        let Some((key, flow)) = nodes.and_then(|nodes| place(text, nodes, name)) else {
            return Err(Error::usage(format!("the file has no `mesh` section in the entry of node `{name}`"))
                .hint(format!("write `address: {address}` where that section stands")));
        };
        insertions.push((key.span.start as usize, addition(text, key, flow, *address)));
    }
    insertions.sort();
    let mut written = text.to_owned();
    for (at, addition) in insertions.into_iter().rev() {
        // Spans are those of this very text.
        if written.is_char_boundary(at) {
            written.insert_str(at, &addition);
        }
    }
    Ok(written)
}

/// The first key of a node's `mesh`, and whether it stands between braces.
fn place<'a>(text: &str, nodes: &'a Node, name: &str) -> Option<(&'a Key, bool)> {
    let Value::Seq(entries) = &nodes.value else { return None };
    let is_it = |entry: &&Node| entry.get("name").and_then(Node::as_str) == Some(name);
    let mesh = entries.iter().find(is_it)?.get("mesh")?;
    let Value::Map(entries) = &mesh.value else { return None };
    let key = &entries.first()?.key;
    let flow = text.get(mesh.span.start as usize..)?.starts_with('{');
    Some((key, flow))
}

/// What goes before that key.
fn addition(text: &str, key: &Key, flow: bool, address: IpAddr) -> String {
    let start = key.span.start as usize;
    // A file in JSON stays one.
    let quote = if flow && text[start..].starts_with('"') { "\"" } else { "" };
    // An IPv6 address may end in a colon, or begin with one.
    let value = if quote.is_empty() && address.is_ipv4() { address.to_string() } else { format!("\"{address}\"") };
    let pair = format!("{quote}address{quote}: {value}");
    if flow {
        return format!("{pair}, ");
    }
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let break_ = if text[..start].ends_with('\r') || text.contains("\r\n") { "\r\n" } else { "\n" };
    let indent = " ".repeat(text[line_start..start].chars().count());
    format!("{pair}{break_}{indent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, addresses: &[(&str, &str)]) -> String {
        let addresses = addresses.iter().map(|(name, address)| ((*name).to_owned(), address.parse().expect("an address"))).collect();
        write_back(text, &addresses).expect("written")
    }

    #[test]
    fn a_key_is_put_in_and_nothing_else_is_touched() {
        let text = "\
# Ours.
nodes:
  - name: a   # the first
    mesh:
      type: wireguard # by cable
      behindNat: true
  - {name: b, mesh: {type: wireguard}}
  - mesh: {type: wireguard}
    name: c
";
        insta::assert_snapshot!(written(text, &[("a", "10.0.0.1"), ("b", "10.0.0.2"), ("c", "fd00::")]), @r#"
        # Ours.
        nodes:
          - name: a   # the first
            mesh:
              address: 10.0.0.1
              type: wireguard # by cable
              behindNat: true
          - {name: b, mesh: {address: 10.0.0.2, type: wireguard}}
          - mesh: {address: "fd00::", type: wireguard}
            name: c
        "#);
    }

    #[test]
    fn json_stays_json() {
        let text = r#"{"nodes": [{"name": "a", "mesh": {"type": "wireguard"}}]}"#;
        let after = written(text, &[("a", "10.0.0.1")]);
        let value: serde_json::Value = serde_json::from_str(&after).expect("JSON");
        assert_eq!(value["nodes"][0]["mesh"]["address"], "10.0.0.1");
    }

    #[test]
    fn line_breaks_stay_as_they_are() {
        let after = written("nodes:\r\n- name: a\r\n  mesh:\r\n    type: wireguard\r\n", &[("a", "10.0.0.1")]);
        assert_eq!(after, "nodes:\r\n- name: a\r\n  mesh:\r\n    address: 10.0.0.1\r\n    type: wireguard\r\n");
    }

    #[test]
    fn what_stands_elsewhere_is_said() {
        let error = write_back("nodes: [{name: a}]\n", &[("a".to_owned(), "10.0.0.1".parse().expect("an address"))].into());
        let error = error.expect_err("nowhere to write");
        assert_eq!(error.hints, ["write `address: 10.0.0.1` where that section stands"]);
    }
}
