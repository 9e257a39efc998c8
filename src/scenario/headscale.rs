//! The story of the primer: Headscale in a pod, workers that join its mesh, and a pod that is killed.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::apply::apply;
use super::kubectl::{Kubectl, output};
use super::report::{Recorder, Report, Seen};
use super::web;
use crate::config::Cluster;
use crate::diag::{Error, Progress, Result};
use crate::lab::{Forward, Image, Lab, LabOptions, Recipe};
use crate::manifest::Release;
use crate::process::{Places, interrupted};
use crate::render::{Selection, render};

/// What the story needs.
#[derive(Debug, Clone)]
pub struct HeadscaleOptions {
    /// The lab; its images and workers are the story's own.
    pub lab: LabOptions,
    /// How many workers join the mesh.
    pub workers: u8,
}

/// The primer's address, which the URL of the server is made of.
const PRIMER: &str = "10.77.0.1";
const NODE_PORT: u16 = 30080;
const USER: &str = "lab";

/// Where the image has the program, as upstream's image does, which is built with ko.
const PROGRAM: &str = "/ko-app/headscale";

const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(300);

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 3] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the image holds the real headscale, built here from its Go module: it is not upstream's image",
    "volumes are made by the lab, under the name of k3s' local-path-provisioner",
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn headscale(options: &HeadscaleOptions, progress: &dyn Progress) -> Result<Report> {
    let places = &options.lab.places;
    let cluster = cluster(options.workers)?;
    let parts = Parts::find(places)?;
    let release = render(&cluster, &Selection { only: vec!["base".to_owned(), "headscale".to_owned()] })?;
    let lab_options =
        LabOptions { workers: options.workers, images: vec![Image::Recipe(recipe(&release, &parts)?)], ..options.lab.clone() };
    let mut recorder = Recorder::new("headscale", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&lab_options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(mut lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = tell(&mut recorder, &mut lab, &release, &parts, usize::from(options.workers), progress) => told,
    };
    let stopped = recorder.step("the lab is gone", async { lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// The programs beside the lab's own.
struct Parts {
    headscale: String,
    kubectl: PathBuf,
    tailscale: PathBuf,
    tailscaled: PathBuf,
}

impl Parts {
    fn find(places: &Places) -> Result<Self> {
        let [kubectl, tailscale, tailscaled] = places.find_all(["kubectl", "tailscale", "tailscaled"])?;
        let names = ["headscale-0.29", "headscale"];
        let headscale = names.into_iter().find(|name| places.find(name).is_some()).ok_or_else(|| {
            Error::environment("cannot find `headscale-0.29`")
                .hint("build it from a checkout of manifestgen: `tests/toolchain/build headscale-0.29`")
        })?;
        let real = |path: PathBuf| path.canonicalize().unwrap_or(path);
        Ok(Self { headscale: headscale.to_owned(), kubectl, tailscale: real(tailscale), tailscaled: real(tailscaled) })
    }
}

/// The primer and its workers, with Headscale as it is by default.
fn cluster(workers: u8) -> Result<Cluster> {
    let mut nodes = vec![json!({"name": "primer", "role": "server", "address": PRIMER})];
    nodes.extend((1..=workers).map(|number| json!({"name": format!("worker-{number}"), "mesh": {"type": "tailscale"}})));
    // Nothing answers outside of the lab.
    let headscale = json!({"disableCheckUpdates": true});
    serde_json::from_value(json!({"cluster": {"name": "lab"}, "nodes": nodes, "headscale": headscale}))
        .map_err(|cause| Error::internal("the scenario's cluster is none").caused_by(cause))
}

/// An image under the name that the release asks for.
fn recipe(release: &Release, parts: &Parts) -> Result<Recipe> {
    let deployment = release.objects().iter().find(|object| object.kind() == "Deployment" && object.name() == "headscale");
    let image = deployment.and_then(|object| object.value().get("spec")?.pointer("/template/spec/containers/0/image")?.as_str());
    let image = image.ok_or_else(|| Error::internal("the release has no Headscale"))?;
    let mut recipe = Recipe::of_program(image, PROGRAM, &parts.headscale);
    recipe.user = Some("65532:65532".to_owned());
    recipe.environment = [("PATH".to_owned(), "/ko-app:/usr/bin:/bin".to_owned())].into();
    Ok(recipe)
}

/// From the release to the killed pod. Ends early where a step fails.
async fn tell(
    recorder: &mut Recorder<'_>,
    lab: &mut Lab,
    release: &Release,
    parts: &Parts,
    workers: usize,
    progress: &dyn Progress,
) -> Result<()> {
    let kubectl = Kubectl { program: parts.kubectl.clone(), kubeconfig: lab.kubeconfig().to_owned() };
    let headscale = Headscale { kubectl: &kubectl };
    let applied = recorder.step("the release is applied and healthy", apply(lab, release, progress)).await?;
    let Some(()) = applied else { return Ok(()) };

    let address: SocketAddr = (PRIMER.parse::<Ipv4Addr>().unwrap_or(Ipv4Addr::LOCALHOST), NODE_PORT).into();
    let forward = lab.forward(address, 0).await?;
    let healthy = recorder.step("/health answers on NodePort 30080", health(&forward)).await?;
    let Some(()) = healthy else { return Ok(()) };

    let Some(user) = recorder.step("a user is made", headscale.create_user()).await? else { return Ok(()) };
    let Some(key) = recorder.step("a pre-auth key is made", headscale.create_key(user)).await? else { return Ok(()) };

    if workers > 0 {
        let joined = recorder.step("the workers join the mesh", join(lab, parts, &headscale, &key, workers)).await?;
        let Some(()) = joined else { return Ok(()) };
        let Some(()) = recorder.step("a worker reaches the other over the mesh", ping(lab, parts, workers)).await? else { return Ok(()) };
    }

    let Some(()) = recorder.step("the pod is killed and another one is ready", kill(&kubectl)).await? else { return Ok(()) };
    recorder.step("the state is kept", kept(&headscale, &forward, user, workers)).await?;
    Ok(())
}

async fn health(forward: &Forward) -> Seen<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match web::get(forward.port, "/health").await {
            Ok((200, body)) => return Ok(((), Some(format!("200 {}", body.trim())))),
            other if Instant::now() >= deadline => {
                return Err(Error::environment("it does not answer").caused_by(format!("{other:?}")));
            }
            _ => sleep(POLL).await,
        }
    }
}

/// The command line inside of the pod.
struct Headscale<'a> {
    kubectl: &'a Kubectl,
}

impl Headscale<'_> {
    async fn run(&self, arguments: &[&str]) -> Result<Value> {
        let inside = ["--namespace=headscale", "exec", "deployment/headscale", "--", "headscale", "--output=json"];
        self.kubectl.json(&[&inside[..], arguments].concat()).await
    }

    async fn create_user(&self) -> Seen<u64> {
        let user = self.run(&["users", "create", USER]).await?;
        let id = user["id"].as_u64().or_else(|| user["id"].as_str()?.parse().ok());
        id.map(|id| (id, Some(format!("`{USER}` with id {id}")))).ok_or_else(|| Error::environment(format!("no id in {user}")))
    }

    /// The key stays out of the report.
    async fn create_key(&self, user: u64) -> Seen<String> {
        let key = self.run(&["preauthkeys", "create", "--user", &user.to_string(), "--reusable", "--expiration", "24h"]).await?;
        let text = key["key"].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
        text.map(|text| (text, None)).ok_or_else(|| Error::environment("no key in the answer"))
    }

    async fn user_names(&self) -> Result<Vec<(u64, String)>> {
        let users = self.run(&["users", "list"]).await?;
        let user = |user: &Value| {
            let id = user["id"].as_u64().or_else(|| user["id"].as_str()?.parse().ok())?;
            Some((id, user["name"].as_str()?.to_owned()))
        };
        Ok(users.as_array().into_iter().flatten().filter_map(user).collect())
    }

    /// Names of the nodes that are connected.
    async fn online(&self) -> Result<Vec<String>> {
        let nodes = self.run(&["nodes", "list"]).await?;
        let online = nodes.as_array().into_iter().flatten().filter(|node| node["online"] == true);
        let mut names: Vec<String> = online.filter_map(|node| Some(node["given_name"].as_str()?.to_owned())).collect();
        names.sort();
        Ok(names)
    }

    async fn wait_for_online(&self, count: usize) -> Seen<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let online = self.online().await;
            match online {
                Ok(names) if names.len() == count => return Ok(((), Some(format!("online: {}", names.join(", "))))),
                other if Instant::now() >= deadline => {
                    return Err(Error::environment(format!("not {count} nodes are online")).caused_by(format!("{other:?}")));
                }
                _ => sleep(POLL).await,
            }
        }
    }
}

