//! The Pod Security Standards (k8s.io/pod-security-admission v0.36, `policy/check_*.go`).

mod baseline;
mod restricted;

use crate::reference::{Field, Template};

/// A level of the standards that forbids something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rule) enum Standard {
    Baseline,
    Restricted,
}

/// One thing that a level forbids.
#[derive(Debug)]
pub(in crate::rule) struct Violation {
    /// JSON pointer of the value, or of the nearest parent of what is missing.
    pub(in crate::rule) pointer: String,
    pub(in crate::rule) message: String,
    pub(in crate::rule) hint: &'static str,
}

/// What a level of a version of the standards, given by its minor (25 or later), forbids in a pod.
pub(in crate::rule) fn violations(template: &Template<'_>, standard: Standard, minor: u32) -> Vec<Violation> {
    let mut pod = Pod { template: *template, standard, minor, violations: Vec::new() };
    baseline::check(&mut pod);
    if standard == Standard::Restricted {
        restricted::check(&mut pod);
    }
    pod.violations
}

struct Pod<'a> {
    template: Template<'a>,
    standard: Standard,
    minor: u32,
    violations: Vec<Violation>,
}

impl<'a> Pod<'a> {
    fn forbid(&mut self, field: Field<'a>, message: impl Into<String>, hint: &'static str) {
        self.violations.push(Violation { pointer: field.pointer(), message: message.into(), hint });
    }

    /// The pod's `spec` and every container: what can have a `securityContext`.
    fn holders(&self) -> Vec<Field<'a>> {
        std::iter::once(self.template.spec).chain(self.template.containers()).collect()
    }

    fn containers(&self) -> Vec<Field<'a>> {
        self.template.containers().collect()
    }

    /// Pods in a user namespace of their own are allowed more, since 1.35.
    fn has_user_namespace(&self) -> bool {
        self.minor >= 35 && self.template.spec.value.get("hostUsers").and_then(serde_json::Value::as_bool) == Some(false)
    }

    fn is_windows(&self) -> bool {
        self.template.spec.get("os").and_then(|os| os.text("name")) == Some("windows")
    }
}

/// A field of the `securityContext` of a pod's `spec` or of a container.
fn security<'a>(holder: &Field<'a>, path: &[&'a str]) -> Option<Field<'a>> {
    holder.get("securityContext")?.at(path)
}

/// The nearest place to say that a field of the `securityContext` is missing.
fn security_place<'a>(holder: &Field<'a>, path: &[&'a str]) -> Field<'a> {
    security(holder, path).or_else(|| holder.get("securityContext")).unwrap_or(*holder)
}
