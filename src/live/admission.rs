//! Refusals by admission plugins (code 403).

use kube::core::Status;
use serde_json::Value;

use super::pod_security;
use super::refusal::Cause;

/// Fields of a Pod that name objects which admission looks up.
pub(super) const LOOKED_UP: [(&str, &str); 3] =
    [("ServiceAccount", "serviceAccountName"), ("PriorityClass", "priorityClassName"), ("RuntimeClass", "runtimeClassName")];

/// What admission has against an object.
pub(super) fn causes(status: &Status, object: &Value) -> Vec<Cause> {
    // `pods "a" is forbidden: …`
    let detail = status.message.split_once(" is forbidden: ").map_or(status.message.as_str(), |(_, detail)| detail);
    if let Some(causes) = pod_security::causes(detail, object) {
        return causes;
    }
    let path = missing(detail).map(|(_, field)| format!("/spec/{field}")).filter(|path| object.pointer(path).is_some());
    vec![Cause { path, ..Cause::new("schema/forbidden", detail) }]
}

/// The kind of the object that a refused Pod names and that is not there, with the Pod's field.
pub(super) fn missing(detail: &str) -> Option<(&'static str, &'static str)> {
    let lower = detail.to_ascii_lowercase();
    let absent = lower.contains("not found") || lower.contains("was found");
    LOOKED_UP.into_iter().find(|(kind, _)| absent && lower.contains(&kind.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_known_by_the_plugins_words() {
        assert_eq!(missing("no PriorityClass with name x was found"), Some(("PriorityClass", "priorityClassName")));
        assert_eq!(missing("pod rejected: RuntimeClass \"x\" not found"), Some(("RuntimeClass", "runtimeClassName")));
        assert_eq!(
            missing("error looking up service account a/b: serviceaccount \"b\" not found").map(|(kind, _)| kind),
            Some("ServiceAccount")
        );
        assert_eq!(missing("exceeded quota: q, requested: pods=1"), None);
    }
}
