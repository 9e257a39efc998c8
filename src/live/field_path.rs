//! How the API server names fields, turned into JSON pointers (RFC 6901).
//!
//! Two notations. `field.Path` of validation: `spec.ports[0].name`, `metadata.labels[app.kubernetes.io/name]`. And structured-merge-diff's of
//! typed patches: `.spec.containers[name="c"].ports[containerPort=80,protocol="TCP"]`, `.finalizers[="a"]`, where a key of a map is
//! written like a field, dots and all. Only the object itself tells where such a key ends.

use serde_json::Value;

/// The pointer of a field of this object. The field need not be there. None when the text names the object as a whole.
pub(super) fn pointer(path: &str, object: &Value) -> Option<String> {
    let mut rest = path.trim();
    if matches!(rest, "" | "." | "<nil>" | "null" | "[]") {
        return None;
    }
    let mut place = Place { pointer: String::new(), value: Some(object) };
    while !rest.is_empty() {
        rest = match rest.strip_prefix('[') {
            Some(inside) => {
                let end = closing(inside)?;
                place.enter_bracket(&inside[..end])?;
                &inside[end + 1..]
            }
            None => place.enter_name(rest.strip_prefix('.').unwrap_or(rest))?,
        };
    }
    Some(place.pointer)
}

struct Place<'a> {
    pointer: String,
    /// None below what the object has.
    value: Option<&'a Value>,
}

impl Place<'_> {
    fn push(&mut self, token: &str) {
        self.pointer.push('/');
        self.pointer.push_str(&token.replace('~', "~0").replace('/', "~1"));
        self.value = self.value.and_then(|value| match value {
            Value::Object(fields) => fields.get(token),
            Value::Array(items) => token.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        });
    }

    /// Takes the name that the text begins with: the longest key that is there, else what stands before the next sign.
    fn enter_name<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let known = self.value.and_then(Value::as_object).and_then(|fields| {
            let fits = |key: &&String| text.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
            fields.keys().filter(fits).map(String::len).max()
        });
        let end = known.unwrap_or_else(|| text.find(['.', '[']).unwrap_or(text.len()));
        if end == 0 {
            return None;
        }
        self.push(&text[..end]);
        Some(&text[end..])
    }

    fn enter_bracket(&mut self, inside: &str) -> Option<()> {
        let token = match self.value {
            Some(Value::Array(items)) if inside.parse::<usize>().is_err() => find_item(items, inside)?.to_string(),
            _ => inside.trim_matches('"').to_owned(),
        };
        self.push(&token);
        Some(())
    }
}

/// The place of a list entry named by its content. Of several the last, since the later one is the duplicate.
fn find_item(items: &[Value], selector: &str) -> Option<usize> {
    if let Some(value) = selector.strip_prefix('=') {
        let value: Value = serde_json::from_str(value).ok()?;
        return items.iter().rposition(|item| *item == value);
    }
    let keys = split_keys(selector)?;
    // A key that the object leaves to its default is not there, like `protocol`.
    let fits = |item: &Value| keys.iter().all(|(key, value)| item.get(key).is_none_or(|own| own == value));
    let exact = |item: &Value| keys.iter().all(|(key, value)| item.get(key) == Some(value));
    items.iter().rposition(exact).or_else(|| items.iter().rposition(fits))
}

/// `name="a,b",port=80`.
fn split_keys(selector: &str) -> Option<Vec<(&str, Value)>> {
    let mut keys = Vec::new();
    let mut rest = selector;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let mut values = serde_json::Deserializer::from_str(after).into_iter::<Value>();
        let value = values.next()?.ok()?;
        keys.push((key, value));
        rest = after[values.byte_offset()..].trim_start_matches(',');
    }
    Some(keys)
}

/// Where the bracket closes, strings in quotes passed over.
fn closing(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b']' if !quoted => return Some(at),
            _ => {}
        }
    }
    // A map key with an odd quote in it.
    text.find(']')
}

/// Removes a field of a mapping. False when the pointer leads elsewhere.
pub(super) fn remove(object: &mut Value, pointer: &str) -> bool {
    let Some((parent, key)) = pointer.rsplit_once('/') else { return false };
    let key = key.replace("~1", "/").replace("~0", "~");
    object.pointer_mut(parent).and_then(Value::as_object_mut).is_some_and(|fields| fields.shift_remove(&key).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(path: &str, object: &Value, expected: &str) {
        assert_eq!(pointer(path, object).as_deref(), Some(expected), "{path}");
    }

    #[test]
    fn validation_paths() {
        let object = json!({"spec": {"ports": [{"name": "a"}]}, "metadata": {"labels": {"a.b/c": "d"}}});
        check("spec.ports[0].nodePort", &object, "/spec/ports/0/nodePort");
        check("spec.selector.matchLabels", &object, "/spec/selector/matchLabels");
        check("metadata.labels[a.b/c]", &object, "/metadata/labels/a.b~1c");
        check("data[bad key!]", &object, "/data/bad key!");
        check("spec.rules[2].host", &object, "/spec/rules/2/host");
    }

    #[test]
    fn typed_patch_paths() {
        let object = json!({"spec": {"containers": [
            {"name": "a"},
            {"name": "c]", "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}], "args": ["x", "y"]},
        ]}, "metadata": {"labels": {"app.kubernetes.io/name": 5, "app": {}}}});
        check(r#".spec.containers[name="c]"].prots"#, &object, "/spec/containers/1/prots");
        check(r#".spec.containers[name="c]"].ports[containerPort=80,protocol="TCP"].x"#, &object, "/spec/containers/1/ports/0/x");
        check(r#".spec.containers[name="c]"].ports[containerPort=80,protocol="UDP"]"#, &object, "/spec/containers/1/ports/1");
        check(r#".spec.containers[name="c]"].args[="y"]"#, &object, "/spec/containers/1/args/1");
        check(".metadata.labels.app.kubernetes.io/name", &object, "/metadata/labels/app.kubernetes.io~1name");
    }

    #[test]
    fn the_object_as_a_whole_has_no_pointer() {
        for path in ["", "<nil>", "[]", "."] {
            assert_eq!(pointer(path, &json!({})), None, "{path}");
        }
        assert_eq!(pointer(".a[", &json!({})), None);
        assert_eq!(pointer("a..b", &json!({})), None);
    }

    #[test]
    fn removal_takes_fields_only() {
        let mut object = json!({"a": {"x/y": 1}, "b": [1]});
        assert!(remove(&mut object, "/a/x~1y"));
        assert!(!remove(&mut object, "/a/x~1y"));
        assert!(!remove(&mut object, "/b/0"));
        assert_eq!(object, json!({"a": {}, "b": [1]}));
    }
}
