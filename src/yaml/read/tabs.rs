//! Tabs where Kubernetes' reader takes spaces only: at the start of a line, even an empty one, and behind the `-` of an item.
//!
//! YAML 1.2 allows some of them, and granit-parser 2.1 takes even more; libyaml, and with it Go and PyYAML, refuses them all.

use std::ops::Range;

use granit_parser::{Event, ScalarStyle};

/// The tabs of a document that stand in such a place, unless text or brackets surround them.
#[derive(Debug)]
pub(super) struct Tabs {
    suspects: Vec<usize>,
    /// Ranges of text and of bracketed lists and mappings, ascending.
    allowed: Vec<Range<usize>>,
    /// Open brackets, and where the outermost one is.
    brackets: (usize, usize),
}

impl Tabs {
    pub(super) fn new(document: &str) -> Self {
        let mut suspects = Vec::new();
        if document.contains('\t') {
            let mut at = 0;
            for line in document.split_inclusive(['\n', '\r']) {
                let indentation = indentation(line.as_bytes());
                suspects.extend(line[..indentation].match_indices('\t').map(|(tab, _)| at + tab));
                at += line.len();
            }
        }
        Self { suspects, allowed: Vec::new(), brackets: (0, 0) }
    }

    pub(super) fn see(&mut self, event: &Event<'_>, range: Range<usize>, document: &str) {
        if self.suspects.is_empty() {
            return;
        }
        let bracket = document.as_bytes().get(range.start).filter(|_| !range.is_empty());
        let (open, start) = &mut self.brackets;
        match (event, bracket) {
            (Event::Scalar(_, style, ..), _) if *open == 0 => self.allow_text(range, *style == ScalarStyle::Plain, document),
            (Event::SequenceStart(..) | Event::MappingStart(..), Some(b'[' | b'{')) => {
                if *open == 0 {
                    *start = range.start;
                }
                *open += 1;
            }
            (Event::SequenceEnd | Event::MappingEnd, Some(b']' | b'}')) => {
                *open = open.saturating_sub(1);
                if *open == 0 {
                    self.allowed.push(*start..range.end);
                }
            }
            _ => {}
        }
    }

    /// Within a text and behind it, to the end of the line; behind one without quotes, also in the empty lines that follow, where they are indented
    /// deeper than its key or dash.
    fn allow_text(&mut self, range: Range<usize>, plain: bool, document: &str) {
        let line_end = |from: usize| document[from..].find(['\n', '\r']).map_or(document.len(), |at| from + at);
        let whole_lines = !range.is_empty() && document[..range.end].ends_with(['\n', '\r']);
        let end = if whole_lines { range.end } else { line_end(range.end) };
        self.allowed.push(range.start..end);
        if !plain {
            return;
        }
        let start = document[..range.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let before = &document[start..range.start];
        let indentation = indentation(before.as_bytes());
        let deeper = if indentation < before.len() { indentation + 1 } else { before.rfind(['-', '?']).map_or(0, |at| at + 1) };
        let mut at = end;
        while at < document.len() {
            at += 1;
            let end = line_end(at);
            if !document[at..end].bytes().all(|byte| matches!(byte, b' ' | b'\t')) {
                return;
            }
            self.allowed.push((at + deeper).min(end)..end);
            at = end;
        }
    }

    /// The first one that is refused.
    pub(super) fn refused(&self) -> Option<usize> {
        self.suspects.iter().copied().find(|tab| {
            let after = self.allowed.partition_point(|range| range.start <= *tab);
            !after.checked_sub(1).is_some_and(|last| self.allowed[last].contains(tab))
        })
    }
}

/// How far blanks and the indicators of items and keys go.
fn indentation(line: &[u8]) -> usize {
    let mut at = 0;
    loop {
        match (line.get(at), line.get(at + 1)) {
            (Some(b' ' | b'\t'), _) | (Some(b'-' | b'?'), Some(b' ' | b'\t')) => at += 1,
            _ => return at,
        }
    }
}
