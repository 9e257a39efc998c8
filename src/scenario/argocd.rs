//! The story of a throw-away Argo CD: deployed, all of it running and answering, an application synced, and gone.

mod images;
mod repository;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::apply::apply;
use super::kubectl::Kubectl;
use super::report::{Recorder, Report, Seen};
use super::web;
use crate::config::Cluster;
use crate::diag::{Error, Progress, Result};
use crate::lab::{Image, Lab, LabOptions};
use crate::manifest::Release;
use crate::process::interrupted;
use crate::render::{Selection, render};

const NAMESPACE: &str = "argocd";
const APPLICATION: &str = "hello";

const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(500);

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 6] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the image holds the real argocd, built here from its Go module (without the files of the web UI), beside this machine's git: it is \
     not upstream's image, and it checks no GnuPG signatures",
    "redis is this machine's package in an image of its own, not the version that Argo CD names",
    "dex is not there: without a dex configuration its pod only waits, in upstream's image, too",
    "server.insecure is set, so that the answers can be read without TLS",
    "the Git server is `git daemon` in a pod of the lab",
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn argocd(lab: &LabOptions, progress: &dyn Progress) -> Result<Report> {
    let [kubectl] = lab.places.find_all(["kubectl"])?;
    let story = Story::new()?;
    let mut recipes = images::of(&story.whole)?;
    recipes.push(repository::image());
    let options = LabOptions { images: recipes.into_iter().map(Image::Recipe).collect(), ..lab.clone() };
    let mut recorder = Recorder::new("argocd", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = tell(&mut recorder, &lab, &story, kubectl, progress) => told,
    };
    let stopped = recorder.step("the lab is gone", async { lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// The releases of the story, one after the other.
struct Story {
    /// Argo CD alone. An Application that it meets before its repository server answers is only compared again after minutes.
    install: Release,
    /// The same with the Application.
    whole: Release,
}

impl Story {
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
        "argocd": {"server": {"insecure": true}},
        "applications": [application],
    });
    serde_json::from_value(cluster).map_err(|cause| Error::internal("the scenario's cluster is none").caused_by(cause))
}

async fn tell(recorder: &mut Recorder<'_>, lab: &Lab, story: &Story, kubectl: PathBuf, progress: &dyn Progress) -> Result<()> {
    let kubectl = Kubectl { program: kubectl, kubeconfig: lab.kubeconfig().to_owned() };
    let Some(()) = recorder.step("a Git server is up", repository::serve(&kubectl)).await? else { return Ok(()) };
    let Some(()) = recorder.step("the release is applied and healthy", apply(lab, &story.install, progress)).await? else { return Ok(()) };
    let Some(()) = recorder.step("Deployments are available", deployments(&kubectl)).await? else { return Ok(()) };
    let Some(()) = recorder.step("pods run", pods(&kubectl)).await? else { return Ok(()) };
    let Some(()) = recorder.step("/healthz answers", answers(lab, &kubectl, "/healthz?full=true")).await? else { return Ok(()) };
    let Some(()) = recorder.step("/api/version answers", answers(lab, &kubectl, "/api/version")).await? else { return Ok(()) };
    let Some(()) = recorder.step("the application is applied", apply(lab, &story.whole, progress)).await? else { return Ok(()) };
    let Some(()) = recorder.step("the application is synced", synced(&kubectl)).await? else { return Ok(()) };
    recorder.step("a commit is followed", followed(&kubectl)).await?;
    Ok(())
}

async fn list(kubectl: &Kubectl, kind: &str) -> Result<Vec<Value>> {
    let list = kubectl.json(&["--namespace", NAMESPACE, "get", kind, "--output=json"]).await?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

async fn deployments(kubectl: &Kubectl) -> Seen<()> {
    let all = list(kubectl, "deployments").await?;
    let available = all.iter().filter(|one| one["status"]["availableReplicas"] == one["spec"]["replicas"]).count();
    let seen = format!("{available} of {}", all.len());
    if available == 6 && all.len() == 6 { Ok(((), Some(seen))) } else { Err(Error::environment(seen)) }
}

async fn pods(kubectl: &Kubectl) -> Seen<()> {
    let all = list(kubectl, "pods").await?;
    let ready = |pod: &&Value| {
        let containers = pod["status"]["containerStatuses"].as_array();
        pod["status"]["phase"] == "Running" && containers.is_some_and(|all| all.iter().all(|container| container["ready"] == true))
    };
    let running = all.iter().filter(ready).count();
    let seen = format!("{running} of {}", all.len());
    if running == 7 && all.len() == 7 { Ok(((), Some(seen))) } else { Err(Error::environment(seen)) }
}

/// Asks the Service of the server, as `lab port-forward` makes it reachable.
async fn answers(lab: &Lab, kubectl: &Kubectl, path: &str) -> Seen<()> {
    let service = kubectl.json(&["--namespace", NAMESPACE, "get", "service", "argocd-server", "--output=json"]).await?;
    let address: Option<IpAddr> = service["spec"]["clusterIP"].as_str().and_then(|address| address.parse().ok());
    let address = address.ok_or_else(|| Error::environment("the Service has no address"))?;
    let forward = lab.forward(SocketAddr::new(address, 80), 0).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match web::get(forward.port, path).await {
            Ok((200, body)) => return Ok(((), Some(format!("200 {}", body.trim())))),
            other if Instant::now() >= deadline => {
                return Err(Error::environment("it does not answer as it should").caused_by(format!("{other:?}")));
            }
            _ => sleep(POLL).await,
        }
    }
}

/// Argo CD says so, and what it made is really there.
async fn synced(kubectl: &Kubectl) -> Seen<()> {
    let application = kubectl.json(&["--namespace", NAMESPACE, "get", "application", APPLICATION, "--output=json"]).await?;
    let text = |pointer: &str| application.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned();
    let state = format!("{} {}", text("/status/sync/status"), text("/status/health/status"));
    if state != "Synced Healthy" {
        return Err(Error::environment(format!("it is {state}")));
    }
    kubectl.run(&["--namespace", APPLICATION, "rollout", "status", "deployment/hello", "--timeout=100s"]).await?;
    let said = greeting(kubectl).await?;
    if said == repository::FIRST {
        Ok(((), Some(format!("{state}, and its pod runs"))))
    } else {
        Err(Error::environment(format!("the ConfigMap says `{said}`")))
    }
}

async fn greeting(kubectl: &Kubectl) -> Result<String> {
    kubectl.run(&["--namespace", APPLICATION, "get", "configmap", "hello", "--output=jsonpath={.data.greeting}"]).await
}

/// Argo CD asks for news every few minutes; a refresh is what a webhook or the button of its page does.
async fn followed(kubectl: &Kubectl) -> Seen<()> {
    repository::commit(kubectl).await?;
    let refresh = ["annotate", "application", APPLICATION, "--overwrite", "argocd.argoproj.io/refresh=normal"];
    kubectl.run(&[&["--namespace", NAMESPACE], &refresh[..]].concat()).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        let said = greeting(kubectl).await?;
        if said == repository::SECOND {
            return Ok(((), Some(format!("the ConfigMap says `{said}`"))));
        }
        if Instant::now() >= deadline {
            return Err(Error::environment(format!("the ConfigMap still says `{said}`")));
        }
        sleep(POLL).await;
    }
}
