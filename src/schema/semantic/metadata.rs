//! The name of an object.

use serde_json::{Map, Value};

use crate::data::{self, Definitions, Scope};
use crate::schema::pointer::Pointer;
use crate::schema::scalar::integer;
use crate::schema::violation::Violation;
use crate::versions::KUBERNETES;

use super::form::Form;
use super::{list, refuse, text};

/// Kinds whose objects are answered, not stored, and so need no name; a `LimitRange` gets one.
const NAMELESS: &[&str] = &[
    "LimitRange",
    "TokenReview",
    "SelfSubjectReview",
    "SubjectAccessReview",
    "LocalSubjectAccessReview",
    "SelfSubjectAccessReview",
    "SelfSubjectRulesReview",
];

/// What an object is, and in which version of Kubernetes.
#[derive(Clone, Copy)]
pub(in crate::schema) struct Of<'a> {
    pub group: &'a str,
    pub kind: &'a str,
    pub scope: Scope,
    pub definitions: &'a Definitions,
}

/// Checks the name and what else `metadata` has.
pub(in crate::schema) fn check(object: &Map<String, Value>, of: Of<'_>, found: &mut Vec<Violation>) {
    let Of { group, kind, scope, .. } = of;
    let metadata_at = Pointer::ROOT.key("metadata");
    let empty = Map::new();
    let metadata = match object.get("metadata") {
        Some(Value::Object(metadata)) => metadata,
        None | Some(Value::Null) => &empty,
        // Said already: it is no mapping.
        Some(_) => return,
    };
    if !is_answered(group, kind) {
        details(of, metadata, &metadata_at, found);
    }
    let is_nameless = NAMELESS.contains(&kind) && matches!(group, "" | "authentication.k8s.io" | "authorization.k8s.io");
    let at = metadata_at.key("name");
    match metadata.get("name") {
        None | Some(Value::Null) if text(metadata, "generateName").is_empty() && !is_nameless => {
            found.push(Violation::new("schema/required", &at, "`name` is required"));
        }
        Some(Value::String(name)) if name.is_empty() && text(metadata, "generateName").is_empty() && !is_nameless => {
            found.push(Violation::new("schema/required", &at, "`name` is required"));
        }
        Some(name @ Value::String(_)) if !is_nameless || kind == "LimitRange" => {
            form(of).check(name, &at, found);
        }
        _ => {}
    }
    // The server takes the namespace off what belongs to none (`EnsureObjectNamespaceMatchesRequestNamespace` of `k8s.io/apiserver`).
    if scope == Scope::Namespaced
        && let Some(namespace) = metadata.get("namespace")
    {
        Form::DnsLabel.check(namespace, &metadata_at.key("namespace"), found);
    }
    let unset = Value::Object(Map::new());
    let expected = match (group, kind, object.get("spec").filter(|spec| !spec.is_null()).unwrap_or(&unset)) {
        ("apiextensions.k8s.io", "CustomResourceDefinition", Value::Object(spec)) => {
            let plural = spec.get("names").and_then(|names| names.get("plural")).and_then(Value::as_str).unwrap_or_default();
            Some(format!("{plural}.{}", text(spec, "group")))
        }
        ("apiregistration.k8s.io", "APIService", Value::Object(spec)) => Some(format!("{}.{}", text(spec, "version"), text(spec, "group"))),
        _ => None,
    };
    let name = text(metadata, "name");
    if let Some(expected) = expected.filter(|expected| !name.is_empty() && expected != name) {
        found.push(refuse(&at, format!("must be `{expected}`, after what `spec` says")));
    }
}

/// A whole object inside of a custom one (`pkg/apiserver/schema/objectmeta/validation.go` of `k8s.io/apiextensions-apiserver`).
pub(in crate::schema) fn embedded(object: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    if text(object, "apiVersion").matches('/').count() > 1 {
        found.push(refuse(&at.key("apiVersion"), "must be a version, or a group and a version"));
    }
    Form::MixedDns1035.check(&Value::from(text(object, "kind")), &at.key("kind"), found);
    if let Some(Value::Object(metadata)) = object.get("metadata") {
        let here = at.key("metadata");
        Form::PathSegment.check(&Value::from(text(metadata, "name")), &here.key("name"), found);
        Form::DnsLabel.check(&Value::from(text(metadata, "namespace")), &here.key("namespace"), found);
    }
}

