//! The story of the ingress: Traefik in pods, routes by host and path to pods on two nodes, and TLS by a CA that `secret create` made.

mod echo;

use std::fs;

use futures_util::future::FutureExt as _;
use serde_json::{Value, json};
use tokio::process::Command;

use super::apply::apply;
use super::own::{ANYBODY, Own, rendered};
use super::report::{Recorder, Report, Seen};
use super::steps::{Action, List, Stage, play};
use crate::diag::{Error, Progress, Result};
use crate::lab::{Image, Lab, LabOptions, NodeInfo, Recipe};
use crate::manifest::Release;
use crate::process::interrupted;

const STEPS: &str = include_str!("steps/ingress.json");

const NAMESPACE: &str = "web";
const HOST: &str = "shop.test";

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 5] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the image holds the real traefik, built here from its Go module without its web page: it is not upstream's image",
    "the web servers behind it are a shell's script, which answers as the VM test's whoami does",
    "Traefik's Service is of type NodePort: nothing here gives load balancers addresses, as k3s' ServiceLB does",
    "names of hosts do not resolve: curl is told where they are",
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn ingress(lab: &LabOptions, progress: &dyn Progress) -> Result<Report> {
    let [..] = lab.places.find_all(["kubectl", "curl", "openssl", "age-keygen"])?;
    let (list, actions) = (steps()?, actions());
    let release = rendered(&cluster(ANYBODY))?;
    let images = [traefik(&release)?, echo::image()].map(Image::Recipe).to_vec();
    let options = LabOptions { images, workers: 1, ..lab.clone() };
    let mut recorder = Recorder::new("ingress", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let mut story = Story { own: Own::new(&lab, &options.places), lab, release: None, progress };
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = play(&list, &actions, &mut recorder, &mut story) => told,
    };
    let stopped = recorder.step("the lab is gone", async { story.lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// Two Services, each with its pod on another node, and routes to them; the certificate comes from a CA of the cluster's own.
fn cluster(admin: &str) -> Value {
    let service = |name: &str| json!({"name": name, "namespace": NAMESPACE, "port": 80});
    let service_type = json!({"type": "NodePort", "httpNodePort": 30880, "httpsNodePort": 30443});
    let servers = [("shop", "primer"), ("basket", "worker-1")];
    let objects: Vec<Value> = servers.into_iter().flat_map(|(name, node)| echo::objects(name, NAMESPACE, node)).collect();
    json!({
        "cluster": {"name": "lab", "namespaces": [{"name": NAMESPACE, "podSecurityStandard": "restricted"}]},
        "ingress": {
            "controller": {"type": "traefik", "replicas": 2, "service": service_type},
            "tls": {"enabled": true, "secretName": "shop-tls"},
            "routes": [
                {"name": "shop", "host": HOST, "service": service("shop")},
                {"name": "basket", "host": HOST, "path": "/basket", "stripPrefix": true, "service": service("basket")},
                {"name": "everywhere", "path": "/shop", "service": service("shop")},
            ],
        },
        "recipients": {"admins": [admin]},
        "secrets": [
            {"name": "web-ca", "make": {"type": "tls-ca"}},
            {"name": "shop", "make": {"type": "tls", "ca": "web-ca", "hosts": [HOST]},
             "deliver": [{"type": "tls", "namespace": NAMESPACE, "name": "shop-tls"}]},
        ],
        "extraObjects": objects,
    })
}

fn traefik(release: &Release) -> Result<Recipe> {
    let deployment = release.objects().iter().find(|object| object.kind() == "Deployment" && object.name() == "traefik");
    let image = deployment.and_then(|object| object.value().get("spec")?.pointer("/template/spec/containers/0/image")?.as_str());
    let image = image.ok_or_else(|| Error::internal("the release has no Traefik"))?;
    Ok(Recipe::of_program(image, "/usr/local/bin/traefik", "traefik"))
}

fn steps() -> Result<List> {
    List::read(STEPS, &actions().map(|(id, _)| id))
}

fn actions<'p>() -> [(&'static str, Action<Story<'p>>); 3] {
    [
        ("certificate", |story| story.certificate().boxed_local()),
        ("release", |story| story.applied().boxed_local()),
        ("delivered", |story| story.delivered().boxed_local()),
    ]
}

struct Story<'p> {
    own: Own,
    lab: Lab,
    /// With the secrets that were made for it.
    release: Option<Release>,
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

impl Story<'_> {
    /// The certificate of the CA is what browsers are given to trust. Nodes have it where those of the VM test have it.
    async fn certificate(&mut self) -> Seen<()> {
        let admin = self.own.identity().await?;
        let cluster = cluster(&admin);
        self.own.write(&cluster)?;
        self.own.with_identity(&["secret", "create"]).await?;
        self.release = Some(rendered(&cluster)?);
        let cannot = |cause| Error::environment("nodes cannot be given the CA's certificate").caused_by(cause);
        for node in self.lab.nodes() {
            // The node's own /var/lib.
            let folder = node.folder.join("lib/cluster");
            fs::create_dir_all(&folder).map_err(cannot)?;
            fs::copy(self.own.file().with_file_name("secrets").join("web-ca.crt"), folder.join("ca.crt")).map_err(cannot)?;
        }
        Ok(((), Some(format!("for {HOST}"))))
    }

    async fn applied(&mut self) -> Seen<()> {
        let release = self.release.as_ref().ok_or_else(|| Error::internal("there is no release yet"))?;
        apply(&self.lab, release, self.progress).await
    }

    async fn delivered(&mut self) -> Seen<()> {
        self.own.with_identity(&["secret", "deliver"]).await?;
        Ok(((), None))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn its_list_and_its_actions_go_together() {
        super::steps().expect("a good list");
    }
}
