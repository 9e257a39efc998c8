//! How much a `ConfigMap` or Secret holds.

use serde_json::Value;

use crate::manifest::Object;
use crate::reference::Field;
use crate::rule::{Level, Rule};

/// kubernetes `pkg/apis/core/types.go`: `MaxSecretSize`, which counts for `ConfigMaps` too; keys are not counted.
const LIMIT: usize = 1 << 20;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "size/content",
    level: Level::Deny,
    summary: "a ConfigMap or Secret above 1 MiB",
    why: "The API server refuses a ConfigMap or Secret whose values come to more than 1,048,576 bytes together, Base64 taken off. Files of that size belong on a volume or into an image.",
    bad: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: files, namespace: shop}
data:
  catalogue.json: '<1025 KiB>'
",
    good: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: files, namespace: shop}
data:
  catalogue.json: '<100 KiB>'
",
    check: |context, report| {
        for (number, object) in context.objects.iter().enumerate().filter(|(_, object)| object.group().is_empty()) {
            let sizes = sizes(object);
            let total: usize = sizes.iter().map(|(_, size)| size).sum();
            if let Some((largest, _)) = sizes.into_iter().max_by_key(|(_, size)| *size).filter(|_| total > LIMIT) {
                let message = format!("{} `{}` holds {total} bytes; {LIMIT} are allowed", object.kind(), object.name());
                report.add(number, largest.pointer(), message, "split it up, or put large files on a volume");
            }
        }
    },
};

/// Whether no client can apply an object, because the API server takes no such content.
pub(super) fn is_too_large(object: &Object) -> bool {
    object.group().is_empty() && sizes(object).iter().map(|(_, size)| size).sum::<usize>() > LIMIT
}

/// The values of a `ConfigMap` or Secret and their bytes.
fn sizes(object: &Object) -> Vec<(Field<'_>, usize)> {
    let fields = match object.kind() {
        "ConfigMap" => [("data", false), ("binaryData", true)],
        "Secret" => [("stringData", false), ("data", true)],
        _ => return Vec::new(),
    };
    let values = fields.into_iter().filter_map(|(key, encoded)| Some((Field::of(object, &[key])?, encoded)));
    values.flat_map(|(map, encoded)| map.entries().map(move |(_, value)| (value, size(value.value, encoded)))).collect()
}

/// The bytes of a value, without decoding it.
fn size(value: &Value, encoded: bool) -> usize {
    let text = value.as_str().unwrap_or_default();
    if !encoded {
        return text.len();
    }
    text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count() * 3 / 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_taken_off() {
        assert_eq!(["", "YQ==", "YWI=", "YWJj", "YWJj\nYQ=="].map(|text| size(&text.into(), true)), [0, 1, 2, 3, 4]);
        assert_eq!(size(&"é".into(), false), 2);
    }
}
