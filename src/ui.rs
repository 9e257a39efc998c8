//! The one place that prints: data on stdout, talk on stderr.
//!
//! Style of the talk: lower case, no final period, names in backticks, understandable without colour.

mod findings;
mod progress;
mod prompt;
mod styled;
mod terminal;

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects, Style};

use crate::diag::{Error, Finding};

pub use progress::TerminalProgress;
pub use prompt::{prompt_line, prompt_unseen};
pub use styled::{StyledLine, Tone};

/// When to use colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a command talks to its user.
#[derive(Debug, Clone)]
pub struct Ui {
    stdout: ColorChoice,
    stderr: ColorChoice,
    quiet: bool,
}

const ERROR: Style = AnsiColor::Red.on_default().effects(Effects::BOLD);
const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
const HINT: Style = AnsiColor::Cyan.on_default().effects(Effects::BOLD);

impl Ui {
    /// Settles colour once for the run.
    #[must_use]
    pub fn new(color: Color, quiet: bool) -> Self {
        let stderr = match color {
            Color::Auto => AutoStream::choice(&io::stderr()),
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        Self { stdout: styled::choice(color), stderr, quiet }
    }

    /// Writes data to stdout. A reader that closed the pipe has had enough: that is no error.
    ///
    /// # Errors
    /// When stdout cannot be written for another reason, such as a full disk.
    pub fn data(&self, text: &str) -> crate::diag::Result<()> {
        let mut stdout = io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::environment("stdout cannot be written").caused_by(error)),
            _ => Ok(()),
        }
    }

    /// One line of news. `--quiet` leaves it out.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(&terminal::clean(text));
        }
    }

    /// A warning that has no place in a file.
    pub fn warning(&self, text: &str) {
        self.say(&format!("{WARNING}warning{WARNING:#}: {}", terminal::clean(text)));
    }

    /// A way out or a next step.
    pub fn hint(&self, text: &str) {
        self.say(&format!("{HINT}hint{HINT:#}: {}", terminal::clean(text)));
    }

    /// Why the command failed: findings first, then the message, its causes and its ways out.
    pub fn error(&self, error: &Error) {
        self.findings(&error.findings);
        self.say(&format!("{ERROR}error{ERROR:#}: {}", terminal::clean(&error.message)));
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            self.say(&format!("  caused by: {}", terminal::clean(&error.to_string())));
            cause = error.source();
        }
        let mut said: Vec<&str> = Vec::new();
        for hint in &error.hints {
            if !said.contains(&hint.as_str()) {
                self.hint(hint);
                said.push(hint);
            }
        }
    }

    /// Findings as text, each with its source line and a caret.
    pub fn findings(&self, findings: &[Finding]) {
        for finding in findings {
            self.say(&findings::to_text(finding, self.colored()));
        }
    }

    /// Shows long work: a spinner on a terminal, nothing elsewhere or with `--quiet`.
    #[must_use]
    pub fn progress(&self) -> TerminalProgress {
        TerminalProgress::new(!self.quiet, io::stderr().is_terminal())
    }

    fn colored(&self) -> bool {
        !matches!(self.stderr, ColorChoice::Never)
    }

    /// Nobody is left to tell when stderr itself is gone.
    fn say(&self, text: &str) {
        let mut stderr = AutoStream::new(io::stderr().lock(), self.stderr);
        let _ = writeln!(stderr, "{text}");
    }
}
