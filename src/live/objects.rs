//! Single objects of a cluster, for rooms that keep some of their own: read, applied under a field manager, deleted.

use kube::Client;
use serde_json::Value;

use super::Connection;
use super::delete::delete;
use super::plan::conflicts;
use super::refusal::causes;
use super::request::{APPLY, Answer, Call, allowed, get, refused, segment, send};
use crate::diag::{Finding, ObjectRef, Result};

/// Only the metadata of an object (`meta.k8s.io/v1`), so that the values of a Secret stay where they are.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Objects on a page: what kubectl asks for at once.
const PAGE: usize = 500;

/// The kinds that are read or written in this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `v1`
    Namespace,
    /// `v1`
    ConfigMap,
    /// `v1`
    Secret,
    /// `apps/v1`
    Deployment,
    /// `apps/v1`
    StatefulSet,
    /// `apps/v1`
    DaemonSet,
}

impl Kind {
    /// Group and version.
    #[must_use]
    pub const fn api_version(self) -> &'static str {
        match self {
            Self::Namespace | Self::ConfigMap | Self::Secret => "v1",
            Self::Deployment | Self::StatefulSet | Self::DaemonSet => "apps/v1",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }

    const fn plural(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::ConfigMap => "configmaps",
            Self::Secret => "secrets",
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
        }
    }

    /// The path of all objects of the kind in a namespace; an empty namespace for a kind that has none.
    fn path(self, namespace: &str) -> String {
        let root = if self.api_version().contains('/') { "/apis" } else { "/api" };
        let namespace = if namespace.is_empty() { String::new() } else { format!("/namespaces/{}", segment(namespace)) };
        format!("{root}/{}{namespace}/{}", self.api_version(), self.plural())
    }
}

/// One object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its kind.
    pub kind: Kind,
    /// Its namespace; empty for a kind that has none.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl Place<'_> {
    fn path(&self) -> String {
        format!("{}/{}", self.kind.path(self.namespace), segment(self.name))
    }

    /// The object, for a finding.
    #[must_use]
    pub fn reference(&self) -> ObjectRef {
        ObjectRef {
            api_version: self.kind.api_version().to_owned(),
            kind: self.kind.name().to_owned(),
            namespace: Some(self.namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
            name: self.name.to_owned(),
        }
    }
}

/// What applying an object came to.
#[derive(Debug)]
pub enum Put {
    /// It is there; its metadata.
    Done(Value),
    /// The server, or another owner of a field, is against it.
    Refused(Vec<Finding>),
}

/// The objects of a cluster under one field manager.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    manager: &'static str,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Objects").field("manager", &self.manager).finish_non_exhaustive()
    }
}

impl Objects {
    /// Writes under the name `manager`, which owns the fields.
    #[must_use]
    pub fn new(connection: &Connection, manager: &'static str) -> Self {
        Self { client: connection.client.clone(), manager }
    }

    /// An object; none when it is not there.
    ///
    /// # Errors
    /// Environment errors.
    pub async fn get(&self, place: Place<'_>) -> Result<Option<Value>> {
        get(&self.client, &place.path()).await
    }

    /// The metadata of an object, under `metadata`; none when it is not there.
    ///
    /// # Errors
    /// Environment errors.
    pub async fn metadata(&self, place: Place<'_>) -> Result<Option<Value>> {
        let answer = send(&self.client, &Call { accept: METADATA, ..Call::get(&place.path()) }).await?;
        match answer.code {
            404 => Ok(None),
            _ if answer.is_good() => Ok(Some(answer.object())),
            _ => Err(refused(&answer.status())),
        }
    }

    /// All objects of a kind in a namespace. The entries of a list have neither `kind` nor `apiVersion`: they are put back.
    ///
    /// # Errors
    /// Environment errors.
    pub async fn list(&self, kind: Kind, namespace: &str) -> Result<Vec<Value>> {
        let (mut items, mut next) = (Vec::new(), String::new());
        loop {
            let path = format!("{}?limit={PAGE}&continue={}", kind.path(namespace), segment(&next));
            let answer = send(&self.client, &Call::get(&path)).await?;
            if answer.code == 410 {
                // The page's continuation is too old: begin again.
                items.clear();
                next.clear();
                continue;
            }
            if !answer.is_good() {
                return Err(refused(&answer.status()));
            }
            let mut page = answer.object();
            for mut item in page.get_mut("items").and_then(Value::as_array_mut).into_iter().flat_map(std::mem::take) {
                item["apiVersion"] = kind.api_version().into();
                item["kind"] = kind.name().into();
                items.push(item);
            }
            match page.pointer("/metadata/continue").and_then(Value::as_str).filter(|more| !more.is_empty()) {
                Some(more) => more.clone_into(&mut next),
                None => return Ok(items),
            }
        }
    }

    /// Applies an object, or the fields of one that is there. Fields that others own are taken from them only by force.
    ///
    /// # Errors
    /// Environment errors.
    pub async fn apply(&self, place: Place<'_>, object: &Value, force: bool) -> Result<Put> {
        let path = format!("{}?fieldManager={}&fieldValidation=Strict&force={force}", place.path(), self.manager);
        let answer = allowed(send(&self.client, &Call { accept: METADATA, ..Call::with("PATCH", &path, APPLY, object) }).await?)?;
        if answer.is_good() {
            return Ok(Put::Done(answer.object()));
        }
        Ok(Put::Refused(findings(&answer, place, object)))
    }

    /// Deletes the object with this uid, and no other of its name.
    ///
    /// # Errors
    /// Environment errors.
    pub async fn delete(&self, place: Place<'_>, uid: &str) -> Result<()> {
        delete(&self.client, &place.path(), Some(uid)).await.map(|_| ())
    }

    /// Whether others put something into an object.
    #[must_use]
    pub fn is_shared(&self, object: &Value) -> bool {
        super::fields::entries(object).iter().any(|entry| entry["manager"] != self.manager)
    }

    /// Whether an object was applied by this manager.
    #[must_use]
    pub fn is_own(&self, object: &Value) -> bool {
        super::fields::entries(object).iter().any(|entry| entry["manager"] == self.manager && entry["operation"] == "Apply")
    }
}

fn findings(answer: &Answer, place: Place<'_>, object: &Value) -> Vec<Finding> {
    let status = answer.status();
    if let Some(conflicts) = conflicts(&status) {
        let finding = |conflict: super::Conflict| {
            Finding::error("live/conflict", format!("`{}` belongs to `{}`", conflict.field, conflict.manager))
                .with_object(place.reference())
                .with_hint("take it over with `--force-conflicts`")
        };
        return conflicts.into_iter().map(finding).collect();
    }
    causes(&status, object).into_iter().map(|cause| cause.error(place.reference())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_api() {
        let place = |kind, namespace, name| Place { kind, namespace, name }.path();
        assert_eq!(place(Kind::Namespace, "", "a b"), "/api/v1/namespaces/a%20b");
        assert_eq!(place(Kind::Secret, "shop", "mail"), "/api/v1/namespaces/shop/secrets/mail");
        assert_eq!(place(Kind::DaemonSet, "shop", "x"), "/apis/apps/v1/namespaces/shop/daemonsets/x");
    }
}
