//! The story of the primer: Headscale in a pod with secrets from age files, workers that join its mesh, a pod that is killed, and a key that is
//! rotated.

mod server;
mod tailnet;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::FutureExt as _;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::apply::apply;
use super::backend::{self, Backend};
use super::kubectl::Kubectl;
use super::own::{ANYBODY, Own, rendered};
use super::report::{Recorder, Report, Seen};
use super::steps::{Action, List, Stage, play};
use crate::diag::{Error, Progress, Result};
use crate::lab::{Forward, Image, Lab, LabOptions, NodeInfo};
use crate::manifest::Release;
use crate::process::interrupted;

pub(super) use server::{Headscale, health, recipe};
pub(super) use tailnet::{Parts, join};

use server::{USER, public_key};
use tailnet::{Members, kubelets, ping, restart};

const STEPS: &str = include_str!("steps/headscale.json");

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
    let (list, actions) = (steps()?, actions());
    let places = &options.lab.places;
    let parts = Parts::find(places)?;
    let [..] = places.find_all(["age-keygen", "curl", "jq", "ping"])?;
    let release = rendered(&cluster(options.workers, ANYBODY))?;
    let images = [recipe(&release, &parts.headscale)?, backend::image()].map(Image::Recipe).to_vec();
    let lab_options = LabOptions { workers: options.workers, images, ..options.lab.clone() };
    let mut recorder = Recorder::new("headscale", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&lab_options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let own = Own::new(&lab, places);
    let kubectl = Kubectl { program: parts.kubectl.clone(), kubeconfig: lab.kubeconfig().to_owned() };
    let forward = lab.forward(node_port(), 0).await?;
    let (release, user, key, members) = (None, 0, String::new(), Members::new());
    let mut story = Story { lab, own, parts, kubectl, forward, workers: options.workers, progress, release, user, key, members };
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = play(&list, &actions, &mut recorder, &mut story) => told,
    };
    let stopped = recorder.step("the lab is gone", async { story.lab.stop().await.map(|()| ((), None)) }).await;
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
    if nodes < 2 {
        return Ok(((), Some("only one node: nobody to ask".to_owned())));
    }
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

fn steps() -> Result<List> {
    List::read(STEPS, &actions().map(|(id, _)| id))
}

fn actions<'p>() -> [(&'static str, Action<Story<'p>>); 12] {
    [
        ("secrets", |story| story.secrets().boxed_local()),
        ("release", |story| story.applied().boxed_local()),
        ("user", |story| story.user().boxed_local()),
        ("key", |story| story.key().boxed_local()),
        ("joined", |story| story.joined().boxed_local()),
        ("pings", |story| ping(&story.lab, &story.parts).boxed_local()),
        ("kubelets", |story| kubelets(&story.lab, &story.parts, &story.kubectl).boxed_local()),
        ("pods", |story| pods(&story.kubectl, story.members.len()).boxed_local()),
        ("killed", |story| kill(&story.kubectl).boxed_local()),
        ("state", |story| story.kept().boxed_local()),
        ("rotated", |story| story.rotated().boxed_local()),
        ("restarted", |story| story.restarted().boxed_local()),
    ]
}

struct Story<'p> {
    lab: Lab,
    own: Own,
    parts: Parts,
    kubectl: Kubectl,
    /// Leads to Headscale.
    forward: Forward,
    workers: u8,
    progress: &'p dyn Progress,
    /// With the secrets that were made for it.
    release: Option<Release>,
    /// Whose nodes they are.
    user: u64,
    key: String,
    members: Members,
}

impl Stage for Story<'_> {
    fn nodes(&self) -> Vec<NodeInfo> {
        self.lab.nodes()
    }

    fn shell(&self, node: usize, program: &str) -> Result<Command> {
        self.lab.shell(node, program)
    }
}

impl Story<'_> {
    fn headscale(&self) -> Headscale<'_> {
        Headscale { kubectl: &self.kubectl }
    }

    /// Age files, which `secret deliver` brings into the cluster before the release that waits for them.
    async fn secrets(&mut self) -> Seen<()> {
        let cluster = cluster(self.workers, &self.own.identity().await?);
        self.own.write(&cluster)?;
        self.own.with_identity(&["secret", "create"]).await?;
        self.own.with_identity(&["secret", "deliver"]).await?;
        self.release = Some(rendered(&cluster)?);
        Ok(((), Some("noise and DERP keys".to_owned())))
    }

    async fn applied(&mut self) -> Seen<()> {
        let release = self.release.as_ref().ok_or_else(|| Error::internal("there is no release yet"))?;
        apply(&self.lab, release, self.progress).await
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

    /// The primer is one of them: kubelets reach it over the mesh.
    async fn joined(&mut self) -> Seen<()> {
        let nodes = 0..=usize::from(self.workers);
        let headscale = Headscale { kubectl: &self.kubectl };
        let (members, seen) = join(&mut self.lab, &self.parts, &headscale, &self.key, nodes).await?;
        self.members = members;
        Ok(((), seen))
    }

    /// The user is the same, and the nodes come back by themselves.
    async fn kept(&mut self) -> Seen<()> {
        health(&self.forward).await?;
        let users = self.headscale().user_names().await?;
        if !users.contains(&(self.user, USER.to_owned())) {
            return Err(Error::environment(format!("the user is gone; there are {users:?}")));
        }
        let ((), online) = self.headscale().wait_for_online(self.members.len()).await?;
        Ok(((), Some(format!("user `{USER}` is there; {}", online.unwrap_or_default()))))
    }

    /// `secret deliver` restarts what uses a value that changed.
    async fn rotated(&mut self) -> Seen<()> {
        let before = public_key(&self.forward).await.ok_or_else(|| Error::environment("the server does not tell its key"))?;
        self.own.with_identity(&["secret", "rotate", "noise"]).await?;
        self.own.with_identity(&["secret", "deliver"]).await?;
        self.kubectl.run(&["--namespace=headscale", "rollout", "status", "deployment/headscale", "--timeout=100s"]).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            match public_key(&self.forward).await {
                Some(after) if after != before => return Ok(((), Some("the server has another key".to_owned()))),
                other if Instant::now() >= deadline => {
                    return Err(Error::environment(format!("the server's key is {other:?}, and was {before}")));
                }
                _ => sleep(POLL).await,
            }
        }
    }

    async fn restarted(&mut self) -> Seen<()> {
        restart(&mut self.lab, &self.parts, &mut self.members).await?;
        self.kept().await
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

#[cfg(test)]
mod tests {
    #[test]
    fn its_list_and_its_actions_go_together() {
        super::steps().expect("a good list");
    }
}