/// Whether objects of the kind are answered and never stored, so that nobody looks into their metadata.
pub(in crate::schema) fn is_answered(group: &str, kind: &str) -> bool {
    (group == "authentication.k8s.io" && matches!(kind, "TokenReview" | "SelfSubjectReview"))
        || (group == "authorization.k8s.io" && kind == "SelfSubjectRulesReview")
}

/// Kinds whose finalizers need no domain (all others that are built in call `ValidateFinalizerName` of
/// `k8s.io/kubernetes/pkg/apis/core/validation/validation.go`).
const FREE_FINALIZERS: &[(&str, &str)] = &[
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("coordination.k8s.io", "Lease"),
    ("policy", "PodDisruptionBudget"),
    ("node.k8s.io", "RuntimeClass"),
    ("apiregistration.k8s.io", "APIService"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
];

/// Kinds whose `generation` a create takes as it comes; for the others it begins at 1.
const GENERATION_COUNTS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Endpoints"),
    ("", "Event"),
    ("", "LimitRange"),
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("", "PersistentVolumeClaim"),
    ("", "ResourceQuota"),
    ("", "Secret"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apiregistration.k8s.io", "APIService"),
    ("apps", "ControllerRevision"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("certificates.k8s.io", "CertificateSigningRequest"),
    ("coordination.k8s.io", "Lease"),
    ("events.k8s.io", "Event"),
    ("networking.k8s.io", "IPAddress"),
    ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("resource.k8s.io", "ResourceClaim"),
    ("resource.k8s.io", "ResourceClaimTemplate"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "CSINode"),
    ("storage.k8s.io", "CSIStorageCapacity"),
    ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"),
    ("storage.k8s.io", "VolumeAttributesClass"),
];

/// What is checked in the metadata of an object, and not in that of a template (`k8s.io/apimachinery/pkg/api/validation/objectmeta.go`).
fn details(of: Of<'_>, metadata: &Map<String, Value>, at: &Pointer, found: &mut Vec<Violation>) {
    let (group, kind) = (of.group, of.kind);
    let is_custom = !is_built_in(group);
    let core_finalizers = !is_custom && group != "admissionregistration.k8s.io" && !FREE_FINALIZERS.contains(&(group, kind));
    let list_at = at.key("finalizers");
    for (index, finalizer) in list(metadata, "finalizers").iter().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        if core_finalizers && !name.is_empty() && !name.contains('/') && !matches!(name, "kubernetes" | "orphan" | "foregroundDeletion") {
            found.push(refuse(&list_at.index(index), format!("`{name}` needs a domain in front: `example.com/{name}`")));
        }
    }
    // The same owner twice is one owner.
    let mut controllers = list(metadata, "ownerReferences").iter().filter(|owner| owner["controller"] == true);
    let first = controllers.next();
    if controllers.any(|other| Some(other) != first) {
        found.push(refuse(&at.key("ownerReferences"), "only one owner can be the controller"));
    }
    if GENERATION_COUNTS.contains(&(group, kind)) && metadata.get("generation").and_then(integer).is_some_and(|number| number < 0) {
        found.push(refuse(&at.key("generation"), "must not be negative"));
    }
    // A prefix may end with a dash, which the generated end hides.
    let prefix = text(metadata, "generateName");
    let name = prefix.strip_suffix('-').map(|name| format!("{name}a"));
    // These two have declared rules instead, which leave the prefix out.
    let is_declared = matches!((group, kind), ("", "ReplicationController") | ("resource.k8s.io", "DeviceClass"));
    if !(is_declared || prefix.is_empty()) {
        form(of).check(&Value::from(name.as_deref().unwrap_or(prefix)), &at.key("generateName"), found);
    }
}

fn is_built_in(group: &str) -> bool {
    !group.contains('.')
        || data::kubernetes(KUBERNETES).is_ok_and(|definitions| definitions.kinds().iter().any(|kind| kind.group() == group))
}

/// The form of a kind's names.
fn form(of: Of<'_>) -> Form {
    match (of.group, of.kind) {
        // Since 1.36 a Service may begin with a digit (KEP-5311).
        ("", "Service") if !of.definitions.is_since(36) => Form::Dns1035,
        ("", "Service" | "Namespace") => Form::DnsLabel,
        ("rbac.authorization.k8s.io", _)
        | ("", "Event")
        | ("certificates.k8s.io", "CertificateSigningRequest")
        | ("policy", "PodDisruptionBudget")
        | ("apiregistration.k8s.io", "APIService") => Form::PathSegment,
        ("networking.k8s.io", "IPAddress") => Form::Ip,
        _ => Form::DnsSubdomain,
    }
}
