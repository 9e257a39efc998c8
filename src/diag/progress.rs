//! How long work tells that it is alive.

/// Receives the steps of a long piece of work. `ui/` shows them; the library never prints.
pub trait Progress: Send + Sync {
    /// A step began: `starting kube-apiserver`.
    fn step(&self, text: &str);
    /// `done` of `total` pieces of the current step are done.
    fn count(&self, done: usize, total: usize);
    /// A line that should stay on the screen.
    fn note(&self, text: &str);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn step(&self, _text: &str) {}
    fn count(&self, _done: usize, _total: usize) {}
    fn note(&self, _text: &str) {}
}
