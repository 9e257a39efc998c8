//! Jobs.
//!
//! Source: `pkg/apis/batch/validation/validation.go` of the Go module `k8s.io/kubernetes` 1.36.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::scalar::integer;
use crate::schema::violation::Violation;

use super::{Check, is_empty, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("batch.v1.JobSpec", indexed),
    ("batch.v1.JobSpec", failure_policy),
    ("batch.v1.JobSpec", success_policy),
    ("batch.v1.JobSpec", replacement),
    ("batch.v1.PodFailurePolicyRule", failure_rule),
    ("batch.v1.PodFailurePolicyOnExitCodesRequirement", exit_codes),
    ("batch.v1.CronJobSpec", time_zone),
    ("batch.v1.CronJob", name),
];

fn set(fields: &Map<String, Value>, field: &str) -> bool {
    fields.get(field).is_some_and(|value| !value.is_null())
}

fn indexed(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let number = |field: &str| spec.get(field).and_then(integer);
    if set(spec, "maxFailedIndexes") && !set(spec, "backoffLimitPerIndex") {
        let message = "`backoffLimitPerIndex` is required where there is `maxFailedIndexes`";
        found.push(Violation::new("schema/required", &at.key("backoffLimitPerIndex"), message));
    }
    match text(spec, "completionMode") {
        "Indexed" => {
            if !set(spec, "completions") {
                let message = "`completions` is required for `completionMode: Indexed`";
                found.push(Violation::new("schema/required", &at.key("completions"), message));
            }
            if number("parallelism").is_some_and(|parallelism| parallelism > 100_000) {
                found.push(refuse(&at.key("parallelism"), "must be at most 100000 for `completionMode: Indexed`"));
            }
            let most = number("completions").unwrap_or(i64::MAX).min(100_000);
            if number("maxFailedIndexes").is_some_and(|failed| failed > most) {
                found.push(refuse(&at.key("maxFailedIndexes"), "must not be more than `completions`, nor than 100000"));
            }
        }
        "" | "NonIndexed" if spec.get("completionMode").is_none_or(|mode| mode.is_string() || mode.is_null()) => {
            for field in ["backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"].into_iter().filter(|field| set(spec, field)) {
                found.push(refuse(&at.key(field), "needs `completionMode: Indexed`"));
            }
        }
        _ => {}
    }
}

fn containers(spec: &Map<String, Value>) -> HashSet<&str> {
    let pod = spec.get("template").and_then(|template| template.get("spec"));
    let lists = ["containers", "initContainers"].into_iter().filter_map(|field| pod?.get(field)?.as_array());
    lists.flatten().filter_map(|container| container["name"].as_str()).collect()
}

fn failure_policy(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::Object(policy)) = spec.get("podFailurePolicy") else { return };
    let (here, names) = (at.key("podFailurePolicy"), containers(spec));
    let list_at = here.key("rules");
    for (index, rule) in list(policy, "rules").iter().enumerate() {
        let rule_at = list_at.index(index);
        if let Some(name) = rule["onExitCodes"]["containerName"].as_str()
            && !names.contains(name)
        {
            found.push(refuse(&rule_at.key("onExitCodes").key("containerName"), format!("the pod has no container `{name}`")));
        }
        if rule["action"] == "FailIndex" && !set(spec, "backoffLimitPerIndex") {
            found.push(refuse(&rule_at.key("action"), "`FailIndex` needs `backoffLimitPerIndex`"));
        }
    }
    if list(policy, "rules").len() > 20 {
        found.push(refuse(&list_at, "must have at most 20 entries"));
    }
}

fn failure_rule(rule: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let conditions = !rule.get("onPodConditions").is_none_or(is_empty);
    match (set(rule, "onExitCodes"), conditions) {
        (true, true) => found.push(refuse(at, "`onExitCodes` and `onPodConditions` exclude each other")),
        (false, false) => found.push(Violation::new("schema/required", at, "needs `onExitCodes` or `onPodConditions`")),
        _ => {}
    }
}

fn exit_codes(codes: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let values: Vec<_> = list(codes, "values").iter().map(|value| value.as_i64().or(value.is_null().then_some(0))).collect();
    let list_at = at.key("values");
    let mut seen = HashSet::new();
    for (index, value) in values.iter().enumerate() {
        let Some(value) = value else { return };
        if *value == 0 && text(codes, "operator") == "In" {
            found.push(refuse(&list_at.index(index), "must not be 0 where `operator` is `In`"));
        }
        if !seen.insert(*value) {
            found.push(Violation::new("schema/duplicate", &list_at.index(index), format!("{value} stands here twice")));
        }
    }
    if !values.is_sorted() {
        found.push(refuse(&list_at, "must be in ascending order"));
    }
}

