//! Objects whose deletion takes more along than themselves.

use super::super::discovery::GroupKind;
use super::super::inventory::Member;
use super::super::request::get;
use super::super::target::Target;
use super::PlanOptions;
use crate::diag::Result;

/// Kinds that are deleted only when asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protected {
    /// Everything in it goes with it.
    Namespace,
    /// Its data goes with it.
    PersistentVolumeClaim,
    /// All objects of its kinds go with it.
    CustomResourceDefinition,
}

impl Protected {
    /// Whether a kind is one of these.
    #[must_use]
    pub fn of(group: &str, kind: &str) -> Option<Self> {
        match (group, kind) {
            ("", "Namespace") => Some(Self::Namespace),
            ("", "PersistentVolumeClaim") => Some(Self::PersistentVolumeClaim),
            ("apiextensions.k8s.io", "CustomResourceDefinition") => Some(Self::CustomResourceDefinition),
            _ => None,
        }
    }

    /// The word of the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::PersistentVolumeClaim => "persistentvolumeclaim",
            Self::CustomResourceDefinition => "customresourcedefinition",
        }
    }
}

/// Why a member that left the release stays; none when it goes.
pub(super) async fn reason_to_keep(target: &Target, member: &Member, options: &PlanOptions) -> Result<Option<String>> {
    let Some(protected) = Protected::of(member.group(), &member.object.kind).filter(|kind| !options.delete.contains(kind)) else {
        return Ok(None);
    };
    let what = match protected {
        Protected::Namespace => "everything in it would go with it".to_owned(),
        Protected::PersistentVolumeClaim => "its data would go with it".to_owned(),
        Protected::CustomResourceDefinition => match objects_of(target, member).await? {
            None => return Ok(None),
            Some(kind) => format!("objects of kind `{kind}` are still there and would go with it"),
        },
    };
    Ok(Some(format!("{what}; `--delete-kind {}` deletes it", protected.name())))
}

/// The kind of a definition that still has objects.
async fn objects_of(target: &Target, member: &Member) -> Result<Option<String>> {
    let Some(definition) = get(&target.client, &member.path).await? else { return Ok(None) };
    let text = |pointer: &str| definition.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let kind = GroupKind { group: text("/spec/group"), kind: text("/spec/names/kind") };
    let Some((api_version, resource)) = target.resources.find(&kind) else { return Ok(None) };
    let page = get(&target.client, &format!("{}?limit=1", resource.path(api_version, None))).await?;
    let some = page.is_some_and(|page| page["items"].as_array().is_some_and(|items| !items.is_empty()));
    Ok(some.then_some(kind.kind))
}
