//! What is to be done, object by object.

use serde_json::{Value, json};

use super::diff::Change;
use crate::diag::{Finding, ObjectRef};

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is not there.
    Create,
    /// It differs.
    Change,
    /// It differs in a way that the server does not let it become: it must be deleted and created anew.
    Replace,
    /// It left the release.
    Delete,
    /// It left the release, and stays all the same.
    Keep,
    /// It is as it should be.
    Unchanged,
}

impl Action {
    /// The word of the JSON form.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Keep => "keep",
            Self::Unchanged => "unchanged",
        }
    }

    /// Whether the cluster would be different afterwards.
    #[must_use]
    pub const fn is_difference(self) -> bool {
        !matches!(self, Self::Keep | Self::Unchanged)
    }
}

/// A field that somebody else owns with another value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The field, in the notation of structured-merge-diff: `.spec.replicas`.
    pub field: String,
    /// Who owns it.
    pub manager: String,
}

/// What happens to one object, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Which object.
    pub object: ObjectRef,
    /// What happens to it.
    pub action: Action,
    /// Why, a sentence each, without a final period.
    pub reasons: Vec<String>,
    /// What differs. For a creation nothing: everything is new.
    pub changes: Vec<Change>,
    /// JSON pointers of the fields for whose sake it must be replaced.
    pub fixed: Vec<String>,
    /// Fields that others own.
    pub conflicts: Vec<Conflict>,
    /// The version that was looked at; none when there was nothing.
    pub resource_version: Option<String>,
    /// Its identity in the cluster.
    pub uid: Option<String>,
    /// A digest of what was looked at, status and the server's own fields left out; none for Secrets.
    pub state: Option<String>,
}

/// What applying a release would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The release's name.
    pub release: String,
    /// Its digest.
    pub digest: String,
    /// The context of the kubeconfig.
    pub context: String,
    /// What the server calls itself.
    pub server_version: String,
    /// What happens to each object: those of the release in the order in which they are applied, then those that left it.
    pub entries: Vec<Entry>,
    /// What the server has against objects.
    pub findings: Vec<Finding>,
    /// Who is applying this release right now.
    pub busy: Option<String>,
}

/// The version of the JSON forms.
pub(super) const VERSION: u64 = 1;

impl Plan {
    /// How many objects something happens to.
    #[must_use]
    pub fn count(&self, action: Action) -> usize {
        self.entries.iter().filter(|entry| entry.action == action).count()
    }

    /// Whether the cluster is as the release says.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.entries.iter().any(|entry| entry.action.is_difference())
    }

    /// The JSON form, which is also what `plan -o` saves.
    #[must_use]
    pub fn to_json(&self) -> Value {
        const ACTIONS: [Action; 6] = [Action::Create, Action::Change, Action::Replace, Action::Delete, Action::Keep, Action::Unchanged];
        let summary: serde_json::Map<_, _> =
            ACTIONS.into_iter().map(|action| (action.name().to_owned(), self.count(action).into())).collect();
        json!({
            "version": VERSION,
            "release": {"name": self.release, "digest": self.digest},
            "server": {"context": self.context, "version": self.server_version},
            "summary": summary,
            "entries": self.entries.iter().map(Entry::to_json).collect::<Vec<_>>(),
            "findings": self.findings,
            "busy": self.busy,
        })
    }
}

impl Entry {
    pub(super) fn new(object: ObjectRef, action: Action) -> Self {
        let (reasons, changes, conflicts) = (Vec::new(), Vec::new(), Vec::new());
        Self { object, action, reasons, changes, fixed: Vec::new(), conflicts, resource_version: None, uid: None, state: None }
    }

    fn to_json(&self) -> Value {
        let change = |change: &Change| {
            let mut json = json!({"path": change.path, "sensitive": change.sensitive});
            for (name, value) in [("before", &change.before), ("after", &change.after)] {
                if let Some(value) = value {
                    json[name] = value.clone();
                }
            }
            json
        };
        let conflict = |conflict: &Conflict| json!({"field": conflict.field, "manager": conflict.manager});
        json!({
            "action": self.action.name(),
            "object": self.object,
            "reasons": self.reasons,
            "fixed": self.fixed,
            "changes": self.changes.iter().map(change).collect::<Vec<_>>(),
            "conflicts": self.conflicts.iter().map(conflict).collect::<Vec<_>>(),
            "resourceVersion": self.resource_version,
            "uid": self.uid,
            "state": self.state,
        })
    }
}
