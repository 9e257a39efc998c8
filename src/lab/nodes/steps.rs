//! What a piece of work consists of, and how long each took.

use std::time::Instant;

use crate::diag::Progress;

/// A step that is done.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What was done.
    pub name: String,
    /// How long it took.
    pub seconds: f64,
}

/// Tells steps as they begin and writes down how long they took.
pub(in crate::lab) struct Steps<'a> {
    progress: &'a dyn Progress,
    done: Vec<Step>,
    current: Option<(String, Instant)>,
}

impl<'a> Steps<'a> {
    pub(in crate::lab) fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, done: Vec::new(), current: None }
    }

    /// Begins a step, which ends the one before.
    pub(in crate::lab) fn begin(&mut self, name: &str) {
        self.end();
        self.progress.step(name);
        self.current = Some((name.to_owned(), Instant::now()));
    }

    pub(in crate::lab) fn finish(mut self) -> Vec<Step> {
        self.end();
        self.done
    }

    fn end(&mut self) {
        if let Some((name, began)) = self.current.take() {
            let step = Step { name, seconds: began.elapsed().as_secs_f64() };
            self.progress.note(&format!("{:6.1} s  {}", step.seconds, step.name));
            self.done.push(step);
        }
    }
}