/// Each worker's tailscaled joins through the NodePort.
async fn join(lab: &mut Lab, parts: &Parts, headscale: &Headscale<'_>, key: &str, workers: usize) -> Seen<()> {
    for index in 1..=workers {
        let node = lab.nodes()[index].clone();
        write_key(&node.folder.join("auth-key"), key)?;
        let arguments = ["--statedir=/run/tailscale", "--socket=/run/tailscaled.sock", "--no-logs-no-support"];
        lab.run(index, &format!("{}-tailscaled", node.name), &parts.tailscaled, &arguments).await?;
        let (hostname, key) = (format!("--hostname={}", node.name), format!("--auth-key=file:{}/auth-key", node.folder.display()));
        let server = format!("--login-server=http://{PRIMER}:{NODE_PORT}");
        let up = ["up", &server, &key, &hostname, "--accept-dns=false", "--netfilter-mode=off", "--timeout=60s"];
        tailscale(lab, parts, index, &up).await?;
    }
    headscale.wait_for_online(workers).await
}

/// Only for this user, and never in an argument list.
fn write_key(path: &Path, key: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(key.as_bytes())).map_err(|cause| Error::environment("cannot write the key").caused_by(cause))
}

async fn tailscale(lab: &Lab, parts: &Parts, node: usize, arguments: &[&str]) -> Result<String> {
    let deadline = Instant::now() + Duration::from_secs(20);
    // tailscaled makes its socket a moment after it starts.
    while output(command(lab, parts, node, &["status"])?, "tailscale status").await.is_err_and(|error| {
        error.source.as_ref().is_some_and(|cause| cause.to_string().contains("failed to connect to local")) && Instant::now() < deadline
    }) {
        sleep(POLL).await;
    }
    output(command(lab, parts, node, arguments)?, &format!("tailscale {}", arguments[0])).await
}

