//! What was delivered last: a `ConfigMap` of the cluster, without any value.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Delivery;
use crate::diag::{Error, Finding, Result};
use crate::live::{Kind, Objects, Place, Put};

const KEY: &str = "delivered.json";

/// What was delivered last.
#[derive(Debug)]
pub(super) struct Record {
    namespace: String,
    name: String,
    said: Said,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Said {
    /// The name of the index' key.
    key: String,
    /// The index' generation.
    generation: u64,
    /// For each Secret, as `NAMESPACE/NAME`, its keys and the names of their values.
    secrets: BTreeMap<String, BTreeMap<String, String>>,
}

impl Record {
    pub(super) async fn read(objects: &Objects, namespace: &str, cluster: &str) -> Result<Self> {
        // A release has no dot in its name, so this is nobody's inventory.
        let name = format!("manifestgen-secrets.{cluster}");
        let place = Place { kind: Kind::ConfigMap, namespace, name: &name };
        let said = match objects.get(place).await? {
            None => Said::default(),
            Some(live) => live.pointer("/data").and_then(|data| serde_json::from_str(data[KEY].as_str()?).ok()).ok_or_else(|| {
                Error::environment(format!("the ConfigMap `{namespace}/{name}`, which says what was delivered last, is damaged"))
                    .hint("delete it: nothing then shows whether the files are older, and no workload is restarted for what changed since")
            })?,
        };
        Ok(Self { namespace: namespace.to_owned(), name, said })
    }

    /// Refuses files that are older than those that were delivered last, or that somebody without their key made.
    pub(super) fn check(&self, delivery: &Delivery) -> Result<()> {
        let said = &self.said;
        if said.key.is_empty() {
            return Ok(());
        }
        let complaint = if !delivery.key.descends_from(&said.key) {
            "the index is protected by another key than when the cluster's Secrets were delivered last".to_owned()
        } else if delivery.generation < said.generation {
            let (now, then) = (delivery.generation, said.generation);
            format!("the files are older than those that were delivered last (change {now}, the cluster has {then})")
        } else {
            return Ok(());
        };
        Err(Error::environment(complaint)
            .hint("bring the newest files here, from version control for instance")
            .hint("`--trust` delivers these all the same; look at each value first"))
    }

    /// The values that a Secret was delivered with.
    pub(super) fn values(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        self.said.secrets.get(name)
    }

    /// The Secrets that were delivered and are not among these.
    pub(super) fn others(&self, known: &BTreeSet<String>) -> Vec<String> {
        self.said.secrets.keys().filter(|name| !known.contains(*name)).cloned().collect()
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.said.secrets.remove(name);
    }

    pub(super) fn note(&mut self, name: String, values: BTreeMap<String, String>) {
        self.said.secrets.insert(name, values);
    }

    /// Says that a delivery is complete.
    pub(super) fn seal(&mut self, delivery: &Delivery) {
        self.said.key = delivery.key.fingerprint();
        self.said.generation = delivery.generation;
    }

    pub(super) async fn write(&self, objects: &Objects) -> Result<Vec<Finding>> {
        let text = serde_json::to_string(&self.said).map_err(|cause| Error::internal("the record does not serialize").caused_by(cause))?;
        let value: Value = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": {"app.kubernetes.io/managed-by": "manifestgen"}},
            "data": {KEY: text},
        });
        let place = Place { kind: Kind::ConfigMap, namespace: &self.namespace, name: &self.name };
        // Nobody else has a reason to write it.
        Ok(match objects.apply(place, &value, true).await? {
            Put::Done(_) => Vec::new(),
            Put::Refused(findings) => findings,
        })
    }
}
