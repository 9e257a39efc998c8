//! What an API server had to say about a release.

use crate::diag::{Finding, ObjectRef};

/// An object, or a part of it, that the server could not judge, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotChecked {
    /// Which object.
    pub object: ObjectRef,
    /// One sentence without a final period, which also says what was done instead.
    pub reason: String,
}

/// What an API server had to say about a release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerReport {
    /// What the server calls itself, `v1.36.3`.
    pub server_version: String,
    /// How many objects the server judged.
    pub objects: usize,
    /// How many of them were really created, in a server that is thrown away.
    pub applied: usize,
    /// How many pod templates it judged as Pods.
    pub pods: usize,
    /// What it refuses or warns about, in the order of the release. `path` points into the object; places in files are the caller's.
    pub findings: Vec<Finding>,
    /// What it could not judge.
    pub not_checked: Vec<NotChecked>,
}
