//! Mermaid, as GitHub and GitLab draw it in a Markdown page (<https://mermaid.js.org/syntax/flowchart.html>).

use std::fmt::Write as _;

use super::{Diagram, Line, Shape};

/// The picture as a Mermaid flowchart.
#[must_use]
pub fn to_mermaid(diagram: &Diagram) -> String {
    let mut out = String::from("---\n");
    // The title is YAML; a quoted JSON text is one.
    let _ = writeln!(out, "title: {}\n---\nflowchart LR", serde_json::Value::from(diagram.title.as_str()));
    for (number, item) in diagram.nodes.iter().enumerate() {
        let (open, close) = match item.shape {
            Shape::Outside => ("([", "])"),
            Shape::Component => ("[", "]"),
            Shape::Application => ("(", ")"),
            Shape::Delivered => ("[/", "/]"),
        };
        let _ = writeln!(out, "  n{number}{open}\"{}\"{close}", label(&item.lines));
    }
    for arrow in &diagram.arrows {
        let line = match arrow.line {
            Line::Need => "-->",
            Line::Order => "-.->",
            Line::Route => "==>",
        };
        let text = if arrow.labels.is_empty() { String::new() } else { format!("|\"{}\"|", label(&arrow.labels)) };
        let _ = writeln!(out, "  n{} {line}{text} n{}", arrow.from, arrow.to);
    }
    out
}

fn label(lines: &[String]) -> String {
    lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br>")
}

/// Everything that Mermaid or the HTML behind it could read as its own becomes a number between `#` and `;`, which Mermaid shows as the
/// character (section "Entity codes to escape characters").
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',' | '/' | ':' | '(' | ')' | '=' | '_') {
            out.push(c);
        } else if c.is_control() {
            out.push('\u{fffd}');
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::escaped;

    /// What a reader of Mermaid shows for an escaped text.
    fn shown(text: &str) -> String {
        let entity = regex::Regex::new("#([0-9]+);").expect("an expression");
        let character = |found: &regex::Captures<'_>| found[1].parse().ok().and_then(char::from_u32).expect("a character").to_string();
        entity.replace_all(text, character).into_owned()
    }

    proptest! {
        #[test]
        fn nothing_of_a_text_is_mermaids_own(text in "\\PC{0,30}") {
            let escaped = escaped(&text);
            let own = ['"', '<', '>', '`', '|', '[', ']', '{', '}', '\n', '\\', '&', '%'];
            prop_assert!(!escaped.contains(own), "{}", escaped);
            prop_assert_eq!(shown(&escaped), text);
        }
    }
}
