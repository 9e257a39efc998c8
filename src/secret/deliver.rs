//! Values into the cluster: Secrets by server-side apply, and new pods for the workloads that use what changed.
//!
//! Everything is decrypted before the cluster is asked for anything. A record in the cluster says which values were delivered last: it
//! shows files that are older, Secrets that left the config, and which workloads still run with a former value when a delivery was killed.

mod payload;
mod record;
mod restart;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use zeroize::Zeroize;

use super::index_key::IndexKey;
use super::{Plain, Session};
use crate::config::DeliveredSecret;
use crate::diag::{Error, Finding, Progress, Result};
use crate::live::{Connection, Kind, Objects, Place, Put};
use record::Record;

pub(super) use payload::ID;

/// The name under which the fields of delivered Secrets, and the annotation of workloads, are owned. `apply` owns its fields under another
/// one, so neither takes away what the other wrote.
const MANAGER: &str = "manifestgen-secrets";

/// Everything that is to be in the cluster, decrypted.
#[derive(Debug)]
pub struct Delivery {
    /// The cluster's name.
    cluster: String,
    generation: u64,
    key: IndexKey,
    secrets: Vec<Ready>,
}

/// The values of a Secret by their keys.
pub type Values = BTreeMap<String, Plain>;

/// Decrypts the values of one Secret.
///
/// # Errors
/// As [`Delivery::prepare`].
pub fn values_of(session: &Session<'_>, secret: &DeliveredSecret) -> Result<Values> {
    Ok(payload::of(session, vec![secret.clone()])?.into_iter().flat_map(|ready| ready.data).collect())
}

/// One Secret.
#[derive(Debug)]
struct Ready {
    what: DeliveredSecret,
    data: Values,
    /// For each key a name of its value that tells nothing about it.
    ids: BTreeMap<String, String>,
}

impl Ready {
    fn name(&self) -> String {
        format!("{}/{}", self.what.namespace, self.what.name)
    }

    fn place(&self) -> Place<'_> {
        Place { kind: Kind::Secret, namespace: &self.what.namespace, name: &self.what.name }
    }
}

/// How values are delivered.
#[derive(Debug, Clone)]
pub struct DeliverOptions {
    /// Where the record is.
    pub state_namespace: String,
    /// Whether files are delivered that are older than those of the last time, or protected by a key that nobody knows here.
    pub trust: bool,
    /// Whether fields that others own are taken from them.
    pub force_conflicts: bool,
    /// Whether Secrets that left the config are deleted.
    pub prune: bool,
    /// Whether workloads that use what changed get new pods.
    pub restart: bool,
}

/// What a delivery came to.
#[derive(Debug, Default)]
pub struct Delivered {
    /// How many Secrets there are.
    pub total: usize,
    /// How many of them were created or changed.
    pub changed: usize,
    /// How many left the config.
    pub removed: usize,
    /// Why something was not done.
    pub findings: Vec<Finding>,
}

impl Delivery {
    /// Decrypts everything that goes into the cluster.
    ///
    /// # Errors
    /// Usage, when nothing goes there or an identity does not read a file; environment, for a file that is not the one written last.
    pub fn prepare(session: &Session<'_>) -> Result<Self> {
        let secrets = session.cluster.delivered_secrets();
        if secrets.is_empty() {
            return Err(Error::usage("no secret of the cluster file goes into the cluster")
                .hint("`deliver: [{type: kubernetes, …}]` of a secret says where: `manifestgen explain secrets`"));
        }
        let (generation, key) = session.state();
        let secrets = payload::of(session, secrets)?;
        Ok(Self { cluster: session.cluster.cluster.name.to_string(), generation, key: key.clone(), secrets })
    }
}

