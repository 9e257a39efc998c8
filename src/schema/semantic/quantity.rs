//! Amounts of resources: limits and quotas of namespaces, volumes.
//!
//! Source: `pkg/apis/core/validation/validation.go` and `pkg/apis/core/helper/helpers.go` of the Go module `k8s.io/kubernetes` 1.36.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::schema::pointer::Pointer;
use crate::schema::scalar::nano;
use crate::schema::violation::Violation;

use super::workload::requirement;
use super::{Check, list, refuse, text};

pub(super) const CHECKS: &[(&str, Check)] = &[
    ("core.v1.LimitRangeSpec", limits),
    ("core.v1.LimitRangeItem", limit),
    ("core.v1.ResourceQuotaSpec", quota),
    ("core.v1.ScopedResourceSelectorRequirement", requirement),
    ("core.v1.PersistentVolumeClaimSpec", claim),
    ("core.v1.PersistentVolumeSpec", volume),
];

/// Standard resources of a container.
pub(super) fn is_standard_container_resource(name: &str) -> bool {
    matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-")
}

/// Resources that a quota measures.
const MEASURED: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

/// Resources that are counted, not measured.
const COUNTED: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

/// What a quota may name without a domain (`IsStandardQuotaResourceName`).
fn is_quota(name: &str) -> bool {
    MEASURED.contains(&name) || COUNTED.contains(&name)
}

fn limits(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (list_at, mut seen) = (at.key("limits"), HashSet::new());
    for (index, limit) in list(spec, "limits").iter().enumerate() {
        if let Some(kind) = limit["type"].as_str()
            && !seen.insert(kind)
        {
            found.push(Violation::new("schema/duplicate", &list_at.index(index).key("type"), format!("`{kind}` stands here twice")));
        }
    }
}

fn limit(limit: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let kind = text(limit, "type");
    if !kind.is_empty() && !super::form::is_qualified_name(kind) {
        found.push(refuse(&at.key("type"), format!("`{kind}` is not a qualified name")));
    } else if !kind.is_empty() && !kind.contains('/') && !matches!(kind, "Pod" | "Container" | "PersistentVolumeClaim") {
        found.push(refuse(
            &at.key("type"),
            format!("`{kind}` is neither `Pod`, `Container` nor `PersistentVolumeClaim`, nor has it a domain"),
        ));
    }
    let amounts = |field: &str| limit.get(field).and_then(Value::as_object).into_iter().flatten();
    for field in ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] {
        if kind == "Pod" && field.starts_with("default") && amounts(field).next().is_some() {
            found.push(refuse(&at.key(field), "is not for pods"));
        }
        for (name, _) in amounts(field) {
            let fits = super::form::is_qualified_name(name)
                && (name.contains('/')
                    || match kind {
                        "Pod" | "Container" => is_standard_container_resource(name),
                        _ => is_standard_container_resource(name) || is_quota(name) || name == "storage",
                    });
            if !fits {
                found.push(refuse(&at.key(field).key(name), format!("`{name}` is neither a standard resource nor has it a domain")));
            }
        }
    }
    if kind == "PersistentVolumeClaim" && !amounts("max").chain(amounts("min")).any(|(name, _)| name == "storage") {
        found.push(Violation::new("schema/required", at, "needs `storage` in `min` or `max`"));
    }
    // A null is nothing, which is an amount.
    let amount = |field: &str, name: &str| match limit.get(field)?.get(name)? {
        Value::Null => Some(0),
        amount => nano(amount),
    };
    let names: HashSet<&String> = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"]
        .iter()
        .flat_map(|field| amounts(field))
        .map(|(name, _)| name)
        .collect();
    for name in names {
        for (low, high) in [
            ("min", "max"),
            ("min", "defaultRequest"),
            ("defaultRequest", "max"),
            ("defaultRequest", "default"),
            ("min", "default"),
            ("default", "max"),
        ] {
            if amount(low, name).zip(amount(high, name)).is_some_and(|(low, high)| low > high) {
                found.push(refuse(&at.key(low).key(name), format!("must not be more than `{high}`")));
            }
        }
        let Some(ratio) = amount("maxLimitRequestRatio", name) else { continue };
        if ratio < 1_000_000_000 {
            found.push(refuse(&at.key("maxLimitRequestRatio").key(name), "must be at least 1"));
        }
        // Thousandths are what the server compares; amounts near the end of 64 bits are left to it.
        if let Some((least, most)) = amount("min", name).zip(amount("max", name))
            && least > 0
            && [ratio, least, most].iter().all(|amount| amount.abs() < 1 << 80)
            && ratio * (least / 1_000_000) > (most / 1_000_000) * 1_000_000_000
        {
            found.push(refuse(&at.key("maxLimitRequestRatio").key(name), "must not be more than `max` through `min`"));
        }
    }
}

