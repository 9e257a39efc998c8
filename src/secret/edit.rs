//! Changing a value in an editor.

use std::path::Path;

use super::session::File;
use super::volatile::VolatileFile;
use super::{Plain, Session};
use crate::config::SecretEntry;
use crate::diag::{Error, Result};

/// How an edit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edited {
    /// There is a new value.
    Changed,
    /// The value is what it was.
    Unchanged,
}

/// Lets the user change the value of a secret, or give the first one. `editor` opens the file at a path and returns when it is done.
///
/// The file lies in memory and is wiped afterwards. When the editor fails, the value stays what it was.
///
/// # Errors
/// Those of the editor; usage, for an empty value; environment, when there is no folder in memory.
pub fn edit(session: &mut Session<'_>, name: &str, editor: &mut dyn FnMut(&Path) -> Result<()>) -> Result<Edited> {
    let secret = session.chosen(&[name.to_owned()])?[0];
    let before = match session.file(secret)? {
        File::Missing => None,
        _ => Some(session.value(secret)?),
    };
    let file = VolatileFile::new(secret.name.as_str(), before.as_ref().unwrap_or(&Plain::new(Vec::new())))?;
    editor(file.path())?;
    let after = as_meant(before.as_ref(), file.read()?);
    drop(file);
    replace(session, secret, before.as_ref(), &after)
}

/// Takes a value that was given in another way than by the editor.
///
/// # Errors
/// As [`edit`].
pub fn set(session: &mut Session<'_>, name: &str, value: &Plain) -> Result<Edited> {
    let secret = session.chosen(&[name.to_owned()])?[0];
    let before = match session.file(secret)? {
        File::Missing => None,
        _ => Some(session.value(secret)?),
    };
    replace(session, secret, before.as_ref(), value)
}

fn replace(session: &mut Session<'_>, secret: &SecretEntry, before: Option<&Plain>, after: &Plain) -> Result<Edited> {
    if before == Some(after) {
        return Ok(Edited::Unchanged);
    }
    if after.bytes().is_empty() {
        return Err(Error::usage(format!("the value of `{}` is empty", secret.name)).hint("the secret was not changed"));
    }
    session.put(secret, after, true)?;
    Ok(Edited::Changed)
}

/// Editors end a text with a line break, whether it had one or not.
fn as_meant(before: Option<&Plain>, after: Plain) -> Plain {
    let had_break = before.is_some_and(|before| before.bytes().ends_with(b"\n"));
    match before {
        Some(_) if had_break => after,
        Some(_) => after.without_last_break(),
        // A first value of one line is a password or token; of several, a file.
        None if after.is_one_line() => after.without_last_break(),
        None => after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_break_of_the_editor_is_no_part_of_a_value_that_had_none() {
        let plain = |text: &str| Plain::text(text.to_owned());
        assert_eq!(as_meant(Some(&plain("a")), plain("b\n")), plain("b"));
        assert_eq!(as_meant(Some(&plain("a\n")), plain("b\n")), plain("b\n"));
        assert_eq!(as_meant(None, plain("token\n")), plain("token"));
        assert_eq!(as_meant(None, plain("two\nlines\n")), plain("two\nlines\n"));
    }
}
