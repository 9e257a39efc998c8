//! `spec.versions` of a `CustomResourceDefinition`, written beforehand.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

/// Where the versions stand.
const PATH: [&str; 2] = ["spec", "versions"];

/// The versions of a definition that is part of the program. Three of them are three quarters of a release with Argo CD: their text is
/// written when the data is made, and their value is read only where somebody asks for it.
#[derive(Clone)]
pub struct Versions {
    text: &'static str,
    read: Arc<dyn Fn() -> Value + Send + Sync>,
    /// All fields of the object, once somebody has asked.
    whole: OnceLock<Map<String, Value>>,
}

impl Versions {
    /// Takes the lines of `versions` as they stand at the end of `spec`, with their indentation, and what reads their value.
    #[must_use]
    pub fn new(text: &'static str, read: impl Fn() -> Value + Send + Sync + 'static) -> Self {
        Self { text, read: Arc::new(read), whole: OnceLock::new() }
    }

    pub(super) const fn text(&self) -> &'static str {
        self.text
    }

    /// Whether a path of keys leads to the versions, or to something that holds them.
    pub(super) fn are_at<'a>(path: impl IntoIterator<Item = &'a str>) -> bool {
        path.into_iter().zip(PATH).all(|(key, own)| key == own)
    }

    /// All fields of the object that begins with these.
    pub(super) fn whole(&self, beginning: &Map<String, Value>) -> &Map<String, Value> {
        self.whole.get_or_init(|| {
            let mut whole = beginning.clone();
            if let Some(Value::Object(spec)) = whole.get_mut(PATH[0]) {
                spec.insert(PATH[1].to_owned(), (self.read)());
            }
            whole
        })
    }

    /// The object begins with other fields now.
    pub(super) fn forget_whole(&mut self) {
        self.whole.take();
    }
}

impl fmt::Debug for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Versions").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}
