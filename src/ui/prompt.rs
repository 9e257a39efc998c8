//! Questions, at the terminal alone.

use std::io::{self, BufRead, IsTerminal, Write};

use zeroize::Zeroizing;

use super::terminal;

/// Asks for something that is typed unseen. None without a terminal, and when nothing was typed.
#[must_use]
pub fn prompt_unseen(what: &str) -> Option<Zeroizing<String>> {
    if !io::stdin().is_terminal() {
        return None;
    }
    let typed = rpassword::prompt_password(format!("{}: ", terminal::clean(what).trim_end_matches([':', ' ']))).ok()?;
    Some(Zeroizing::new(typed)).filter(|typed| !typed.is_empty())
}

/// Asks for a line. None without a terminal.
#[must_use]
pub fn prompt_line(what: &str) -> Option<String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "{}: ", terminal::clean(what).trim_end_matches([':', ' '])).and_then(|()| stderr.flush()).ok()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).ok()?;
    Some(line.trim_end_matches(['\r', '\n']).to_owned())
}
