//! Text of the input on its way to a terminal.

use std::borrow::Cow;

/// The text with every character replaced that a terminal would obey instead of show: escape sequences, and marks that turn the direction
/// of writing. One character takes the place of one, so that columns stay; a tab stays a tab.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_harmless(c) { c } else { stand_in(c) }).collect())
}

fn is_harmless(c: char) -> bool {
    let turns_text = matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    c == '\t' || !(c.is_control() || turns_text)
}

/// The symbols for control characters (Unicode block "Control Pictures") where there is one.
fn stand_in(c: char) -> char {
    match u32::from(c) {
        code @ 0..=0x1F => char::from_u32(0x2400 + code).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7F => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown() {
        assert_eq!(visible("plain\ttext é"), "plain\ttext é");
        assert_eq!(visible("\u{1b}[31mred\u{7f}\u{9b}\u{202e}\n"), "␛[31mred␡��␊");
    }
}
