//! DOT, the language of Graphviz (<https://graphviz.org/doc/info/lang.html>).

use std::fmt::Write as _;

use super::{Diagram, Line, Shape};

/// The picture as a DOT digraph.
#[must_use]
pub fn to_dot(diagram: &Diagram) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "digraph {} {{\n  rankdir=LR;\n  node [shape=box];", quoted(std::slice::from_ref(&diagram.title)));
    for (number, item) in diagram.nodes.iter().enumerate() {
        let look = match item.shape {
            Shape::Outside => ", shape=ellipse",
            Shape::Component => "",
            Shape::Application => ", style=rounded",
            Shape::Delivered => ", shape=note",
        };
        let _ = writeln!(out, "  n{number} [label={}{look}];", quoted(&item.lines));
    }
    for arrow in &diagram.arrows {
        let style = match arrow.line {
            Line::Need => None,
            Line::Order => Some("style=dashed".to_owned()),
            Line::Route => Some("style=bold".to_owned()),
        };
        let label = (!arrow.labels.is_empty()).then(|| format!("label={}", quoted(&arrow.labels)));
        let attributes: Vec<String> = label.into_iter().chain(style).collect();
        let attributes = if attributes.is_empty() { String::new() } else { format!(" [{}]", attributes.join(", ")) };
        let _ = writeln!(out, "  n{} -> n{}{attributes};", arrow.from, arrow.to);
    }
    out.push_str("}\n");
    out
}

/// A quoted text. In a label `\n` ends a line and `\N`, `\G` and others stand for names, so a backslash of the text is doubled; and `&`
/// begins an HTML entity.
fn quoted(lines: &[String]) -> String {
    let escaped = |line: &String| {
        line.chars().fold(String::new(), |mut out, c| {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '&' => out.push_str("&amp;"),
                c if c.is_control() => out.push('\u{fffd}'),
                c => out.push(c),
            }
            out
        })
    };
    format!("\"{}\"", lines.iter().map(escaped).collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::quoted;

    /// What Graphviz shows for a quoted label.
    fn shown(quoted: &str) -> String {
        let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quotes");
        let (mut out, mut characters) = (String::new(), inner.chars());
        while let Some(c) = characters.next() {
            assert_ne!(c, '"', "a quote inside ends the text");
            match c {
                '\\' => match characters.next() {
                    Some('n') => out.push('\n'),
                    Some(c @ ('"' | '\\')) => out.push(c),
                    other => panic!("an escape that means something else: {other:?}"),
                },
                c => out.push(c),
            }
        }
        out.replace("&amp;", "&")
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_dots_own(lines in prop::collection::vec("\\PC{0,20}", 1..4)) {
            prop_assert_eq!(shown(&quoted(&lines)), lines.join("\n"));
        }
    }
}
