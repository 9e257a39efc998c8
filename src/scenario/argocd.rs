//! The story of a throw-away Argo CD: deployed, all of it running and answering, an application synced, and gone.

mod images;
mod repository;

use futures_util::future::FutureExt as _;
use serde_json::json;
use tokio::process::Command;

use super::apply::apply;
use super::kubectl::Kubectl;
use super::report::{Recorder, Report, Seen};
use super::steps::{Action, List, Stage, play};
use crate::config::Cluster;
use crate::diag::{Error, Progress, Result};
use crate::lab::{Image, Lab, LabOptions, NodeInfo};
use crate::manifest::Release;
use crate::process::interrupted;
use crate::render::{Selection, render};

const NAMESPACE: &str = "argocd";
const APPLICATION: &str = "hello";

const STEPS: &str = include_str!("steps/argocd.json");

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 5] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the image holds the real argocd, built here from its Go module (without the files of the web UI), beside this machine's git: it is \
     not upstream's image, and it checks no GnuPG signatures",
    "redis is this machine's package in an image of its own, not the version that Argo CD names",
    "dex is not there: without a dex configuration its pod only waits, in upstream's image, too",
    "the Git server is `git daemon` in a pod of the lab",
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn argocd(lab: &LabOptions, progress: &dyn Progress) -> Result<Report> {
    let [kubectl, _] = lab.places.find_all(["kubectl", "curl"])?;
    let (list, actions, releases) = (steps()?, actions(), Releases::new()?);
    let mut recipes = images::of(&releases.whole)?;
    recipes.push(repository::image());
    let options = LabOptions { images: recipes.into_iter().map(Image::Recipe).collect(), ..lab.clone() };
    let mut recorder = Recorder::new("argocd", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let kubectl = Kubectl { program: kubectl, kubeconfig: lab.kubeconfig().to_owned() };
    let mut story = Story { lab, releases, kubectl, progress };
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = play(&list, &actions, &mut recorder, &mut story) => told,
    };
    let stopped = recorder.step("the lab is gone", async { story.lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// The releases of the story, one after the other.
struct Releases {
    /// Argo CD alone. An Application that it meets before its repository server answers is only compared again after minutes.
    install: Release,
    /// The same with the Application.
    whole: Release,
}

impl Releases {
    fn new() -> Result<Self> {
        let cluster = cluster()?;
        let with = |components: &[&str]| render(&cluster, &Selection { only: components.iter().copied().map(ToOwned::to_owned).collect() });
        Ok(Self { install: with(&["base", "argocd"])?, whole: with(&["base", "argocd", "application"])? })
    }
}

fn cluster() -> Result<Cluster> {
    let application = json!({"name": APPLICATION, "namespace": APPLICATION, "repoURL": repository::URL});
    let cluster = json!({
        "cluster": {"name": "lab"},
        "argocd": {},
        "applications": [application],
    });
    serde_json::from_value(cluster).map_err(|cause| Error::internal("the scenario's cluster is none").caused_by(cause))
}

fn steps() -> Result<List> {
    List::read(STEPS, &actions().map(|(id, _)| id))
}

/// A running lab, and what is brought to it.
struct Story<'p> {
    lab: Lab,
    releases: Releases,
    kubectl: Kubectl,
    progress: &'p dyn Progress,
}

impl Stage for Story<'_> {
    fn nodes(&self) -> Vec<NodeInfo> {
        self.lab.nodes()
    }

    fn shell(&self, node: usize, program: &str) -> Result<Command> {
        self.lab.shell(node, program)
    }
}

fn actions<'p>() -> [(&'static str, Action<Story<'p>>); 4] {
    [
        ("git", |story| repository::serve(&story.kubectl).boxed_local()),
        ("release", |story| apply(&story.lab, &story.releases.install, story.progress).boxed_local()),
        ("application", |story| apply(&story.lab, &story.releases.whole, story.progress).boxed_local()),
        ("followed", |story| followed(&story.kubectl).boxed_local()),
    ]
}

/// Argo CD asks for news every few minutes; a refresh is what a webhook or the button of its page does.
async fn followed(kubectl: &Kubectl) -> Seen<()> {
    repository::commit(kubectl).await?;
    let refresh = ["annotate", "application", APPLICATION, "--overwrite", "argocd.argoproj.io/refresh=normal"];
    kubectl.run(&[&["--namespace", NAMESPACE], &refresh[..]].concat()).await?;
    Ok(((), None))
}

#[cfg(test)]
mod tests {
    #[test]
    fn its_list_and_its_actions_go_together() {
        super::steps().expect("a good list");
    }
}
