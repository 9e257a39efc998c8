//! What the API server checks in built-in kinds that no schema says.
//!
//! Source of the facts: `pkg/apis/*/validation` of the Go module `k8s.io/kubernetes` 1.36, and what the server answered. Each
//! check hangs on a definition (`core.v1.Container`), so that it holds wherever the definition is used.

mod admission;
mod autoscaler;
mod definition;
mod device;
mod downward;
mod endpoint;
mod event;
mod expression;
mod flow;
mod form;
mod job;
mod metadata;
mod node;
mod pod;
mod pod_host;
mod port;
mod quantity;
mod review;
mod table;
mod workload;

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::pointer::Pointer;
use super::violation::Violation;
use form::Form;

pub(super) use metadata::{Of, check as metadata, embedded, is_answered};

/// A check of one mapping.
type Check = fn(&Map<String, Value>, &Pointer, &mut Vec<Violation>);

/// What is known of one definition.
#[derive(Default)]
struct Rules {
    forms: Vec<(&'static str, Form)>,
    required: Vec<&'static str>,
    /// Fields that are either unset or say something: the server tells an empty text from none.
    not_blank: Vec<&'static str>,
    checks: Vec<Check>,
}

static RULES: LazyLock<HashMap<&'static str, Rules>> = LazyLock::new(|| {
    let mut rules: HashMap<_, Rules> = HashMap::new();
    for (definition, field, form) in table::forms() {
        rules.entry(*definition).or_default().forms.push((field, *form));
    }
    for (definition, field) in table::required() {
        rules.entry(*definition).or_default().required.push(field);
    }
    for (definition, field) in table::NOT_BLANK {
        rules.entry(*definition).or_default().not_blank.push(field);
    }
    let checks = [
        admission::CHECKS,
        autoscaler::CHECKS,
        definition::CHECKS,
        device::CHECKS,
        downward::CHECKS,
        endpoint::CHECKS,
        event::CHECKS,
        expression::CHECKS,
        flow::CHECKS,
        job::CHECKS,
        node::CHECKS,
        pod::CHECKS,
        pod_host::CHECKS,
        port::CHECKS,
        quantity::CHECKS,
        review::CHECKS,
        workload::CHECKS,
    ];
    for (definition, check) in checks.into_iter().flatten() {
        rules.entry(*definition).or_default().checks.push(*check);
    }
    rules
});

/// Fields whose content the server takes as it is: by definition and field.
const UNCHECKED: &[(&str, &str)] =
    &[("io.k8s.api.autoscaling.v2.MetricIdentifier", "selector"), ("io.k8s.api.batch.v1.JobTemplateSpec", "metadata")];

/// Whether the server looks into a field.
pub(super) fn looks_into(definition: &str, field: &str) -> bool {
    !UNCHECKED.contains(&(definition, field))
}

/// Everything that the server would say about one mapping, which is of this definition.
pub(super) fn check(definition: &str, fields: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let short = definition.strip_prefix("io.k8s.api.").or_else(|| definition.strip_prefix("io.k8s.apimachinery.pkg.apis."));
    let short = short.or_else(|| definition.strip_prefix("io.k8s.apiextensions-apiserver.pkg.apis."));
    let short = short.or_else(|| definition.strip_prefix("io.k8s.kube-aggregator.pkg.apis."));
    let Some(rules) = short.and_then(|short| RULES.get(short)) else { return };
    for (field, form) in &rules.forms {
        if let Some(value) = fields.get(*field) {
            form.check(value, &at.key(field), found);
        }
    }
    for field in &rules.required {
        if fields.get(*field).is_none_or(is_empty) {
            found.push(Violation::new("schema/required", &at.key(field), format!("`{field}` is required")));
        }
    }
    for field in &rules.not_blank {
        if fields.get(*field).and_then(Value::as_str) == Some("") {
            found.push(refuse(&at.key(field), "must not be empty").hint("leave the field out"));
        }
    }
    for check in &rules.checks {
        check(fields, at, found);
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The text of a field; empty where it is unset.
fn text<'a>(fields: &'a Map<String, Value>, field: &str) -> &'a str {
    fields.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The entries of a list; none where it is unset.
fn list<'a>(fields: &'a Map<String, Value>, field: &str) -> &'a [Value] {
    fields.get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A value that the server refuses.
fn refuse(at: &Pointer, message: impl Into<String>) -> Violation {
    Violation::new("schema/value", at, message)
}
