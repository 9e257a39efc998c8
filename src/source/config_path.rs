//! The path of a value in the config: `headscale.storage.size`, `nodes[0].name`.

use std::fmt;

/// One step into a mapping or a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// The key of a mapping.
    Key(String),
    /// The zero-based place in a list.
    Index(usize),
}

/// Steps from the root of the config to one value. The empty path is the whole config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigPath(Vec<Segment>);

impl ConfigPath {
    /// The whole config.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// A path of keys: `ConfigPath::of(["headscale", "storage"])`.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self(keys.into_iter().map(|key| Segment::Key(key.to_owned())).collect())
    }

    /// This path and one key more.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.with(Segment::Key(key.into()))
    }

    /// This path and one list place more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = Vec::with_capacity(self.0.len() + 1);
        segments.extend_from_slice(&self.0);
        segments.push(segment);
        Self(segments)
    }

    /// The steps, outermost first.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The path without its last step; none for the root.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }

    /// From a JSON pointer (RFC 6901); a step of digits is taken as a list place.
    #[must_use]
    pub fn from_pointer(pointer: &str) -> Self {
        let steps = pointer.split('/').skip(1).map(|step| {
            let step = step.replace("~1", "/").replace("~0", "~");
            step.parse().map_or(Segment::Key(step), Segment::Index)
        });
        Self(steps.collect())
    }
}

impl FromIterator<Segment> for ConfigPath {
    fn from_iter<T: IntoIterator<Item = Segment>>(segments: T) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for ConfigPath {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(out, "[{index}]")?,
                Segment::Key(key) => {
                    if at > 0 {
                        out.write_str(".")?;
                    }
                    let plain = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
                    if plain { out.write_str(key)? } else { write!(out, "{key:?}")? }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_quotes_keys_that_hold_dots() {
        let path = ConfigPath::of(["nodes"]).index(2).key("labels").key("a.b/c");
        assert_eq!(path.to_string(), "nodes[2].labels.\"a.b/c\"");
    }

    #[test]
    fn pointers_are_unescaped() {
        assert_eq!(ConfigPath::from_pointer("/a~1b/0/c~0d").to_string(), "\"a/b\"[0].\"c~d\"");
    }
}