/// Delivers. What could not be delivered is in the findings; the rest was.
///
/// # Errors
/// Environment: the cluster does not answer or does not allow it, or the files are older than those that were delivered last.
pub async fn deliver(delivery: &Delivery, connection: &Connection, options: &DeliverOptions, progress: &dyn Progress) -> Result<Delivered> {
    let objects = Objects::new(connection, MANAGER);
    let mut record = Record::read(&objects, &options.state_namespace, &delivery.cluster).await?;
    if !options.trust {
        record.check(delivery)?;
    }
    let mut done = Delivered { total: delivery.secrets.len(), ..Delivered::default() };
    done.findings.extend(namespaces(delivery, &objects, progress).await?);
    if !done.findings.is_empty() {
        return Ok(done);
    }
    progress.step(&format!("delivering {} Secrets", delivery.secrets.len()));
    let mut changed = restart::Changed::new();
    let mut good: Vec<&Ready> = Vec::new();
    for ready in &delivery.secrets {
        let place = ready.place();
        let before = objects.metadata(place).await?;
        let mut value = body(delivery, ready);
        let put = objects.apply(place, &value, options.force_conflicts).await;
        wipe(&mut value);
        let after = match put? {
            Put::Done(after) => after,
            Put::Refused(findings) => {
                done.findings.extend(findings.into_iter().map(|finding| finding.with_config_path(ready.what.origin.clone())));
                continue;
            }
        };
        let version = |object: &Value| object.pointer("/metadata/resourceVersion").cloned();
        let word = match &before {
            None => Some("created"),
            Some(before) if version(before) != version(&after) => Some("changed"),
            Some(_) => None,
        };
        if let Some(word) = word {
            done.changed += 1;
            progress.note(&format!("{word} Secret {}", ready.name()));
        }
        let unknown = BTreeMap::new();
        let former = match record.values(&ready.name()) {
            Some(former) => former,
            // It was there before the record: pods may have whatever it held.
            None if word == Some("changed") => &unknown,
            None => &ready.ids,
        };
        if *former != ready.ids {
            let keys = ready.ids.iter().filter(|(key, id)| former.get(*key) != Some(id)).map(|(key, _)| key.clone());
            changed.insert((ready.what.namespace.as_str(), ready.what.name.as_str()), keys.collect());
        }
        good.push(ready);
    }
    // What is not done is not recorded, so that the next delivery does it.
    let mut undone: BTreeSet<String> = BTreeSet::new();
    if options.restart {
        for (name, finding) in restart::restart(&objects, &good, &changed, progress).await? {
            undone.insert(name);
            done.findings.push(finding);
        }
    } else {
        undone.extend(changed.keys().map(|(namespace, name)| format!("{namespace}/{name}")));
    }
    let known: BTreeSet<String> = delivery.secrets.iter().map(Ready::name).collect();
    if options.prune {
        for name in record.others(&known) {
            let refused = remove(&objects, &name, progress).await?;
            if refused.is_empty() {
                done.removed += 1;
                record.forget(&name);
            }
            done.findings.extend(refused);
        }
    }
    for ready in good {
        let name = ready.name();
        let values = if undone.contains(&name) { record.values(&name).cloned().unwrap_or_default() } else { ready.ids.clone() };
        record.note(name, values);
    }
    // A delivery in part leaves what the record says about the whole.
    if done.findings.is_empty() {
        record.seal(delivery);
    }
    done.findings.extend(record.write(&objects).await?);
    Ok(done)
}

/// Makes the namespaces that are not there yet: values come before the release, whose pods wait for them.
async fn namespaces(delivery: &Delivery, objects: &Objects, progress: &dyn Progress) -> Result<Vec<Finding>> {
    let names: BTreeSet<&str> = delivery.secrets.iter().map(|ready| ready.what.namespace.as_str()).collect();
    let mut findings = Vec::new();
    for name in names {
        let place = Place { kind: Kind::Namespace, namespace: "", name };
        if objects.metadata(place).await?.is_some() {
            continue;
        }
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        match objects.apply(place, &namespace, false).await? {
            Put::Done(_) => progress.note(&format!("created Namespace {name}")),
            Put::Refused(refused) => findings.extend(refused),
        }
    }
    Ok(findings)
}

/// What is sent.
fn body(delivery: &Delivery, ready: &Ready) -> Value {
    let what = &ready.what;
    let mut labels: BTreeMap<&str, &str> =
        [("app.kubernetes.io/managed-by", "manifestgen"), ("app.kubernetes.io/part-of", delivery.cluster.as_str())].into();
    labels.extend(what.labels.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let mut data: BTreeMap<&str, String> =
        ready.data.iter().map(|(key, value)| (key.as_str(), BASE64_STANDARD.encode(value.bytes()))).collect();
    data.extend(what.plain.iter().map(|(key, value)| (key.as_str(), BASE64_STANDARD.encode(value))));
    json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": what.name, "namespace": what.namespace, "labels": labels},
        "type": what.secret_type,
        "data": data,
    })
}

fn wipe(secret: &mut Value) {
    for value in secret["data"].as_object_mut().into_iter().flat_map(|data| data.values_mut()) {
        if let Value::String(text) = value {
            text.zeroize();
        }
    }
}

/// Deletes a Secret that left the config, if it still is one that was delivered. Of one that others put something into, only what is ours goes:
/// Argo CD keeps its own keys in such Secrets.
async fn remove(objects: &Objects, name: &str, progress: &dyn Progress) -> Result<Vec<Finding>> {
    let Some((namespace, short)) = name.split_once('/') else { return Ok(Vec::new()) };
    let place = Place { kind: Kind::Secret, namespace, name: short };
    let Some(live) = objects.metadata(place).await?.filter(|live| objects.is_own(live)) else { return Ok(Vec::new()) };
    let uid = live.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    if objects.is_shared(&live) {
        let nothing = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": short, "namespace": namespace, "uid": uid}});
        if let Put::Refused(findings) = objects.apply(place, &nothing, false).await? {
            return Ok(findings);
        }
        progress.note(&format!("took the keys that left the cluster file out of Secret {name}, which others use too"));
    } else {
        objects.delete(place, uid).await?;
        progress.note(&format!("deleted Secret {name}, which left the cluster file"));
    }
    Ok(Vec::new())
}
