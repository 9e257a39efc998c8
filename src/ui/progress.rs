//! How long work is shown: a spinner on a terminal, nothing elsewhere.

use std::io::{self, Write};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::diag::Progress;

use super::terminal::clean;

/// A spinner with the current step on a terminal; elsewhere only what should stay.
#[derive(Debug)]
pub struct TerminalProgress {
    lines: bool,
    bar: ProgressBar,
    step: Mutex<String>,
}

impl TerminalProgress {
    pub(super) fn new(visible: bool, terminal: bool) -> Self {
        let bar = if visible && terminal {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { lines: visible && !terminal, bar, step: Mutex::default() }
    }
}

impl Progress for TerminalProgress {
    fn step(&self, text: &str) {
        let text = clean(text).into_owned();
        self.bar.set_message(text.clone());
        if let Ok(mut step) = self.step.lock() {
            *step = text;
        }
    }

    fn count(&self, done: usize, total: usize) {
        if let Ok(step) = self.step.lock() {
            self.bar.set_message(format!("{step} {done}/{total}"));
        }
    }

    fn note(&self, text: &str) {
        let text = clean(text).into_owned();
        if self.lines {
            let _ = writeln!(io::stderr(), "{text}");
        } else {
            self.bar.suspend(|| {
                let _ = writeln!(io::stderr(), "{text}");
            });
        }
    }
}

impl Drop for TerminalProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
