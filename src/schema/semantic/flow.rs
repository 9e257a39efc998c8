//! Flow control.
//!
//! Source: `pkg/apis/flowcontrol/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::violation::Violation;

use super::form::Form;
use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("flowcontrol.v1.FlowSchema", schema),
    ("flowcontrol.v1.PolicyRulesWithSubjects", rules),
    ("flowcontrol.v1.Subject", subject),
    ("flowcontrol.v1.ServiceAccountSubject", account),
    ("flowcontrol.v1.ResourcePolicyRule", resource),
    ("flowcontrol.v1.NonResourcePolicyRule", non_resource),
    ("flowcontrol.v1.PriorityLevelConfigurationSpec", level),
    ("flowcontrol.v1.LimitResponse", response),
];

fn schema(schema: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let exempt = schema.get("metadata").is_some_and(|metadata| metadata["name"] == "exempt");
    if !exempt && schema.get("spec").is_some_and(|spec| spec["matchingPrecedence"].as_i64() == Some(1)) {
        found.push(refuse(&at.key("spec").key("matchingPrecedence"), "1 is kept for the schema named `exempt`"));
    }
}

fn rules(rule: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if ["resourceRules", "nonResourceRules"].iter().all(|field| rule.get(*field).is_none_or(is_empty)) {
        found.push(Violation::new("schema/required", at, "needs `resourceRules` or `nonResourceRules`"));
    }
}

fn subject(subject: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let wanted = match text(subject, "kind") {
        "User" => "user",
        "Group" => "group",
        "ServiceAccount" => "serviceAccount",
        _ => return,
    };
    for field in ["user", "group", "serviceAccount"] {
        let set = subject.get(field).is_some_and(|value| !value.is_null());
        if field == wanted && !set {
            found.push(Violation::new("schema/required", &at.key(field), format!("`{field}` is required for this kind")));
        } else if field != wanted && set {
            found.push(refuse(&at.key(field), format!("must not be set: `kind` asks for `{wanted}`")));
        }
    }
}

fn account(account: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if text(account, "name") != "*" {
        Form::DnsSubdomain.check(&Value::from(text(account, "name")), &at.key("name"), found);
    }
}

/// A wildcard stands alone.
fn alone(rule: &Map<String, Value>, field: &str, at: &Pointer, found: &mut Vec<Violation>) -> bool {
    let entries = list(rule, field);
    let any = entries.iter().any(|entry| entry == "*");
    if any && entries.len() > 1 {
        found.push(refuse(&at.key(field), "`*` must stand alone"));
    }
    any
}

fn resource(rule: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    for field in ["verbs", "apiGroups", "resources"] {
        alone(rule, field, at, found);
    }
    if !alone(rule, "namespaces", at, found)
        && let Some(namespaces) = rule.get("namespaces")
    {
        Form::DnsLabel.check(namespaces, &at.key("namespaces"), found);
    }
    if rule.get("namespaces").is_none_or(is_empty) && rule.get("clusterScope") != Some(&Value::Bool(true)) {
        found.push(Violation::new("schema/required", &at.key("namespaces"), "needs `namespaces`, or `clusterScope: true`"));
    }
}

fn non_resource(rule: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    alone(rule, "verbs", at, found);
    if alone(rule, "nonResourceURLs", at, found) {
        return;
    }
    let list_at = at.key("nonResourceURLs");
    for (index, url) in list(rule, "nonResourceURLs").iter().enumerate() {
        let wrong = match url.as_str() {
            None => continue,
            Some(url) => match url.strip_prefix('/') {
                None => true,
                Some(rest) => {
                    url.contains(' ')
                        || url.contains("//")
                        || rest.strip_suffix('*').unwrap_or(rest).contains('*')
                        || (url.ends_with('*') && !url.ends_with("/*"))
                }
            },
        };
        if wrong {
            found.push(refuse(&list_at.index(index), "must be a path, which may end with `/*`"));
        }
    }
}

fn level(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let set = |field: &str| spec.get(field).is_some_and(|value| !value.is_null());
    match text(spec, "type") {
        "Limited" if !set("limited") => {
            found.push(Violation::new("schema/required", &at.key("limited"), "`limited` is required for `type: Limited`"));
        }
        "Limited" if set("exempt") => found.push(refuse(&at.key("exempt"), "is only for `type: Exempt`")),
        "Exempt" if set("limited") => found.push(refuse(&at.key("limited"), "is only for `type: Limited`")),
        _ => {}
    }
}

fn response(response: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let queuing = response.get("queuing").filter(|queuing| !queuing.is_null());
    match (text(response, "type"), queuing) {
        ("Queue", None) => found.push(Violation::new("schema/required", &at.key("queuing"), "`queuing` is required for `type: Queue`")),
        ("Reject", Some(_)) => found.push(refuse(&at.key("queuing"), "is only for `type: Queue`")),
        ("Queue", Some(queuing)) => {
            let number = |field: &str, default: i64| queuing[field].as_i64().filter(|number| *number != 0).unwrap_or(default);
            let (hands, queues) = (number("handSize", 8), number("queues", 64));
            if hands > queues {
                found.push(refuse(&at.key("queuing").key("handSize"), "must not be more than `queues`"));
            } else if entropy(hands, queues) > 60.0 {
                found.push(refuse(&at.key("queuing").key("handSize"), "is too large for that many `queues`"));
            }
        }
        _ => {}
    }
}

/// The bits that dealing a hand takes (`k8s.io/apiserver/pkg/util/shufflesharding`, `RequiredEntropyBits`).
#[allow(clippy::cast_precision_loss)]
fn entropy(hands: i64, queues: i64) -> f64 {
    (0..hands.clamp(0, 64)).map(|drawn| ((queues - drawn).max(1) as f64).log2()).sum::<f64>().ceil()
}
