//! Quoted texts whose lines are not indented deeper than their key.
//!
//! YAML wants them deeper, and granit-parser 2.1 insists. libyaml, and with it Go and PyYAML, reads them all the same, and writes them:
//! `kubectl get -o yaml` prints long messages inside of lists like that, and so the Gateway API's CRDs are published. Blanks at the start of such a
//! line mean nothing, so the parser gets a copy of the document that has enough of them.

use std::ops::Range;

/// Blanks that were put into a copy of a document.
#[derive(Debug, Default)]
pub(super) struct Padding {
    /// Where in the copy a run of blanks ends, and how many there are up to there; ascending.
    runs: Vec<(usize, usize)>,
    /// How many blanks a run has, by its index.
    lengths: Vec<usize>,
}

impl Padding {
    /// The offset in the document that belongs to one in the copy.
    pub(super) fn without(&self, at: usize) -> usize {
        let before = self.runs.partition_point(|(end, _)| *end <= at);
        let blanks = before.checked_sub(1).map_or(0, |last| self.runs[last].1);
        let within = match (self.runs.get(before), self.lengths.get(before)) {
            (Some((end, _)), Some(length)) => (at + length).saturating_sub(*end),
            _ => 0,
        };
        at - blanks - within
    }

    /// A copy in which the lines of the quoted text that is open at `inside` are indented far enough. It starts somewhere after `after`.
    ///
    /// None if there is no such text, or if the copy would need more than `most` blanks.
    pub(super) fn pad(&mut self, document: &str, after: usize, inside: usize, most: usize) -> Option<String> {
        let quoted = quoted_text(document, after).filter(|quoted| quoted.contains(&inside))?;
        let line_start = document[..quoted.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        // The key, or the dash of the item, stands before the quote.
        let blanks = " ".repeat(quoted.start - line_start + 1);
        let breaks = || {
            document[quoted.clone()]
                .match_indices(['\n', '\r'])
                .map(|(at, _)| quoted.start + at + 1)
                .filter(|at| !within_crlf(document, *at))
        };
        if breaks().count().checked_mul(blanks.len())? > most {
            return None;
        }
        let mut copy = String::with_capacity(document.len() + breaks().count() * blanks.len());
        let mut copied = 0;
        let mut total = self.runs.last().map_or(0, |(_, total)| *total);
        for at in breaks() {
            copy.push_str(&document[copied..at]);
            copy.push_str(&blanks);
            copied = at;
            total += blanks.len();
            self.runs.push((copy.len(), total));
            self.lengths.push(blanks.len());
        }
        copy.push_str(&document[copied..]);
        Some(copy)
    }
}

fn within_crlf(document: &str, at: usize) -> bool {
    document[..at].ends_with('\r') && document[at..].starts_with('\n')
}

/// The first quoted text at or after an offset at which the parser stood between two values, quotes included.
fn quoted_text(document: &str, after: usize) -> Option<Range<usize>> {
    let bytes = document.as_bytes();
    let mut at = after;
    let length = |from: usize, end: fn(&u8) -> bool| bytes[from..].iter().position(end).unwrap_or(bytes.len() - from);
    loop {
        match bytes.get(at)? {
            b' ' | b'\t' | b'\n' | b'\r' | b':' | b'-' | b'?' => at += 1,
            b'#' => at += length(at, |byte| matches!(byte, b'\n' | b'\r')),
            b'&' | b'!' => at += length(at, u8::is_ascii_whitespace),
            b'\'' => return closing_single(bytes, at + 1).map(|end| at..end),
            b'"' => return closing_double(bytes, at + 1).map(|end| at..end),
            _ => return None,
        }
    }
}

fn closing_single(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| *byte == b'\'')? + 1;
        if bytes.get(at) != Some(&b'\'') {
            return Some(at);
        }
        at += 1;
    }
}

fn closing_double(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += bytes.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\\'))? + 1;
        if bytes[at - 1] == b'"' {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_lead_back_to_the_document() {
        let document = "a:\n  b: 'c\nd''\n  e' # f\n";
        let mut padding = Padding::default();
        let copy = padding.pad(document, 6, 11, 1000).expect("there is a quoted text");
        assert_eq!(copy, "a:\n  b: 'c\n      d''\n        e' # f\n");
        for (at, c) in copy.char_indices().filter(|(_, c)| *c != ' ') {
            assert_eq!(document[padding.without(at)..].chars().next(), Some(c), "{at}");
        }
        assert_eq!(padding.without(copy.len()), document.len());
        assert_eq!(padding.without(13), 11);
    }

    #[test]
    fn all_kinds_of_line_breaks_are_padded_once() {
        let copy = Padding::default().pad("'b\r\nc\rd\ne'", 0, 4, 1000);
        assert_eq!(copy.as_deref(), Some("'b\r\n c\r d\n e'"));
    }

    #[test]
    fn only_what_is_quoted_is_padded() {
        let pad = |document: &str, inside: usize| Padding::default().pad(document, 0, inside, 1000);
        assert_eq!(pad("- &a !b'c\n# 'x\n- - \"d\\\"\ne\"\n", 25).as_deref(), Some("- &a !b'c\n# 'x\n- - \"d\\\"\n     e\"\n"));
        assert_eq!(pad("a 'b\nc'\n", 6), None);
        assert_eq!(pad("'b\nc", 4), None);
        assert_eq!(pad("'b\\", 2), None);
        assert_eq!(Padding::default().pad("- 'a\nb'", 0, 5, 2), None);
    }
}
