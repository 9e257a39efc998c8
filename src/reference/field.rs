//! A value inside of an object, together with its place.

use std::fmt::Write as _;

use serde_json::Value;

use crate::manifest::Object;

/// Steps that a path can have. The deepest field that anything looks at, an item of a projected volume in a `CronJob`, has 13.
const DEPTH: usize = 14;

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// A value inside of an object, together with its place. It is `Copy`, and its pointer is only written when somebody asks for it.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// What stands there.
    pub value: &'a Value,
    steps: [Step<'a>; DEPTH],
    length: usize,
}

impl<'a> Field<'a> {
    /// The field of an object under a path of keys; none when the path is empty or leads nowhere.
    #[must_use]
    pub fn of(object: &'a Object, path: &[&'a str]) -> Option<Self> {
        let (first, rest) = path.split_first()?;
        let mut steps = [Step::Index(0); DEPTH];
        steps[0] = Step::Key(first);
        Self { value: object.fields_for(path.iter().copied()).get(*first)?, steps, length: 1 }.at(rest)
    }

    /// The field under a key.
    #[must_use]
    pub fn get(&self, key: &'a str) -> Option<Self> {
        Some(self.step(Step::Key(key), self.value.get(key)?))
    }

    /// The field under a path of keys; itself when the path is empty.
    #[must_use]
    pub fn at(&self, path: &[&'a str]) -> Option<Self> {
        path.iter().try_fold(*self, |field, key| field.get(key))
    }

    /// The entries of the list under a key; none when there is no list.
    pub fn list(&self, key: &'a str) -> impl Iterator<Item = Self> + use<'a> {
        let list = self.get(key);
        list.into_iter().flat_map(|list| list.items())
    }

    /// The entries of this list; none when it is no list.
    pub fn items(&self) -> impl Iterator<Item = Self> + use<'a> {
        let list = *self;
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(move |(index, item)| list.step(Step::Index(index), item))
    }

    /// The entries of this mapping; none when it is no mapping.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Self)> + use<'a> {
        let map = *self;
        self.value.as_object().into_iter().flatten().map(move |(key, value)| (key.as_str(), map.step(Step::Key(key), value)))
    }

    /// The text that stands here.
    #[must_use]
    pub fn as_str(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// The text under a key, where it is not empty.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str().filter(|text| !text.is_empty())
    }

    /// The boolean under a key; false when there is none.
    #[must_use]
    pub fn flag(&self, key: &str) -> bool {
        self.value.get(key).and_then(Value::as_bool).unwrap_or_default()
    }

    /// The integer under a key.
    #[must_use]
    pub fn integer(&self, key: &str) -> Option<i64> {
        self.value.get(key)?.as_i64()
    }

    /// The place, as a JSON pointer (RFC 6901).
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut out = String::with_capacity(self.length * 10);
        for step in &self.steps[..self.length] {
            out.push('/');
            match step {
                Step::Key(key) if key.contains(['~', '/']) => out.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Step::Key(key) => out.push_str(key),
                // Writing to a String does not fail.
                Step::Index(index) => _ = write!(out, "{index}"),
            }
        }
        out
    }

    fn step(&self, step: Step<'a>, value: &'a Value) -> Self {
        let mut next = Self { value, ..*self };
        // A path that is too deep to hold names its nearest parent, as findings do for what is missing.
        if let Some(slot) = next.steps.get_mut(self.length) {
            *slot = step;
            next.length += 1;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::source::ConfigPath;

    use super::*;

    #[test]
    fn a_path_becomes_a_pointer() {
        let resource = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"c": [{"a/b": "x"}]}});
        let object = Object::new("test", ConfigPath::root(), &resource).expect("an object");
        let spec = Field::of(&object, &["spec"]).expect("a spec");
        let entry = spec.list("c").next().expect("an entry");
        let field = entry.get("a/b").expect("a field");
        assert_eq!((field.as_str(), field.pointer().as_str()), (Some("x"), "/spec/c/0/a~1b"));
        assert_eq!(object.pointer(&field.pointer()), Some(field.value));
        assert!(Field::of(&object, &["spec", "d"]).is_none() && spec.list("d").next().is_none());
    }
}
