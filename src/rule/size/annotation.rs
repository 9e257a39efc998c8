//! Whether `kubectl apply` can note an object.

use std::io;

use crate::manifest::Object;
use crate::reference::Field;
use crate::rule::{Level, Rule};

/// apimachinery `pkg/api/validation/objectmeta.go`: `TotalAnnotationSizeLimitB`, keys and values together.
const LIMIT: usize = 256 << 10;
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(in crate::rule) const RULE: Rule = Rule {
    id: "size/annotation",
    level: Level::Warn,
    summary: "an object that is too big for client-side apply",
    why: "`kubectl apply` writes the whole object into an annotation, and annotations may come to 262,144 bytes together. Beyond that only server-side apply works \
        (`kubectl apply --server-side`, Argo CD's sync option `ServerSideApply=true`). It mostly hits CustomResourceDefinitions with descriptions. What manifestgen \
        applies itself always is server-side, so that nothing is said about it.",
    bad: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: files, namespace: shop}
data:
  catalogue.json: '<260 KiB>'
",
    good: r"
apiVersion: v1
kind: ConfigMap
metadata: {name: files, namespace: shop}
data:
  catalogue.json: '<250 KiB>'
",
    check: |context, report| {
        if context.input.server_side_apply {
            return;
        }
        for (number, object) in context.objects.iter().enumerate() {
            let annotations = Field::of(object, &["metadata", "annotations"]);
            let others: usize = annotations
                .into_iter()
                .flat_map(|annotations| annotations.entries())
                .filter(|(key, _)| *key != LAST_APPLIED)
                .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
                .sum();
            // kubectl ends the text with a line break.
            let total = others + LAST_APPLIED.len() + json_length(object) + 1;
            if total > LIMIT && !super::content::is_too_large(object) {
                let message = format!("client-side apply would need {total} bytes of annotations; {LIMIT} are allowed");
                report.add(number, "/metadata/name", message, "apply it with `kubectl apply --server-side`");
            }
        }
    },
};

/// The length of an object as compact JSON.
fn json_length(object: &Object) -> usize {
    struct Counter(usize);
    impl io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Counting does not fail, and an object is a mapping of JSON values.
    let _ = serde_json::to_writer(&mut counter, object);
    counter.0
}
