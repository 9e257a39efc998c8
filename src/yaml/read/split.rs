//! A text cut into its documents.
//!
//! A line that starts with `---` or `...` ends a document whatever it stands in (YAML 1.2.2, 9.1.2 `c-forbidden`), so documents are
//! found without reading them, and a broken one cannot hide the next.

/// The pieces of a text, each with the offset at which it starts. A piece holds one document, or nothing but comments and directives.
#[derive(Debug)]
pub(super) struct Pieces<'input> {
    text: &'input str,
    at: usize,
}

impl<'input> Pieces<'input> {
    pub(super) const fn new(text: &'input str, at: usize) -> Self {
        Self { text, at }
    }
}

impl<'input> Iterator for Pieces<'input> {
    type Item = (usize, &'input str);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.at;
        let mut begun = false;
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let line = &rest[..line_length(rest.as_bytes())];
            if is_marker(line, "---") {
                if begun {
                    break;
                }
                begun = true;
            } else {
                // Directives belong to the document that the next `---` starts.
                begun |= !line.starts_with('%') && !line.trim_start().is_empty() && !line.trim_start().starts_with('#');
            }
            self.at += line.len();
            if is_marker(line, "...") {
                break;
            }
        }
        (start < self.at).then(|| (start, &self.text[start..self.at]))
    }
}

/// With the line break, if there is one.
fn line_length(rest: &[u8]) -> usize {
    let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else { return rest.len() };
    if rest[end..].starts_with(b"\r\n") { end + 2 } else { end + 1 }
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_end_at_markers_only() {
        let pieces = |text| Pieces::new(text, 0).map(|(_, piece)| piece).collect::<Vec<_>>();
        assert_eq!(pieces(""), Vec::<&str>::new());
        assert_eq!(pieces("a\n ---\n---b\n....\n"), ["a\n ---\n---b\n....\n"]);
        assert_eq!(pieces("# c\n\n%YAML 1.2\n---\na\n--- b\r--- \r\nc"), ["# c\n\n%YAML 1.2\n---\na\n", "--- b\r", "--- \r\nc"]);
        assert_eq!(pieces("a\n...\n# c\n---\n---\tb\n...\n\n"), ["a\n...\n", "# c\n---\n", "---\tb\n...\n", "\n"]);
        assert_eq!(Pieces::new("a\n---\nb", 0).last(), Some((2, "---\nb")));
    }
}
