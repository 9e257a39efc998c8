//! The story of an upgrade: release N with Headscale 0.28 and a worker in its mesh, then N+1 with 0.29. Nothing is lost, and what happens is
//! what `plan` said.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::FutureExt as _;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::sleep;

use super::apply::apply;
use super::backend::{self, Backend};
use super::headscale::{Headscale, Parts, health, join, node_port, recipe};
use super::kubectl::Kubectl;
use super::own::rendered;
use super::report::{Recorder, Report, Seen};
use super::steps::{Action as Act, List, Stage, play};
use super::web;
use crate::diag::{Error, ObjectRef, Progress, Result};
use crate::lab::{Image, Lab, LabOptions, NodeInfo};
use crate::live::{self, Action, Connection, Plan, PlanOptions};
use crate::manifest::Release;
use crate::process::interrupted;

const STEPS: &str = include_str!("steps/upgrade.json");

/// The NodePort of the pods that are asked all the while, and what they say before and after.
const WEB: u16 = 30081;
const OLD: &str = "old";
const NEW: &str = "new";
const POLL: Duration = Duration::from_millis(20);

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 3] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the images hold the real headscale 0.28 and 0.29, built here from their Go modules: they are not upstream's images",
    "volumes are made by the lab, under the name of k3s' local-path-provisioner",
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn upgrade(lab: &LabOptions, progress: &dyn Progress) -> Result<Report> {
    let (list, actions) = (steps()?, actions());
    let parts = Parts::find(&lab.places)?;
    let [_] = lab.places.find_all(["headscale-0.28"])?;
    let (old, new) = (rendered(&cluster(false))?, rendered(&cluster(true))?);
    let images = [recipe(&old, "headscale-0.28")?, recipe(&new, &parts.headscale)?, backend::image()].map(Image::Recipe).to_vec();
    let options = LabOptions { workers: 1, images, ..lab.clone() };
    let mut recorder = Recorder::new("upgrade", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let kubectl = Kubectl { program: parts.kubectl.clone(), kubeconfig: lab.kubeconfig().to_owned() };
    let connection = Connection { client: lab.client(), context: "lab".to_owned(), version: lab.version().to_owned() };
    let (user, key, plan, before) = (0, String::new(), None, None);
    let mut story = Story { lab, parts, kubectl, connection, old, new, progress, user, key, plan, before };
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = play(&list, &actions, &mut recorder, &mut story) => told,
    };
    let stopped = recorder.step("the lab is gone", async { story.lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// Release N, or the one after it: another Headscale, pods that say something else and are more, a changed, a new and a removed ConfigMap.
fn cluster(is_new: bool) -> Value {
    let web = Backend {
        name: "web",
        namespace: "shop",
        word: if is_new { NEW } else { OLD },
        replicas: if is_new { 3 } else { 2 },
        node_port: Some(WEB),
    };
    let map = |name: &str, value: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": {"value": value}});
    let mut objects = web.objects().to_vec();
    objects.push(map("settings", if is_new { NEW } else { OLD }));
    objects.push(map("stays", "always"));
    objects.push(map(if is_new { "comes" } else { "goes" }, "once"));
    json!({
        "cluster": {"name": "lab", "namespaces": [{"name": "shop"}]},
        "nodes": [{"name": "primer", "role": "server", "address": node_port().ip()}, {"name": "worker-1", "mesh": {"type": "tailscale"}}],
        "headscale": {"version": if is_new { "0.29" } else { "0.28" }, "disableCheckUpdates": true},
        "extraObjects": objects,
    })
}

fn steps() -> Result<List> {
    List::read(STEPS, &actions().map(|(id, _)| id))
}

fn actions<'p>() -> [(&'static str, Act<Story<'p>>); 9] {
    [
        ("release", |story| apply(&story.lab, &story.old, story.progress).boxed_local()),
        ("user", |story| story.user().boxed_local()),
        ("key", |story| story.key().boxed_local()),
        ("joined", |story| story.joined().boxed_local()),
        ("planned", |story| story.planned().boxed_local()),
        ("looked", |story| story.looked().boxed_local()),
        ("smaller", |story| story.applied().boxed_local()),
        ("as_planned", |story| story.as_planned().boxed_local()),
        ("kept", |story| story.kept().boxed_local()),
    ]
}

struct Story<'p> {
    lab: Lab,
    parts: Parts,
    kubectl: Kubectl,
    connection: Connection,
    old: Release,
    new: Release,
    progress: &'p dyn Progress,
    /// Whose nodes they are.
    user: u64,
    key: String,
    /// From the old release to the new one, and what there was before it.
    plan: Option<Plan>,
    before: Option<Objects>,
}

impl Stage for Story<'_> {
    fn nodes(&self) -> Vec<NodeInfo> {
        self.lab.nodes()
    }

    fn shell(&self, node: usize, program: &str) -> Result<Command> {
        self.lab.shell(node, program)
    }
}

