//! What belongs to a release: an ApplySet (KEP-3659).
//!
//! A parent object says which kinds and namespaces the members may be of, and every member carries the parent's id as a label. The parent is
//! written before the members, so that nothing that was ever created is forgotten. Names and formats:
//! <https://github.com/kubernetes/enhancements/blob/master/keps/sig-cli/3659-kubectl-apply-prune/README.md>.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::delete::delete;
use super::discovery::{GroupKind, Resource};
use super::fields;
use super::list::{Listed, list};
use super::request::{Write, get, refused, segment, write};
use super::target::Target;
use crate::diag::{Error, ObjectRef, Result};
use crate::manifest::rank;

/// On every member: the id of its parent.
pub(super) const PART_OF: &str = "applyset.kubernetes.io/part-of";
const ID: &str = "applyset.kubernetes.io/id";
const TOOLING: &str = "applyset.kubernetes.io/tooling";
const KINDS: &str = "applyset.kubernetes.io/contains-group-kinds";
const NAMESPACES: &str = "applyset.kubernetes.io/additional-namespaces";

/// Lists under way at once.
const AT_ONCE: usize = 16;

/// The inventory of one release in one cluster.
#[derive(Debug, Clone)]
pub(super) struct Inventory {
    name: String,
    namespace: String,
    /// What the cluster says; none when there is no parent.
    known: Option<Contents>,
}

/// What a parent says about its members.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Contents {
    pub kinds: BTreeSet<GroupKind>,
    pub namespaces: BTreeSet<String>,
}

/// An object that carries our label, and that we applied.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub object: ObjectRef,
    pub uid: String,
    pub resource_version: String,
    /// Whether it is being deleted already.
    pub leaving: bool,
    pub path: String,
}

impl Member {
    /// Its group; empty for the core group.
    pub(super) fn group(&self) -> &str {
        self.object.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Its place in the order of creation.
    pub(super) fn rank(&self) -> u8 {
        rank(self.group(), &self.object.kind)
    }
}

impl Inventory {
    /// Reads the parent of a release.
    pub(super) async fn read(target: &Target, release: &str, namespace: &str) -> Result<Self> {
        let mut inventory = Self { name: parent_name(release), namespace: namespace.to_owned(), known: None };
        if let Some(parent) = get(&target.client, &inventory.path()).await? {
            let id = parent.pointer("/metadata/labels").and_then(|labels| labels[ID].as_str());
            if id.is_some_and(|id| id != inventory.id()) {
                return Err(Error::environment(format!(
                    "the ConfigMap `{namespace}/{}` is the parent of another ApplySet",
                    inventory.name
                ))
                .hint("name another namespace with `--state-namespace`"));
            }
            // Somebody may have taken the label or an annotation away: then it is as good as lost.
            inventory.known = id.and_then(|_| contents_of(&parent));
        }
        Ok(inventory)
    }

    /// The id: a hash of the parent's identity, so that a copied label does not fit another parent.
    pub(super) fn id(&self) -> String {
        let identity = format!("{}.{}.ConfigMap.", self.name, self.namespace);
        format!("applyset-{}-v1", URL_SAFE_NO_PAD.encode(Sha256::digest(identity.as_bytes())))
    }

    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps/{}", segment(&self.namespace), segment(&self.name))
    }

