//! Blocks (`|`, `>`) as libyaml, and with it Go and PyYAML, reads them, where granit-parser 2.1 does not.

use crate::source::Span;

use super::SyntaxError;
use super::place::Text;

/// The text of a block as libyaml has it; `span` is where that text stands.
pub(super) fn as_libyaml(mut text: String, span: Span, place: &Text<'_>) -> Result<String, SyntaxError> {
    if text.trim_start_matches('\n').starts_with('\t') && !has_indentation_indicator(&place.whole[..span.start as usize]) {
        return Err(SyntaxError::new(span, "the text of this block starts with a tab")
            .hint("write it in double quotes, with `\\t`, or put the depth of the indentation behind the `|`: `|2`"));
    }
    if span.end as usize == place.whole.len() && lacks_last_break(&text, span.start as usize, place.whole) {
        // The parser has added it.
        text.pop();
    }
    Ok(text)
}

/// Whether the block's last line is also the text's, and has no line break there.
fn lacks_last_break(block: &str, start: usize, whole: &str) -> bool {
    let line_start = |before: &str| before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let last_line = &whole[line_start(whole)..];
    if !block.ends_with('\n') || last_line.is_empty() {
        return false;
    }
    if !last_line.trim_matches(' ').is_empty() {
        return true;
    }
    // A line of nothing but indentation is none, unless it is deeper than the block's; the parser takes it for one where there is no other.
    if block.bytes().all(|byte| byte == b'\n') {
        let header = whole.trim_end_matches([' ', '\n', '\r']).len();
        let breaks = whole[header..].replace("\r\n", "\n").matches(['\n', '\r']).count();
        return block.len() >= breaks;
    }
    last_line.len() > start - line_start(&whole[..start])
}

/// Whether the header, the last line that is not blank, is one like `|2` or `>-1`.
fn has_indentation_indicator(before: &str) -> bool {
    let header = before.trim_end().rsplit(['\n', '\r']).next().unwrap_or_default();
    header
        .rsplit(['|', '>'])
        .next()
        .is_some_and(|indicators| indicators.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit()))
}
