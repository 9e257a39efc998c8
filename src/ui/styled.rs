//! Lines of data with a meaning that colour shows.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Effects, Style};

use crate::diag::{Error, Result};

use super::Ui;
use super::terminal::clean;

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Something comes.
    Added,
    /// Something goes.
    Removed,
    /// Something becomes different.
    Changed,
    /// Something is wrong.
    Bad,
    /// It is there for completeness.
    Faint,
}

/// A line of data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StyledLine {
    /// What it means.
    pub tone: Tone,
    /// Its text; understandable without colour.
    pub text: String,
}

impl StyledLine {
    /// A line.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { tone, text: text.into() }
    }
}

const fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Added => AnsiColor::Green.on_default(),
        Tone::Removed => AnsiColor::Red.on_default(),
        Tone::Changed => AnsiColor::Yellow.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().effects(Effects::BOLD),
        Tone::Faint => Style::new().effects(Effects::DIMMED),
    }
}

impl Ui {
    /// Writes lines to stdout, coloured where stdout is a terminal or colour is asked for.
    ///
    /// # Errors
    /// As [`Ui::data`].
    pub fn lines(&self, lines: &[StyledLine]) -> Result<()> {
        let mut stdout = AutoStream::new(io::stdout().lock(), self.stdout);
        let mut write = || {
            for line in lines {
                let style = style(line.tone);
                writeln!(stdout, "{style}{}{style:#}", clean(&line.text))?;
            }
            stdout.flush()
        };
        match write() {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::environment("stdout cannot be written").caused_by(error)),
            _ => Ok(()),
        }
    }

    /// Asks a question that is answered with `y` or anything else. None where nobody can answer.
    #[must_use]
    pub fn confirm(&self, question: &str) -> Option<bool> {
        if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
            return None;
        }
        let mut stderr = AutoStream::new(io::stderr().lock(), self.stderr);
        let _ = write!(stderr, "{} [y/N] ", clean(question)).and_then(|()| stderr.flush());
        let mut answer = String::new();
        // A terminal that hung up says no.
        let _ = io::stdin().read_line(&mut answer);
        Some(matches!(answer.trim(), "y" | "Y" | "yes"))
    }
}

/// The choice for stdout.
pub(super) fn choice(color: super::Color) -> ColorChoice {
    match color {
        super::Color::Auto => AutoStream::choice(&io::stdout()),
        super::Color::Always => ColorChoice::Always,
        super::Color::Never => ColorChoice::Never,
    }
}
