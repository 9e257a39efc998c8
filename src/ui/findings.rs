//! A finding as text.

use annotate_snippets::{AnnotationKind, Level, Message, Origin, Renderer, Snippet};

use crate::diag::{Finding, Severity};
use crate::source::Location;

use super::terminal::clean;

/// Characters of a source line shown on each side of the caret: a minified file has lines of megabytes.
const CONTEXT: usize = 120;

/// The finding in the form of a compiler's message: title, place, source line with caret, notes.
pub(super) fn to_text(finding: &Finding, colored: bool) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level.primary_title(clean(&finding.message)).id(clean(&finding.rule)).elements(Vec::<Message<'_>>::new());
    let window = finding.location.as_ref().map(Window::of);
    if let (Some(location), Some(window)) = (&finding.location, &window) {
        let snippet = Snippet::source(window.text.as_str())
            .line_start(location.line)
            .fold(false)
            .annotation(AnnotationKind::Primary.span(window.start..window.end));
        let file = clean(&location.file);
        // A cut line would count its columns from the cut: its place is given apart.
        group = if window.cut {
            group.element(Origin::path(file).line(location.line).char_column(location.column)).element(snippet)
        } else {
            group.element(snippet.path(file))
        };
    }
    if let Some(object) = &finding.object {
        let namespace = object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let field = finding.path.as_deref().map(|path| format!(" at {path}")).unwrap_or_default();
        let text = format!("{} {namespace}{}{field}", object.kind, object.name);
        group = group.element(Level::NOTE.with_name("object").message(clean(&text).into_owned()));
    }
    if let Some(origin) = finding.origin.as_ref().filter(|origin| origin.layer != "file") {
        let text = format!("`{}` comes from {}", origin.key, origin.layer);
        group = group.element(Level::NOTE.message(clean(&text).into_owned()));
    }
    if let Some(hint) = &finding.hint {
        group = group.element(Level::HELP.with_name("hint").message(clean(hint)));
    }
    let renderer = if colored { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[group])
}

/// The part of a source line around the caret, with byte offsets for the caret.
struct Window {
    text: String,
    start: usize,
    end: usize,
    /// Whether the beginning of the line is missing.
    cut: bool,
}

impl Window {
    fn of(location: &Location) -> Self {
        let from = (location.column - 1).saturating_sub(CONTEXT);
        let mut text = String::new();
        let mut bounds = (None, None);
        for (at, c) in location.text.chars().enumerate().skip(from).take(location.column - from + location.length.min(CONTEXT) + CONTEXT) {
            if at == location.column - 1 {
                bounds.0 = Some(text.len());
            }
            if at == location.column - 1 + location.length {
                bounds.1 = Some(text.len());
            }
            text.push_str(&clean(c.encode_utf8(&mut [0; 4])));
        }
        // A caret past the end of the line points at the end: something is missing there.
        let start = bounds.0.unwrap_or(text.len());
        let end = bounds.1.unwrap_or(text.len()).max(start);
        Self { text, start, end, cut: from > 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(column: usize, length: usize, text: &str) -> Finding {
        Finding::error("config/type", "`port` must be an integer").with_hint("write `port: 8080`").with_location(Location {
            file: "cluster.yaml".into(),
            line: 7,
            column,
            length,
            text: text.into(),
        })
    }

    #[test]
    fn shows_line_caret_and_hint() {
        insta::assert_snapshot!(to_text(&at(9, 4, "  port: \"80\""), false), @r#"
        error[config/type]: `port` must be an integer
         --> cluster.yaml:7:9
          |
        7 |   port: "80"
          |         ^^^^
          |
          = hint: write `port: 8080`
        "#);
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let text = to_text(&at(5_000, 3, &"x".repeat(10_000)), false);
        assert!(text.lines().all(|line| line.len() < 400), "{text}");
        assert!(text.contains("^^^"), "{text}");
    }

    #[test]
    fn a_caret_at_the_end_of_the_line_is_shown() {
        assert!(to_text(&at(6, 1, "port:"), false).contains('^'));
    }

    #[test]
    fn escape_sequences_of_the_input_are_shown_not_sent() {
        assert!(!to_text(&at(1, 3, "\u{1b}[2J"), false).contains('\u{1b}'));
    }
}