fn quota(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let here = at.key("hard");
    for (name, amount) in spec.get("hard").and_then(Value::as_object).into_iter().flatten() {
        if !super::form::is_qualified_name(name) {
            found.push(refuse(&here.key(name), format!("`{name}` is not a qualified name")));
        } else if !name.contains('/') && !is_quota(name) && !name.starts_with("hugepages-") && !name.starts_with("requests.hugepages-") {
            found.push(refuse(&here.key(name), format!("`{name}` is neither a standard resource nor has it a domain")));
        }
        if (COUNTED.contains(&name.as_str()) || name.starts_with("count/"))
            && nano(amount).is_some_and(|amount| amount % 1_000_000_000 != 0)
        {
            found.push(refuse(&here.key(name), "must be a whole number"));
        }
    }
    let scopes = list(spec, "scopes");
    let list_at = at.key("scopes");
    for (index, scope) in scopes.iter().enumerate() {
        let known = [
            "Terminating",
            "NotTerminating",
            "BestEffort",
            "NotBestEffort",
            "PriorityClass",
            "CrossNamespacePodAffinity",
            "VolumeAttributesClass",
        ];
        if scope.as_str().is_some_and(|scope| !known.contains(&scope)) {
            found.push(refuse(&list_at.index(index), format!("{scope} is not one of `{}`", known.join("`, `"))));
        }
    }
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    if (has("BestEffort") && has("NotBestEffort")) || (has("Terminating") && has("NotTerminating")) {
        found.push(refuse(&list_at, "has scopes that exclude each other"));
    }
}

fn claim(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let storage = spec.get("resources").and_then(|resources| resources.get("requests")).and_then(|requests| requests.get("storage"));
    let here = at.key("resources");
    if storage.is_none_or(Value::is_null) {
        found.push(Violation::new("schema/required", &here.key("requests").key("storage"), "`resources.requests.storage` is required"));
    }
    modes(spec, at, found);
}

/// The fields of a volume that say where it is.
const SOURCES: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

fn volume(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let capacity = spec.get("capacity").and_then(Value::as_object);
    if capacity.is_some_and(|capacity| !capacity.is_empty() && (capacity.len() > 1 || !capacity.contains_key("storage"))) {
        found.push(refuse(&at.key("capacity"), "must have `storage`, and nothing else"));
    }
    modes(spec, at, found);
    match super::pod::count(spec, SOURCES) {
        0 => found.push(Violation::new("schema/required", at, "needs the source of a volume, such as `csi`, `nfs` or `local`")),
        1 => {}
        _ => found.push(refuse(at, "a volume has one source only")),
    }
}

fn modes(spec: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let modes = list(spec, "accessModes");
    if modes.iter().any(|mode| Some(mode) != modes.first()) && modes.iter().any(|mode| mode == "ReadWriteOncePod") {
        found.push(refuse(&at.key("accessModes"), "`ReadWriteOncePod` must stand alone"));
    }
}
