//! The story of the ingress: Traefik in a pod, routes by host and path, and TLS by a CA that `secret create` made.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::apply::apply;
use super::backend::{self, Backend};
use super::kubectl::{Kubectl, output};
use super::own::{ANYBODY, Own, rendered};
use super::report::{Recorder, Report, Seen};
use crate::diag::{Error, Progress, Result};
use crate::lab::{Forward, Image, Lab, LabOptions, Recipe};
use crate::manifest::Release;
use crate::process::interrupted;

const PRIMER: [u8; 4] = [10, 77, 0, 1];
const HTTP: u16 = 30081;
const HTTPS: u16 = 30443;
const SECURE: &str = "safe.internal";

const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(300);

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 4] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the image holds the real traefik, built here from its Go module without its web page, DNS providers and Amazon ECS: it is not upstream's image",
    "Traefik's Service is of type NodePort: nothing here gives load balancers addresses, as k3s' ServiceLB does",
    "names of hosts do not resolve: curl is told where they are",
];

/// What is asked, and what has to be answered: the URL without its port, the status, and the first line.
const REQUESTS: [(&str, &str, &str); 7] = [
    ("http://shop.internal/", "200", "shop /"),
    ("http://shop.internal/api/x", "200", "api /x"),
    ("http://shop.internal/apix", "200", "shop /apix"),
    ("http://other.internal/", "404", "404 page not found"),
    ("http://safe.internal/deep/er", "301", ""),
    ("https://safe.internal/", "200", "safe /"),
    ("https://safe.internal/deep/er", "200", "safe /deep/er"),
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn ingress(lab: &LabOptions, progress: &dyn Progress) -> Result<Report> {
    let [kubectl, curl, _] = lab.places.find_all(["kubectl", "curl", "age-keygen"])?;
    let release = rendered(&cluster(ANYBODY))?;
    let images = [traefik(&release)?, backend::image()].map(Image::Recipe).to_vec();
    let options = LabOptions { images, workers: 1, ..lab.clone() };
    let mut recorder = Recorder::new("ingress", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let story = Story {
        own: Own::new(&lab, &options.places),
        kubectl: Kubectl { program: kubectl, kubeconfig: lab.kubeconfig().to_owned() },
        curl,
        lab,
    };
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = story.tell(&mut recorder, progress) => told,
    };
    let stopped = recorder.step("the lab is gone", async { story.lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// Three Services with their pods, and routes to them; the certificate comes from a CA of the cluster's own.
fn cluster(admin: &str) -> Value {
    let service = |name: &str| json!({"name": name, "namespace": "shop", "port": 80});
    let backend = |name| Backend { name, namespace: "shop", word: name, replicas: 1, node_port: None };
    let objects: Vec<Value> = ["shop", "api", "safe"].into_iter().flat_map(|name| backend(name).objects()).collect();
    json!({
        "cluster": {"name": "lab", "namespaces": [{"name": "shop"}]},
        "ingress": {
            "controller": {"type": "traefik", "service": {"type": "NodePort", "httpNodePort": HTTP, "httpsNodePort": HTTPS}},
            "routes": [
                {"name": "shop", "host": "shop.internal", "service": service("shop")},
                {"name": "api", "host": "shop.internal", "path": "/api", "stripPrefix": true, "service": service("api")},
                {"name": "safe", "host": SECURE, "service": service("safe"), "tls": {"enabled": true, "secretName": "safe-tls"}},
            ],
        },
        "recipients": {"admins": [admin]},
        "secrets": [
            {"name": "ca", "make": {"type": "tls-ca"}},
            {"name": "safe", "make": {"type": "tls", "ca": "ca", "hosts": [SECURE]},
             "deliver": [{"type": "tls", "namespace": "shop", "name": "safe-tls"}]},
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

struct Story {
    lab: Lab,
    own: Own,
    kubectl: Kubectl,
    curl: PathBuf,
}

impl Story {
    async fn tell(&self, recorder: &mut Recorder<'_>, progress: &dyn Progress) -> Result<()> {
        let Some(release) = recorder.step("a CA and a certificate are made", self.certificate()).await? else { return Ok(()) };
        let applied = recorder.step("the release is applied and healthy", apply(&self.lab, &release, progress)).await?;
        let Some(()) = applied else { return Ok(()) };
        let Some(()) = recorder.step("the certificate is delivered", self.deliver()).await? else { return Ok(()) };
        let forward = async |port: u16| self.lab.forward(SocketAddr::from((PRIMER, port)), 0).await;
        let ask = Ask {
            curl: &self.curl,
            trusted: self.own.file().with_file_name("secrets").join("ca.crt"),
            http: forward(HTTP).await?,
            https: forward(HTTPS).await?,
        };
        for (url, status, line) in REQUESTS {
            let Some(()) = recorder.step(&format!("{url} answers {status}"), ask.until(url, status, line)).await? else { return Ok(()) };
        }
        let Some(()) = recorder.step("without the CA nothing is believed", ask.without_trust()).await? else { return Ok(()) };
        recorder.step("Traefik's pod is killed and routes answer again", self.killed(&ask)).await?;
        Ok(())
    }

    /// The certificate of the CA is what browsers are given to trust.
    async fn certificate(&self) -> Seen<Release> {
        let admin = self.own.identity().await?;
        let cluster = cluster(&admin);
        self.own.write(&cluster)?;
        self.own.with_identity(&["secret", "create"]).await?;
        let release = rendered(&cluster)?;
        Ok((release, Some(format!("for {SECURE}"))))
    }

    async fn deliver(&self) -> Seen<()> {
        self.own.with_identity(&["secret", "deliver"]).await?;
        let kind = self.kubectl.run(&["--namespace=shop", "get", "secret", "safe-tls", "--output=jsonpath={.type}"]).await?;
        if kind == "kubernetes.io/tls" { Ok(((), Some(kind))) } else { Err(Error::environment(format!("the Secret is of type `{kind}`"))) }
    }

    async fn killed(&self, ask: &Ask<'_>) -> Seen<()> {
        let pods = ["--namespace=traefik", "get", "pods", "--output=jsonpath={.items[*].metadata.name}"];
        let before = self.kubectl.run(&pods).await?;
        self.kubectl.run(&["--namespace=traefik", "delete", "pod", before.trim(), "--force", "--grace-period=0"]).await?;
        self.kubectl.run(&["--namespace=traefik", "rollout", "status", "deployment/traefik", "--timeout=100s"]).await?;
        let after = self.kubectl.run(&pods).await?;
        for (url, status, line) in REQUESTS {
            ask.until(url, status, line).await?;
        }
        if after.trim() == before.trim() {
            return Err(Error::environment(format!("`{before}` is still there")));
        }
        Ok(((), Some(format!("{} is followed by {}", before.trim(), after.trim()))))
    }
}

/// curl, which is told that every host is at the forwarded ports.
struct Ask<'a> {
    curl: &'a Path,
    trusted: PathBuf,
    http: Forward,
    https: Forward,
}

impl Ask<'_> {
    /// Routes and certificates take effect a moment after they were made.
    async fn until(&self, url: &str, status: &str, line: &str) -> Seen<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.ask(url, true).await {
                Ok((seen, body)) if seen == status && (line.is_empty() || body == line) => {
                    return Ok(((), Some(body).filter(|_| !line.is_empty())));
                }
                other if Instant::now() >= deadline => {
                    return Err(
                        Error::environment(format!("`{url}` is not answered with {status} `{line}`")).caused_by(format!("{other:?}"))
                    );
                }
                _ => sleep(POLL).await,
            }
        }
    }

    async fn without_trust(&self) -> Seen<()> {
        match self.ask(&format!("https://{SECURE}/"), false).await {
            Err(error) => Ok(((), error.source.as_ref().map(|cause| cause.to_string().lines().next().unwrap_or_default().to_owned()))),
            Ok((status, _)) => Err(Error::environment(format!("curl takes a certificate of an unknown CA: {status}"))),
        }
    }

    /// The status and the first line of the body.
    async fn ask(&self, url: &str, trust: bool) -> Result<(String, String)> {
        let mut command = Command::new(self.curl);
        let port = if url.starts_with("https") { self.https.port } else { self.http.port };
        command.env_clear().args(["--silent", "--show-error", "--max-time", "5", "--write-out", "\n%{http_code}"]);
        command.arg("--connect-to").arg(format!("::127.0.0.1:{port}"));
        if trust {
            command.arg("--cacert").arg(&self.trusted);
        }
        command.arg(url);
        let text = output(command, "curl").await?;
        let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
        Ok((status.to_owned(), body.lines().next().unwrap_or_default().to_owned()))
    }
}