fn command(lab: &Lab, parts: &Parts, node: usize, arguments: &[&str]) -> Result<tokio::process::Command> {
    let mut command = lab.command(node, &parts.tailscale)?;
    command.arg("--socket=/run/tailscaled.sock").args(arguments);
    Ok(command)
}

/// Over the mesh's own addresses. With one worker there is nobody else.
async fn ping(lab: &Lab, parts: &Parts, workers: usize) -> Seen<()> {
    let target = tailscale(lab, parts, workers, &["ip", "-4"]).await?;
    let target = target.trim();
    if workers == 1 {
        return Ok(((), Some(format!("only one worker, {target}: nobody to reach"))));
    }
    let said = tailscale(lab, parts, 1, &["ping", "--c=10", "--until-direct=false", target]).await?;
    Ok(((), Some(said.lines().last().unwrap_or_default().to_owned())))
}

async fn kill(kubectl: &Kubectl) -> Seen<()> {
    let pods = [
        "--namespace=headscale",
        "get",
        "pods",
        "--selector=app.kubernetes.io/name=headscale",
        "--output=jsonpath={.items[*].metadata.name}",
    ];
    let before = kubectl.run(&pods).await?;
    kubectl.run(&["--namespace=headscale", "delete", "pod", before.trim(), "--force", "--grace-period=0"]).await?;
    kubectl.run(&["--namespace=headscale", "rollout", "status", "deployment/headscale", "--timeout=100s"]).await?;
    let after = kubectl.run(&pods).await?;
    if after.trim().is_empty() || after == before {
        return Err(Error::environment(format!("`{before}` is still there")));
    }
    Ok(((), Some(format!("{} is followed by {}", before.trim(), after.trim()))))
}

/// The user is the same, and the workers come back by themselves.
async fn kept(headscale: &Headscale<'_>, forward: &Forward, user: u64, workers: usize) -> Seen<()> {
    health(forward).await?;
    let users = headscale.user_names().await?;
    if !users.contains(&(user, USER.to_owned())) {
        return Err(Error::environment(format!("the user is gone; there are {users:?}")));
    }
    let ((), online) = headscale.wait_for_online(workers).await?;
    Ok(((), Some(format!("user `{USER}` is there; {}", online.unwrap_or_default()))))
}