    /// Says that the members may be of these kinds and namespaces; writes nothing when that is known.
    pub(super) async fn record(&mut self, target: &Target, contents: &Contents) -> Result<()> {
        if self.known.as_ref() == Some(contents) {
            return Ok(());
        }
        let kinds = contents.kinds.iter().map(GroupKind::text).collect::<BTreeSet<_>>();
        let namespaces = contents.namespaces.iter().filter(|name| **name != self.namespace);
        let parent = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": self.name, "namespace": self.namespace,
                "labels": {ID: self.id(), "app.kubernetes.io/managed-by": "manifestgen"},
                "annotations": {
                    TOOLING: concat!("manifestgen/v", env!("CARGO_PKG_VERSION")),
                    KINDS: joined(kinds.iter().map(String::as_str)),
                    NAMESPACES: joined(namespaces.map(String::as_str)),
                },
            },
        });
        let answer = write(&target.client, Write::Apply, &self.path(), &parent).await?;
        if !answer.is_good() {
            return Err(refused(&answer.status()));
        }
        self.known = Some(contents.clone());
        Ok(())
    }

    /// What is recorded, with more.
    pub(super) fn with(&self, more: &Contents) -> Contents {
        let mut all = self.known.clone().unwrap_or_default();
        all.kinds.extend(more.kinds.iter().cloned());
        all.namespaces.extend(more.namespaces.iter().cloned());
        all
    }

    /// Removes the parent: the release is gone.
    pub(super) async fn forget(self, target: &Target) -> Result<()> {
        delete(&target.client, &self.path(), None).await.map(|_| ())
    }

    /// All members. Without a parent, every kind is searched for them.
    pub(super) async fn members(&self, target: &Target) -> Result<Vec<Member>> {
        let kinds = self.known.as_ref().map_or_else(|| target.resources.all_kept(), |known| known.kinds.clone());
        let found: Vec<Vec<Member>> =
            stream::iter(&kinds).map(|kind| self.members_of(target, kind)).buffer_unordered(AT_ONCE).try_collect().await?;
        let mut members: Vec<_> = found.into_iter().flatten().collect();
        // Some kinds are served by two groups: the same object then shows up twice.
        members.sort_by(|a, b| (&a.uid, &a.object).cmp(&(&b.uid, &b.object)));
        members.dedup_by(|a, b| a.uid == b.uid);
        members.sort_by(|a, b| a.object.cmp(&b.object));
        Ok(members)
    }

    async fn members_of(&self, target: &Target, kind: &GroupKind) -> Result<Vec<Member>> {
        // A kind whose definition is gone took its objects along.
        let Some((api_version, resource)) = target.resources.find(kind) else { return Ok(Vec::new()) };
        let selector = format!("{PART_OF}={}", self.id());
        let items = match list(&target.client, &resource.path(api_version, None), &selector).await? {
            Listed::Items(items) => items,
            // Who may not look everywhere looks where the members may be.
            Listed::Forbidden(error) => {
                let known = self.known.iter().flat_map(|known| &known.namespaces);
                let namespaces: BTreeSet<_> = known.chain([&self.namespace]).collect();
                if !resource.namespaced {
                    return Err(error);
                }
                let mut items = Vec::new();
                for namespace in namespaces {
                    match list(&target.client, &resource.path(api_version, Some(namespace)), &selector).await? {
                        Listed::Items(found) => items.extend(found),
                        Listed::Forbidden(error) => return Err(error),
                    }
                }
                items
            }
        };
        // Controllers copy labels to what they make (an Endpoints has those of its Service): only what we applied is ours.
        let ours = items.into_iter().filter(|item| fields::own(item).is_some());
        Ok(ours.filter_map(|item| member(api_version, &kind.kind, resource, &item)).collect())
    }
}

fn member(api_version: &str, kind: &str, resource: &Resource, item: &Value) -> Option<Member> {
    let text = |name: &str| item["metadata"][name].as_str().map(ToOwned::to_owned);
    let (name, namespace) = (text("name")?, text("namespace"));
    Some(Member {
        path: format!("{}/{}", resource.path(api_version, namespace.as_deref()), segment(&name)),
        object: ObjectRef { api_version: api_version.to_owned(), kind: kind.to_owned(), namespace, name },
        uid: text("uid")?,
        resource_version: text("resourceVersion")?,
        leaving: text("deletionTimestamp").is_some(),
    })
}

/// The name of a release's parent.
pub(super) fn parent_name(release: &str) -> String {
    format!("manifestgen-{release}")
}

fn contents_of(parent: &Value) -> Option<Contents> {
    let annotation = |name: &str| parent.pointer("/metadata/annotations").and_then(|annotations| annotations[name].as_str());
    let parts = |text: &str| text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect::<Vec<_>>();
    let kinds = parts(annotation(KINDS)?);
    Some(Contents {
        kinds: kinds.iter().map(|kind| GroupKind::parse(kind)).collect(),
        namespaces: parts(annotation(NAMESPACES).unwrap_or_default()).into_iter().collect(),
    })
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_one_of_the_specification() {
        let inventory = Inventory { name: "manifestgen-a".to_owned(), namespace: "kube-system".to_owned(), known: None };
        // base64url(sha256("manifestgen-a.kube-system.ConfigMap."))
        let digest = Sha256::digest(b"manifestgen-a.kube-system.ConfigMap.");
        assert_eq!(inventory.id(), format!("applyset-{}-v1", URL_SAFE_NO_PAD.encode(digest)));
        assert!(inventory.id().len() <= 63, "a label's value holds 63 characters");
    }

    #[test]
    fn contents_are_read_as_they_are_written() {
        let parent = json!({"metadata": {"annotations": {KINDS: "ConfigMap,Deployment.apps", NAMESPACES: "a,b"}}});
        let contents = contents_of(&parent).expect("contents");
        assert_eq!(contents.kinds.iter().map(GroupKind::text).collect::<Vec<_>>(), ["ConfigMap", "Deployment.apps"]);
        assert_eq!(contents.namespaces.len(), 2);
        assert_eq!(contents_of(&json!({"metadata": {}})), None);
    }
}
