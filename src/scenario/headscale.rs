//! The story of the primer: Headscale in a pod with secrets from age files, workers that join its mesh, a pod that is killed, and a key that is
//! rotated.

mod server;
mod tailnet;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::apply::apply;
use super::backend::{self, Backend};
use super::kubectl::Kubectl;
use super::own::{ANYBODY, Own, rendered};
use super::report::{Recorder, Report, Seen};
use crate::diag::{Error, Progress, Result};
use crate::lab::{Forward, Image, Lab, LabOptions};
use crate::manifest::Release;
use crate::process::interrupted;

pub(super) use server::{Headscale, health, recipe};
pub(super) use tailnet::{Parts, join};

use server::{USER, public_key};
use tailnet::{kubelets, ping, restart};

/// What the story needs.
#[derive(Debug, Clone)]
pub struct HeadscaleOptions {
    /// The lab; its images and workers are the story's own.
    pub lab: LabOptions,
    /// How many workers join the mesh.
    pub workers: u8,
}

/// The primer's address, which the URL of the server is made of.
const PRIMER: [u8; 4] = [10, 77, 0, 1];
const NODE_PORT: u16 = 30080;
/// The namespace of the pods that talk to each other.
const PEERS: &str = "peers";

/// How long anything may take, and how often it is asked for.
const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(300);

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 4] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the image holds the real headscale, built here from its Go module: it is not upstream's image",
    "volumes are made by the lab, under the name of k3s' local-path-provisioner",
    "kubelets join in the local network first, and are pointed to the API's address in the mesh when that is up; their node's own address \
     stays the local one, and so are the ways between pods of different nodes",
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn headscale(options: &HeadscaleOptions, progress: &dyn Progress) -> Result<Report> {
    let places = &options.lab.places;
    let parts = Parts::find(places)?;
    let [_] = places.find_all(["age-keygen"])?;
    let release = rendered(&cluster(options.workers, ANYBODY))?;
    let images = [recipe(&release, &parts.headscale)?, backend::image()].map(Image::Recipe).to_vec();
    let lab_options = LabOptions { workers: options.workers, images, ..options.lab.clone() };
    let mut recorder = Recorder::new("headscale", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&lab_options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(mut lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let own = Own::new(&lab, places);
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = tell(&mut recorder, &mut lab, &own, &parts, options.workers, progress) => told,
    };
    let stopped = recorder.step("the lab is gone", async { lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// Where Headscale is reached.
pub(super) fn node_port() -> SocketAddr {
    SocketAddr::from((PRIMER, NODE_PORT))
}

/// The primer and its workers, with Headscale as it is by default, and its keys in age files.
fn cluster(workers: u8, admin: &str) -> Value {
    let mut nodes = vec![json!({"name": "primer", "role": "server", "address": IpAddr::from(PRIMER)})];
    nodes.extend((1..=workers).map(|number| json!({"name": format!("worker-{number}"), "mesh": {"type": "tailscale"}})));
    // Nothing answers outside of the lab.
    let headscale = json!({"disableCheckUpdates": true, "useAgenixSecrets": true});
    let key = |name: &str, to: &str| json!({"name": name, "make": {"type": "noise-key"}, "deliver": [{"type": to}]});
    json!({
        "cluster": {"name": "lab", "namespaces": [{"name": PEERS}]},
        "nodes": nodes,
        "headscale": headscale,
        "recipients": {"admins": [admin]},
        "secrets": [key("noise", "headscale-noise-key"), key("derp", "headscale-derp-key")],
        "extraObjects": peers(workers),
    })
}

/// On each node a pod that answers, a Service for it, and a policy that lets these pods talk to each other.
fn peers(workers: u8) -> Vec<Value> {
    let on = |number: u8| {
        let name = peer(number.into());
        let [mut deployment, service] = Backend { name: &name, namespace: PEERS, word: &name, replicas: 1, node_port: None }.objects();
        let node = if number == 0 { "primer".to_owned() } else { format!("worker-{number}") };
        deployment["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": node});
        [deployment, service]
    };
    let each_other = json!([{"podSelector": {}}]);
    let spec = json!({
        "podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [{"from": each_other}], "egress": [{"to": each_other}],
    });
    let metadata = json!({"name": "peers", "namespace": PEERS});
    let policy = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec});
    (0..=workers).flat_map(on).chain([policy]).collect()
}

fn peer(node: usize) -> String {
    format!("peer-{node}")
}

/// The pod of each node asks that of the next one, by the name of its Service.
async fn pods(kubectl: &Kubectl, nodes: usize) -> Seen<()> {
    for node in 0..nodes {
        let (from, to) = (peer(node), peer((node + 1) % nodes));
        let (pod, url) = (format!("deployment/{from}"), format!("http://{to}/"));
        let curl = ["--namespace", PEERS, "exec", &pod, "--", "curl", "--silent", "--show-error", "--fail", "--max-time", "10", &url];
        let said = kubectl.run(&curl).await?;
        if said.trim() != format!("{to} /") {
            return Err(Error::environment(format!("`{to}` answers `{}`", said.trim())));
        }
    }
    Ok(((), Some(format!("{nodes} of {nodes}"))))
}

/// From the release to the killed pod. Ends early where a step fails.
async fn tell(recorder: &mut Recorder<'_>, lab: &mut Lab, own: &Own, parts: &Parts, workers: u8, progress: &dyn Progress) -> Result<()> {
    let Some(release) = recorder.step("secrets are made and delivered", secrets(own, workers)).await? else { return Ok(()) };
    let workers = usize::from(workers);
    let kubectl = Kubectl { program: parts.kubectl.clone(), kubeconfig: lab.kubeconfig().to_owned() };
    let headscale = Headscale { kubectl: &kubectl };
    let applied = recorder.step("the release is applied and healthy", apply(lab, &release, progress)).await?;
    let Some(()) = applied else { return Ok(()) };

    let forward = lab.forward(node_port(), 0).await?;
    let healthy = recorder.step("/health answers on NodePort 30080", health(&forward)).await?;
    let Some(()) = healthy else { return Ok(()) };

    let Some(user) = recorder.step("a user is made", headscale.create_user()).await? else { return Ok(()) };
    let Some(key) = recorder.step("a pre-auth key is made", headscale.create_key(user)).await? else { return Ok(()) };

    // The primer is reached over the mesh, so that it is one of them.
    let nodes = if workers > 0 { (0..=workers).collect() } else { Vec::new() };
    let online = nodes.len();
    let joined = recorder.step("the nodes join the mesh", join(lab, parts, &headscale, &key, nodes)).await?;
    let Some(mut members) = joined else { return Ok(()) };
    if workers > 0 {
        let Some(()) = recorder.step("all nodes reach each other over the mesh", ping(lab, parts)).await? else { return Ok(()) };
        let by_mesh = recorder.step("kubelets reach the API over the mesh", kubelets(lab, parts, &kubectl)).await?;
        let Some(()) = by_mesh else { return Ok(()) };
        let Some(()) = recorder.step("pods reach each other across nodes", pods(&kubectl, online)).await? else { return Ok(()) };
    }

    let Some(()) = recorder.step("the pod is killed and another one is ready", kill(&kubectl)).await? else { return Ok(()) };
    let state = recorder.step("the state is kept", kept(&headscale, &forward, user, online)).await?;
    let Some(()) = state else { return Ok(()) };
    let rotated = recorder.step("the noise key is rotated, delivered and in use", rotated(own, &kubectl, &forward)).await?;
    let Some(()) = rotated else { return Ok(()) };
    let back = async {
        restart(lab, parts, &mut members).await?;
        kept(&headscale, &forward, user, online).await
    };
    recorder.step("nodes whose tailscaled is restarted know the new key", back).await?;
    Ok(())
}

/// Age files, which `secret deliver` brings into the cluster before the release that waits for them.
async fn secrets(own: &Own, workers: u8) -> Seen<Release> {
    let cluster = cluster(workers, &own.identity().await?);
    own.write(&cluster)?;
    own.with_identity(&["secret", "create"]).await?;
    own.with_identity(&["secret", "deliver"]).await?;
    Ok((rendered(&cluster)?, Some("noise and DERP keys".to_owned())))
}

/// `secret deliver` restarts what uses a value that changed.
async fn rotated(own: &Own, kubectl: &Kubectl, forward: &Forward) -> Seen<()> {
    let before = public_key(forward).await.ok_or_else(|| Error::environment("the server does not tell its key"))?;
    own.with_identity(&["secret", "rotate", "noise"]).await?;
    own.with_identity(&["secret", "deliver"]).await?;
    kubectl.run(&["--namespace=headscale", "rollout", "status", "deployment/headscale", "--timeout=100s"]).await?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match public_key(forward).await {
            Some(after) if after != before => return Ok(((), Some("the server has another key".to_owned()))),
            other if Instant::now() >= deadline => {
                return Err(Error::environment(format!("the server's key is {other:?}, and was {before}")));
            }
            _ => sleep(POLL).await,
        }
    }
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
