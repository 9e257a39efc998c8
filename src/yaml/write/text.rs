//! Which strings become literal blocks.

/// Whether a literal block gives this text back, whoever reads it.
///
/// It has several lines. Left out is what readers or editors change or what needs more than a plain `|` in the header: a first line that is
/// indented or empty (serde-saphyr 2.1 writes no indentation indicator before a tab, and Go refuses the text), blanks at the end of a line, several line breaks at the
/// end, and characters that break lines in YAML 1.1 only or that YAML does not allow.
pub(super) fn fits_literal_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && !body.ends_with('\n')
        && !body.split('\n').any(|line| line.ends_with([' ', '\t']))
        && body.chars().all(keeps_in_block)
}

fn keeps_in_block(c: char) -> bool {
    match c {
        '\n' | '\t' | ' '..='~' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => c >= '\u{a0}',
    }
}