fn success_policy(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::Object(policy)) = spec.get("successPolicy") else { return };
    let here = at.key("successPolicy");
    let list_at = here.key("rules");
    let completions = spec.get("completions").and_then(integer);
    for (index, rule) in list(policy, "rules").iter().enumerate() {
        let (rule_at, empty) = (list_at.index(index), Map::new());
        let rule = if rule.is_null() {
            &empty
        } else if let Value::Object(rule) = rule {
            rule
        } else {
            continue;
        };
        if !set(rule, "succeededCount") && !set(rule, "succeededIndexes") {
            found.push(Violation::new("schema/required", &rule_at, "needs `succeededCount` or `succeededIndexes`"));
        }
        let count = rule.get("succeededCount").and_then(integer);
        if count.zip(completions).is_some_and(|(count, completions)| count > completions) {
            found.push(refuse(&rule_at.key("succeededCount"), "must not be more than `completions`"));
        }
        let indexes = rule.get("succeededIndexes").and_then(Value::as_str);
        match indexes.map(|text| (text, indexes_of(text))) {
            Some((text, None)) => {
                found.push(refuse(
                    &rule_at.key("succeededIndexes"),
                    format!("`{text}` is no list of ascending numbers and ranges like `0,2-4`"),
                ));
            }
            Some((text, Some((number, last)))) => {
                if completions.is_some_and(|completions| last >= completions) {
                    found.push(refuse(
                        &rule_at.key("succeededIndexes"),
                        format!("`{text}` has an index that is not less than `completions`"),
                    ));
                }
                if count.is_some_and(|count| count > number) {
                    found.push(refuse(&rule_at.key("succeededCount"), "must not be more than the number of `succeededIndexes`"));
                }
            }
            None => {}
        }
    }
}

/// How many indexes a text like `0,2-4` has, and the greatest of them; -1 for the empty text.
fn indexes_of(text: &str) -> Option<(i64, i64)> {
    let (mut number, mut last) = (0, -1);
    if text.is_empty() {
        return Some((0, -1));
    }
    for part in text.split(',') {
        let (from, to) = part.split_once('-').map_or((part, None), |(from, to)| (from, Some(to)));
        let digits = |text: &str| text.parse::<i64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
        let from = digits(from)?;
        let to = match to {
            Some(to) => digits(to).filter(|to| *to > from)?,
            None => from,
        };
        if from <= last {
            return None;
        }
        number += to - from + 1;
        last = to;
    }
    Some((number, last))
}

fn replacement(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let policy = text(spec, "podReplacementPolicy");
    if set(spec, "podFailurePolicy") && set(spec, "podReplacementPolicy") && policy != "Failed" {
        found.push(refuse(&at.key("podReplacementPolicy"), "must be `Failed` where there is a `podFailurePolicy`"));
    }
}

fn time_zone(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let Some(Value::String(zone)) = spec.get("timeZone") else { return };
    let part = |part: &str| {
        (1..=14).contains(&part.len())
            && part.starts_with(|c: char| c.is_ascii_uppercase())
            && !part.ends_with(['-', '.'])
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-+.".contains(&byte))
    };
    // The server looks into its own database, which has new places every year, but neither new areas nor new zones without one.
    let is_known = match zone.split_once('/') {
        Some((area, place)) => AREAS.contains(&area) && place.split('/').all(part),
        None => ZONES.contains(&zone.as_str()),
    };
    if !is_known {
        found.push(refuse(&at.key("timeZone"), format!("`{zone}` is no time zone like `Europe/Berlin`")));
    }
}

/// The areas of the time zone database, and the folders that some systems keep beside them.
const AREAS: &[&str] = &[
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
    "SystemV",
    "posix",
    "right",
];

/// Zones without an area.
const ZONES: &[&str] = &[
    "CET",
    "CST6CDT",
    "Cuba",
    "EET",
    "EST",
    "EST5EDT",
    "Egypt",
    "Eire",
    "Factory",
    "GB",
    "GB-Eire",
    "GMT",
    "GMT+0",
    "GMT-0",
    "GMT0",
    "Greenwich",
    "HST",
    "Hongkong",
    "Iceland",
    "Iran",
    "Israel",
    "Jamaica",
    "Japan",
    "Kwajalein",
    "Libya",
    "MET",
    "MST",
    "MST7MDT",
    "NZ",
    "NZ-CHAT",
    "Navajo",
    "PRC",
    "PST8PDT",
    "Poland",
    "Portugal",
    "ROC",
    "ROK",
    "Singapore",
    "Turkey",
    "UCT",
    "UTC",
    "Universal",
    "W-SU",
    "WET",
    "Zulu",
    "posixrules",
    "localtime",
];

/// A Job's name is that of its CronJob and eleven more characters.
fn name(job: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if job.get("metadata").and_then(|metadata| metadata["name"].as_str()).is_some_and(|name| name.len() > 52) {
        found.push(refuse(&at.key("metadata").key("name"), "must have at most 52 characters"));
    }
}