/// Objects by what they are called: their identity, and what they say without status and the server's own bookkeeping.
type Objects = BTreeMap<ObjectRef, (String, Value)>;

impl Story<'_> {
    fn headscale(&self) -> Headscale<'_> {
        Headscale { kubectl: &self.kubectl }
    }

    async fn user(&mut self) -> Seen<()> {
        let (user, seen) = self.headscale().create_user().await?;
        self.user = user;
        Ok(((), seen))
    }

    async fn key(&mut self) -> Seen<()> {
        let (key, seen) = self.headscale().create_key(self.user).await?;
        self.key = key;
        Ok(((), seen))
    }

    async fn joined(&mut self) -> Seen<()> {
        let headscale = Headscale { kubectl: &self.kubectl };
        let (_, seen) = join(&mut self.lab, &self.parts, &headscale, &self.key, [1]).await?;
        Ok(((), seen))
    }

    async fn planned(&mut self) -> Seen<()> {
        let plan = live::plan(&self.new, &self.connection, &PlanOptions::default(), self.progress).await?;
        let action = |kind: &str, name: &str| {
            let entry = plan.entries.iter().find(|entry| entry.object.kind == kind && entry.object.name == name);
            entry.map_or("nothing", |entry| entry.action.name())
        };
        let said = [
            ("Deployment", "headscale", "change"),
            ("Deployment", "web", "change"),
            ("ConfigMap", "settings", "change"),
            ("ConfigMap", "comes", "create"),
            ("ConfigMap", "goes", "delete"),
            ("ConfigMap", "stays", "unchanged"),
        ];
        for (kind, name, wanted) in said {
            if action(kind, name) != wanted {
                return Err(Error::environment(format!("{kind} `{name}`: {}, not {wanted}", action(kind, name))));
            }
        }
        let counted = |action: Action| format!("{} {}", plan.count(action), action.name());
        let all = [Action::Create, Action::Change, Action::Replace, Action::Delete, Action::Unchanged].map(counted).join(", ");
        self.plan = Some(plan);
        Ok(((), Some(all)))
    }

    fn known(&self) -> Result<(&Plan, &Objects)> {
        self.plan.as_ref().zip(self.before.as_ref()).ok_or_else(|| Error::internal("nothing was planned or looked at"))
    }

    async fn looked(&mut self) -> Seen<()> {
        let plan = self.plan.as_ref().ok_or_else(|| Error::internal("nothing was planned"))?;
        let (before, seen) = self.look(plan).await?;
        self.before = Some(before);
        Ok(((), seen))
    }

    /// All objects that the plan names, as far as they are there.
    async fn look(&self, plan: &Plan) -> Seen<Objects> {
        let named: Vec<Value> = plan
            .entries
            .iter()
            .map(|entry| {
                let object = &entry.object;
                json!({"apiVersion": object.api_version, "kind": object.kind, "metadata": {"name": object.name, "namespace": object.namespace}})
            })
            .collect();
        let file = self.lab.scratch().join("objects.json");
        let list = json!({"apiVersion": "v1", "kind": "List", "items": named});
        std::fs::write(&file, list.to_string()).map_err(|cause| Error::environment("cannot write a list").caused_by(cause))?;
        let file = file.display().to_string();
        let said = self.kubectl.json(&["get", "--ignore-not-found", "--output=json", "--filename", &file]).await?;
        let objects: Objects = said["items"].as_array().into_iter().flatten().filter_map(object).collect();
        let seen = format!("{} of {} objects are there", objects.len(), plan.entries.len());
        Ok((objects, Some(seen)))
    }

    /// All the while somebody asks the pods of which there are several.
    async fn applied(&mut self) -> Seen<()> {
        let forward = self.lab.forward(SocketAddr::new(node_port().ip(), WEB), 0).await?;
        let done = Cell::new(false);
        let asking = async {
            let mut answers: BTreeMap<String, usize> = BTreeMap::new();
            while !done.get() {
                let answer = match web::get(forward.port, "/").await {
                    Ok((200, body)) => body.trim().trim_end_matches(" /").to_owned(),
                    other => format!("failed: {other:?}"),
                };
                *answers.entry(answer).or_default() += 1;
                sleep(POLL).await;
            }
            answers
        };
        let applying = async {
            let applied = apply(&self.lab, &self.new, self.progress).await;
            done.set(true);
            applied
        };
        let (answers, applied) = tokio::join!(asking, applying);
        let ((), seen) = applied?;
        if answers.keys().eq([NEW, OLD]) {
            let count = |word: &str| answers.get(word).copied().unwrap_or_default();
            Ok((
                (),
                Some(format!(
                    "{}; {} requests answered `{OLD}`, {} `{NEW}`, none failed",
                    seen.unwrap_or_default(),
                    count(OLD),
                    count(NEW)
                )),
            ))
        } else {
            Err(Error::environment("not all requests were answered, or not by both").caused_by(format!("{answers:?}")))
        }
    }

    async fn as_planned(&mut self) -> Seen<()> {
        let (plan, before) = self.known()?;
        let (after, _) = self.look(plan).await?;
        let wrong: Vec<String> = plan
            .entries
            .iter()
            .filter(|entry| {
                let (old, new) = (before.get(&entry.object), after.get(&entry.object));
                let same_object = old.zip(new).is_some_and(|(old, new)| old.0 == new.0);
                !match entry.action {
                    Action::Create => old.is_none() && new.is_some(),
                    Action::Change => same_object && old != new,
                    Action::Replace => old.zip(new).is_some_and(|(old, new)| old.0 != new.0),
                    Action::Delete => old.is_some() && new.is_none(),
                    Action::Keep | Action::Unchanged => same_object && old == new,
                }
            })
            .map(|entry| format!("{} `{}` was to {}", entry.object.kind, entry.object.name, entry.action.name()))
            .collect();
        if !wrong.is_empty() {
            return Err(Error::environment(wrong.join("; ")));
        }
        let again = live::plan(&self.new, &self.connection, &PlanOptions::default(), self.progress).await?;
        if again.is_empty() {
            Ok(((), Some(format!("{} of {} objects; a second plan has nothing to do", plan.entries.len(), plan.entries.len()))))
        } else {
            Err(Error::environment("a second plan has something to do").caused_by(again.to_json()["summary"].to_string()))
        }
    }

    /// The volume is the same one, and so is what Headscale has in it; the worker is back by itself.
    async fn kept(&mut self) -> Seen<()> {
        let ((_, before), headscale, user) = (self.known()?, self.headscale(), self.user);
        let forward = self.lab.forward(node_port(), 0).await?;
        health(&forward).await?;
        let users = headscale.user_names().await?;
        let ((), online) = headscale.wait_for_online(1).await?;
        let claims = before.iter().filter(|(object, _)| object.kind == "PersistentVolumeClaim");
        let volumes: Vec<&str> = claims.filter_map(|(_, (_, claim))| claim["spec"]["volumeName"].as_str()).collect();
        let image =
            ["--namespace=headscale", "get", "deployment", "headscale", "--output=jsonpath={.spec.template.spec.containers[0].image}"];
        let image = self.kubectl.run(&image).await?;
        if users.iter().any(|(id, _)| *id == user) && volumes.len() == 1 && image.contains("0.29") {
            let seen = format!(
                "the user has id {user} as before, {}, the volume is {}; the image is {image}",
                online.unwrap_or_default(),
                volumes[0]
            );
            Ok(((), Some(seen)))
        } else {
            Err(Error::environment(format!("users {users:?}, volumes {volumes:?}, image {image}")))
        }
    }
}

fn object(value: &Value) -> Option<(ObjectRef, (String, Value))> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
    let reference = ObjectRef {
        api_version: text("/apiVersion")?,
        kind: text("/kind")?,
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name")?,
    };
    let uid = text("/metadata/uid")?;
    let mut content = value.as_object()?.clone();
    content.remove("status");
    let metadata = value.get("metadata")?;
    let mut annotations = metadata["annotations"].as_object().cloned().unwrap_or_default();
    // The controller counts there.
    annotations.remove("deployment.kubernetes.io/revision");
    content.insert("metadata".to_owned(), json!({"labels": metadata["labels"], "annotations": annotations}));
    Some((reference, (uid, Value::Object(content))))
}

#[cfg(test)]
mod tests {
    #[test]
    fn its_list_and_its_actions_go_together() {
        super::steps().expect("a good list");
    }
}
