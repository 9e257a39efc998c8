//! Events, of both groups: they are the same objects inside the server.
//!
//! Source: `pkg/apis/core/validation/events.go` of the Go module `k8s.io/kubernetes` 1.36.

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::is_qualified_name;
use super::{Check, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[("core.v1.Event", core), ("events.v1.Event", newer)];

/// What a group calls the fields.
struct Names {
    object: &'static str,
    reporter: &'static str,
    message: &'static str,
}

fn core(event: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    both(event, &Names { object: "involvedObject", reporter: "reportingComponent", message: "message" }, at, found);
}

fn newer(event: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    both(event, &Names { object: "regarding", reporter: "reportingController", message: "note" }, at, found);
    if is_unset(event, "eventTime") {
        found.push(Violation::new("schema/required", &at.key("eventTime"), "`eventTime` is required"));
    }
    if event.get("type").is_none_or(|kind| kind.is_null() || kind.as_str().is_some_and(|kind| !matches!(kind, "Normal" | "Warning"))) {
        found.push(refuse(&at.key("type"), "must be `Normal` or `Warning`"));
    }
    for field in ["deprecatedFirstTimestamp", "deprecatedLastTimestamp", "deprecatedCount"] {
        if !is_unset(event, field) {
            found.push(refuse(&at.key(field), "must not be set"));
        }
    }
    if let Some(Value::Object(source)) = event.get("deprecatedSource")
        && (!text(source, "component").is_empty() || !text(source, "host").is_empty())
    {
        found.push(refuse(&at.key("deprecatedSource"), "must not be set"));
    }
    if let Some(Value::Object(series)) = event.get("series") {
        let here = at.key("series");
        if series.get("count").is_none_or(|count| count.is_null() || count.as_f64().is_some_and(|count| count < 2.0)) {
            found.push(refuse(&here.key("count"), "must be at least 2"));
        }
        if is_unset(series, "lastObservedTime") {
            found.push(Violation::new("schema/required", &here.key("lastObservedTime"), "`lastObservedTime` is required"));
        }
    }
}

fn is_unset(fields: &Map<String, Value>, field: &str) -> bool {
    fields.get(field).is_none_or(|value| value.is_null() || value.as_str() == Some("") || value.as_f64() == Some(0.0))
}

fn both(event: &Map<String, Value>, names: &Names, at: &Pointer, found: &mut Vec<Violation>) {
    let none = Map::new();
    let inner = |field: &str| event.get(field).and_then(Value::as_object).unwrap_or(&none);
    let own = match text(inner("metadata"), "namespace") {
        "" => "default",
        namespace => namespace,
    };
    let other = text(inner(names.object), "namespace");
    let namespace_at = at.key(names.object);
    let is_new = !is_unset(event, "eventTime");
    let fits = if other.is_empty() { own == "default" || (is_new && own == "kube-system") } else { is_new || other == own };
    let readable = inner(names.object).get("namespace").is_none_or(|namespace| namespace.is_string() || namespace.is_null());
    if !fits && readable {
        found.push(refuse(&namespace_at.key("namespace"), format!("must be `{own}`, the namespace of the event")));
    }
    if !is_new {
        return;
    }
    for (field, most) in [(names.reporter, None), ("reportingInstance", Some(128)), ("action", Some(128)), ("reason", Some(128))] {
        if is_unset(event, field) {
            found.push(Violation::new("schema/required", &at.key(field), format!("`{field}` is required where there is `eventTime`")));
        } else if most.is_some_and(|most| text(event, field).len() > most) {
            found.push(refuse(&at.key(field), "must have at most 128 characters"));
        }
    }
    let reporter = text(event, names.reporter);
    if !reporter.is_empty() && !is_qualified_name(reporter) {
        found.push(refuse(&at.key(names.reporter), format!("`{reporter}` is no qualified name like `example.com/name`")));
    }
    if text(event, names.message).len() > 1024 {
        found.push(refuse(&at.key(names.message), "must have at most 1024 characters"));
    }
}
