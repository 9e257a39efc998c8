//! Values that somebody gives. They come from a file, from stdin or from the terminal, never from the command line, which everybody on
//! the machine can read.

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::SecretEntry;
use crate::diag::{Error, Result};
use crate::secret::Plain;
use crate::ui::{self, Ui};

use super::listed;

/// Where a given value comes from.
#[derive(Debug, Args)]
pub(super) struct GivenArgs {
    /// Read the value from a file; `-` is stdin
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Leave out the line break at the end of that file
    #[arg(long, requires = "from")]
    trim: bool,
}

impl GivenArgs {
    pub(super) const fn is_some(&self) -> bool {
        self.from.is_some()
    }

    /// A file gives one value.
    pub(super) fn check(&self, names: &[String]) -> Result<()> {
        if self.is_some() && names.len() != 1 {
            return Err(Error::usage("`--from` gives the value of one secret").hint("name that secret"));
        }
        Ok(())
    }

    /// The value of the file.
    pub(super) fn read(&self, ui: &Ui, name: &str) -> Result<Option<Plain>> {
        let Some(path) = &self.from else { return Ok(None) };
        let unreadable = |cause: std::io::Error| Error::environment(format!("`{}` cannot be read", path.display())).caused_by(cause);
        let value = if path == Path::new("-") { Plain::read(std::io::stdin().lock()) } else { File::open(path).and_then(Plain::read) };
        let value = value.map_err(unreadable)?;
        if self.trim {
            return Ok(Some(value.without_last_break()));
        }
        if value.is_one_line() && value.bytes().ends_with(b"\n") {
            ui.hint(&format!("the line break at its end is part of the value of `{name}`; `--trim` leaves it out"));
        }
        Ok(Some(value))
    }

    /// The value of a secret that is given: of the file, or typed.
    pub(super) fn give(&self, ui: &Ui, secret: &SecretEntry) -> Result<Option<Plain>> {
        let name = &secret.name;
        if self.is_some() {
            return self.read(ui, name.as_str());
        }
        let Some(mut first) = ui::prompt_unseen(&format!("value of `{name}` (not shown)")) else { return Ok(None) };
        let second = ui::prompt_unseen("the same again").unwrap_or_default();
        if *first != *second {
            return Err(Error::usage(format!("the two values of `{name}` differ")).hint("nothing was changed; try again"));
        }
        Ok(Some(Plain::text(std::mem::take(&mut *first))))
    }
}

/// What to do about values that nobody gave.
pub(super) fn not_given(names: &[String], command: &str) -> Box<Error> {
    let example = names.first().map_or("NAME", String::as_str);
    let (what, whom) = if names.len() == 1 { ("the value of", "it") } else { ("values of", "them") };
    Error::usage(format!("{what} {} must be given, and there is no terminal to ask for {whom}", listed(names)))
        .hint(format!("`manifestgen secret {command} {example} --from FILE`; `--from -` reads stdin"))
}
