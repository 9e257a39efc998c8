//! Autoscalers.
//!
//! Source: `pkg/apis/autoscaling/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::scalar::integer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::quantity::is_standard_container_resource;
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("autoscaling.v2.HorizontalPodAutoscalerSpec", spec),
    ("autoscaling.v1.HorizontalPodAutoscalerSpec", spec),
    ("autoscaling.v2.MetricSpec", metric),
    ("autoscaling.v2.HPAScalingRules", policies),
    ("autoscaling.v2.ObjectMetricSource", value_or_average),
    ("autoscaling.v2.ExternalMetricSource", value_or_average),
    ("autoscaling.v2.ExternalMetricSource", not_both),
    ("autoscaling.v2.PodsMetricSource", average),
    ("autoscaling.v2.ResourceMetricSource", utilization_or_average),
    ("autoscaling.v2.ContainerResourceMetricSource", utilization_or_average),
    ("autoscaling.v2.ContainerResourceMetricSource", resource_name),
    ("autoscaling.v2.ObjectMetricSource", described),
];

const SOURCES: [(&str, &str); 5] = [
    ("Object", "object"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("External", "external"),
    ("ContainerResource", "containerResource"),
];

fn spec(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let number = |field: &str| spec.get(field).and_then(integer);
    let least = number("minReplicas");
    if least.zip(number("maxReplicas")).is_some_and(|(least, most)| least > most) {
        found.push(refuse(&at.key("maxReplicas"), "must not be less than `minReplicas`"));
    }
    // With the feature gate HPAScaleToZero it may be 0 where a metric of the type Object or External says when to wake up (KEP-2021).
    // Which gates a server has cannot be known here.
    let wakes = list(spec, "metrics").iter().any(|metric| matches!(metric["type"].as_str(), Some("Object" | "External")));
    if least == Some(0) && !wakes {
        found.push(refuse(&at.key("minReplicas"), "must be at least 1"));
    }
    if let Some(Value::Object(target)) = spec.get("scaleTargetRef") {
        let version = text(target, "apiVersion");
        let here = at.key("scaleTargetRef");
        if target.get("apiVersion").is_none_or(|version| version.is_string() || version.is_null()) && version.split('/').count() != 2 {
            found.push(refuse(&here.key("apiVersion"), format!("`{version}` is not of the form `group/version`")));
        } else if version.starts_with('/') {
            found.push(refuse(&here.key("apiVersion"), "must have a group"));
        }
    }
}

fn described(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if let Some(version) = source.get("describedObject").and_then(|object| object["apiVersion"].as_str())
        && version.split('/').count() > 2
    {
        found.push(refuse(&at.key("describedObject").key("apiVersion"), format!("`{version}` is not of the form `group/version`")));
    }
}

fn metric(metric: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let set = |field: &str| metric.get(field).is_some_and(|value| !value.is_null());
    let Some((kind, wanted)) = SOURCES.iter().find(|(kind, _)| *kind == text(metric, "type")) else { return };
    if !set(wanted) {
        found.push(Violation::new("schema/required", &at.key(wanted), format!("`{wanted}` is required for `type: {kind}`")));
    }
    for (_, field) in SOURCES.iter().filter(|(_, field)| field != wanted && set(field)) {
        found.push(refuse(&at.key(field), format!("must not be set for `type: {kind}`")));
    }
}

fn policies(rules: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    // Left out, the policies of the default hold; with any other field set they are needed (`SetDefaults` fills in only what is null).
    if rules.get("policies").is_some_and(|policies| policies.as_array().is_some_and(Vec::is_empty)) {
        found.push(Violation::new("schema/required", &at.key("policies"), "needs a policy"));
    }
}

fn target(source: &Map<String, Value>) -> Option<&Map<String, Value>> {
    source.get("target").and_then(Value::as_object)
}

fn set(target: &Map<String, Value>, field: &str) -> bool {
    target.get(field).is_some_and(|value| !value.is_null())
}

fn need(source: &Map<String, Value>, fields: &[&str], at: &Pointer, found: &mut Vec<Violation>) {
    if let Some(target) = target(source)
        && !fields.iter().any(|field| set(target, field))
    {
        found.push(Violation::new("schema/required", &at.key("target"), format!("needs `{}`", fields.join("` or `"))));
    }
}

fn value_or_average(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    need(source, &["value", "averageValue"], at, found);
}

fn average(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    need(source, &["averageValue"], at, found);
}

fn not_both(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if target(source).is_some_and(|target| set(target, "value") && set(target, "averageValue")) {
        found.push(refuse(&at.key("target"), "`value` and `averageValue` exclude each other"));
    }
}

fn utilization_or_average(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    need(source, &["averageUtilization", "averageValue"], at, found);
    if target(source).is_some_and(|target| set(target, "averageUtilization") && set(target, "averageValue")) {
        found.push(refuse(&at.key("target"), "`averageUtilization` and `averageValue` exclude each other"));
    }
}

fn resource_name(source: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let name = text(source, "name");
    Form::QualifiedName.check(&Value::from(name), &at.key("name"), found);
    if !source.get("name").is_none_or(is_empty)
        && source["name"].is_string()
        && !name.contains('/')
        && !is_standard_container_resource(name)
    {
        found.push(refuse(&at.key("name"), format!("`{name}` is neither a standard resource nor has it a domain")));
    }
}
