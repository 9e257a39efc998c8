//! The story of a Dagger engine's surroundings, with a stand-in for the engine: who reaches it, whose the cache is, and what certificates are good for.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::apply::apply;
use super::kubectl::Kubectl;
use super::own::{ANYBODY, Own, rendered};
use super::report::{Recorder, Report, Seen};
use crate::component::runner_hosts;
use crate::config::Cluster;
use crate::diag::{Error, Progress, Result};
use crate::lab::{Image, ImageFile, Lab, LabOptions, Recipe};
use crate::manifest::Release;
use crate::process::interrupted;

const CLIENT: &str = "manifestgen.invalid/client:1";
const STAND_IN: &str = "dagger-stand-in";
const ENGINE: &str = "dagger-engine-0";
/// Where the pods of clients have certificates; the first is where the URL that CI systems are told looks for them.
const CERTIFICATES: [(&str, &str); 2] = [("client", "/run/secrets/dagger"), ("stranger", "/run/secrets/stranger")];

const PATIENCE: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(300);

/// What is not the real thing, as far as it goes beyond what the lab is.
const SIMULATED: [&str; 3] = [
    "nodes are namespaces of one machine: one kernel, one clock, no k3s (Kubernetes' own programs instead)",
    "the engine and the command line are a stand-in: it takes the flags, the lock of the cache and the certificates as Dagger does, and builds \
     nothing",
    "volumes are made by the lab, under the name of k3s' local-path-provisioner",
];

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn dagger(lab: &LabOptions, progress: &dyn Progress) -> Result<Report> {
    let [kubectl, _, _] = lab.places.find_all(["kubectl", STAND_IN, "age-keygen"])?;
    let images = [engine(&rendered(&cluster(ANYBODY, true))?)?, client()].map(Image::Recipe).to_vec();
    let options = LabOptions { images, ..lab.clone() };
    let mut recorder = Recorder::new("dagger", &SIMULATED, progress);
    let started = recorder.step("a lab is up", async { Lab::start(&options, progress).await.map(|lab| (lab, None)) }).await?;
    let Some(lab) = started else { return Ok(recorder.finish()) };
    recorder.on_server(lab.version());
    let story = Story::new(&options, lab, kubectl);
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = story.tell(&mut recorder, progress) => told,
    };
    let stopped = recorder.step("the lab is gone", async { story.lab.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

/// An engine that pods of the namespace `ci` may use, with certificates or without, and a client in that namespace and in another one.
fn cluster(admin: &str, tls: bool) -> Value {
    let mut dagger = json!({"storage": {"size": "1Gi"}, "access": {"namespaces": ["ci"]}, "terminationGracePeriodSeconds": 10});
    if tls {
        dagger["tls"] = json!({});
    }
    let signed = |name: &str, ca: &str, host: &str, namespace: &str, to: &str| {
        json!({
            "name": name, "make": {"type": "tls", "ca": ca, "hosts": [host]},
            "deliver": [{"type": "tls", "namespace": namespace, "name": to}],
        })
    };
    let objects: Vec<Value> = ["ci", "other"].into_iter().flat_map(client_pod).collect();
    json!({
        "cluster": {"name": "lab", "namespaces": [{"name": "ci"}, {"name": "other"}]},
        "dagger": dagger,
        "recipients": {"admins": [admin]},
        "secrets": [
            {"name": "builds", "make": {"type": "tls-ca"}},
            signed("engine", "builds", "dagger-engine.dagger.svc.cluster.local", "dagger", "dagger-engine-tls"),
            signed("client", "builds", "client.internal", "ci", "client"),
            {"name": "strangers", "make": {"type": "tls-ca"}},
            signed("stranger", "strangers", "client.internal", "ci", "stranger"),
        ],
        "extraObjects": objects,
    })
}

/// A pod with the command line, which waits, and a policy that lets it out: whether it gets in is the engine's affair.
fn client_pod(namespace: &str) -> [Value; 2] {
    let labels = json!({"app": "client"});
    let metadata = json!({"name": "client", "namespace": namespace, "labels": labels});
    let volume = |(name, _): (&str, &str)| json!({"name": name, "secret": {"secretName": name, "optional": true}});
    let mount = |(name, path): (&str, &str)| json!({"name": name, "mountPath": path, "readOnly": true});
    let container = json!({
        "name": "client", "image": CLIENT,
        "securityContext": {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "volumeMounts": CERTIFICATES.map(mount),
    });
    let pod = json!({
        "automountServiceAccountToken": false,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": CERTIFICATES.map(volume),
    });
    let template = json!({"metadata": {"labels": labels}, "spec": pod});
    let deployment = json!({"replicas": 1, "selector": {"matchLabels": labels}, "template": template});
    let to = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "dagger"}}});
    let policy = json!({"podSelector": {"matchLabels": labels}, "policyTypes": ["Egress"], "egress": [{"to": [to]}]});
    [
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": deployment}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": policy}),
    ]
}

/// The stand-in under the name that the release asks for. As in upstream's image, the command line is beside the engine.
fn engine(release: &Release) -> Result<Recipe> {
    let engine = release.objects().iter().find(|object| object.kind() == "StatefulSet" && object.name() == "dagger-engine");
    let image = engine.and_then(|object| object.value().get("spec")?.pointer("/template/spec/containers/0/image")?.as_str());
    let image = image.ok_or_else(|| Error::internal("the release has no Dagger engine"))?;
    let mut recipe = Recipe::of_program(image, "/usr/local/bin/dagger-engine", STAND_IN);
    recipe.files.insert("/usr/local/bin/dagger".to_owned(), ImageFile::Link { link: "dagger-engine".to_owned() });
    recipe.environment = [("PATH".to_owned(), "/usr/local/bin".to_owned())].into();
    Ok(recipe)
}

fn client() -> Recipe {
    let mut recipe = Recipe::of_program(CLIENT, "/bin/dagger", STAND_IN);
    recipe.files.insert("/bin/busybox".to_owned(), ImageFile::Program { program: "busybox".to_owned() });
    recipe.entrypoint = ["/bin/busybox", "sleep", "86400"].map(ToOwned::to_owned).to_vec();
    recipe.environment = [("PATH".to_owned(), "/bin".to_owned())].into();
    recipe
}

struct Story {
    lab: Lab,
    own: Own,
    kubectl: Kubectl,
}

impl Story {
    fn new(options: &LabOptions, lab: Lab, kubectl: PathBuf) -> Self {
        let kubectl = Kubectl { program: kubectl, kubeconfig: lab.kubeconfig().to_owned() };
        Self { own: Own::new(&lab, &options.places), kubectl, lab }
    }

    async fn tell(&self, recorder: &mut Recorder<'_>, progress: &dyn Progress) -> Result<()> {
        let Some(admin) = recorder.step("certificates are made and delivered", self.certificates()).await? else { return Ok(()) };
        let (plain, tls) = (cluster(&admin, false), cluster(&admin, true));
        let applied = recorder.step("the release is applied and healthy", apply(&self.lab, &rendered(&plain)?, progress)).await?;
        let Some(()) = applied else { return Ok(()) };
        let told = told_to_ci(&plain)?;
        let reached = recorder.step("a client of a named namespace reaches the Service", self.answered(&told)).await?;
        let Some(()) = reached else { return Ok(()) };
        let Some(()) = recorder.step("a client of another namespace does not", self.refused("other", &told)).await? else { return Ok(()) };
        let waits = recorder.step("a second engine on the same volume does not get the lock", self.second()).await?;
        let Some(()) = waits else { return Ok(()) };
        let Some(()) = recorder.step("it gets it when the first one is gone", self.first_is_gone()).await? else { return Ok(()) };

        let applied = recorder.step("the release with TLS is applied and healthy", apply(&self.lab, &rendered(&tls)?, progress)).await?;
        let Some(()) = applied else { return Ok(()) };
        let plain = told;
        let told = told_to_ci(&tls)?;
        let (without, of_another) = other_clients(&told)?;
        let Some(()) = recorder.step("a client with a certificate is answered", self.answered(&told)).await? else { return Ok(()) };
        let Some(()) = recorder.step("without one it is refused", self.refused("ci", &without)).await? else { return Ok(()) };
        let refused = recorder.step("with one of another authority it is refused", self.refused("ci", &of_another)).await?;
        let Some(()) = refused else { return Ok(()) };
        let Some(()) = recorder.step("without TLS it is refused", self.refused("ci", &plain)).await? else { return Ok(()) };
        recorder.step("the pod is killed, and the next one has lock and cache", self.killed(&told)).await?;
        Ok(())
    }

    /// What `secret deliver` brings is there before the release that waits for it.
    async fn certificates(&self) -> Seen<String> {
        let admin = self.own.identity().await?;
        self.own.write(&cluster(&admin, true))?;
        self.own.with_identity(&["secret", "create"]).await?;
        self.own.with_identity(&["secret", "deliver"]).await?;
        Ok((admin, Some("for the engine, for a client, and of another authority for a stranger".to_owned())))
    }

    /// `dagger core version` in a client's pod, which is told where the engine is.
    async fn ask(&self, namespace: &str, runner_host: &str) -> Result<String> {
        let namespace = format!("--namespace={namespace}");
        let inside = [&namespace, "exec", "deployment/client", "--", "/bin/busybox", "env", runner_host, "dagger", "core", "version"];
        self.kubectl.run(&inside).await
    }

    /// Addresses of Services and policies take effect a moment after pods are ready.
    async fn answered(&self, runner_host: &str) -> Seen<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.ask("ci", runner_host).await {
                Ok(said) => return Ok(((), Some(said.trim().to_owned()))),
                Err(error) if Instant::now() >= deadline => return Err(error),
                Err(_) => sleep(POLL).await,
            }
        }
    }

    async fn refused(&self, namespace: &str, runner_host: &str) -> Seen<()> {
        match self.ask(namespace, runner_host).await {
            // The name of the pod comes first, and kubectl's own word last.
            Err(error) => {
                let said = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
                let line = said.lines().find_map(|line| line.strip_prefix("dagger: ")).map(ToOwned::to_owned);
                // Another failure, such as of kubectl itself, is no refusal.
                line.map(|line| ((), Some(reason(&line)))).ok_or(error)
            }
            Ok(said) => Err(Error::environment("it is answered").caused_by(said)),
        }
    }

    /// A pod as the StatefulSet makes them, on the claim of the first one.
    async fn second(&self) -> Seen<()> {
        let set = self.kubectl.json(&["--namespace=dagger", "get", "statefulset", "dagger-engine", "--output=json"]).await?;
        let mut spec = set["spec"]["template"]["spec"].clone();
        let volumes = spec["volumes"].as_array_mut().ok_or_else(|| Error::environment("the engine has no volumes"))?;
        volumes.push(json!({"name": "cache", "persistentVolumeClaim": {"claimName": format!("cache-{ENGINE}")}}));
        let metadata = json!({"name": "second", "namespace": "dagger"});
        self.kubectl.create(&json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let pod = self.kubectl.json(&["--namespace=dagger", "get", "pod", "second", "--output=json"]).await?;
            let status = &pod["status"]["containerStatuses"][0];
            let said = ["/state/terminated/message", "/lastState/terminated/message"].iter().find_map(|at| status.pointer(at)?.as_str());
            if let Some(line) = said.and_then(|said| said.lines().find(|line| line.contains("could not lock"))) {
                return Ok(((), Some(line.to_owned())));
            }
            if Instant::now() >= deadline {
                return Err(Error::environment("it does not say that it could not lock the cache").caused_by(status.to_string()));
            }
            sleep(POLL).await;
        }
    }

    /// The claim stays when the StatefulSet goes. kubelet starts the second one again until it has the lock; then it makes room.
    async fn first_is_gone(&self) -> Seen<()> {
        let now = |kind: &'static str, name: &'static str| ["--namespace=dagger", "delete", kind, name, "--wait=true"];
        self.kubectl.run(&now("statefulset", "dagger-engine")).await?;
        self.kubectl.run(&["--namespace=dagger", "wait", "--for=condition=Ready", "--timeout=100s", "pod/second"]).await?;
        let said = self.kubectl.run(&["--namespace=dagger", "exec", "second", "--", "dagger", "core", "version"]).await?;
        self.kubectl.run(&now("pod", "second")).await?;
        Ok(((), Some(said.trim().to_owned())))
    }

    async fn killed(&self, runner_host: &str) -> Seen<()> {
        self.kubectl.run(&["--namespace=dagger", "delete", "pod", ENGINE, "--force", "--grace-period=0"]).await?;
        self.kubectl.run(&["--namespace=dagger", "rollout", "status", "statefulset/dagger-engine", "--timeout=100s"]).await?;
        self.answered(runner_host).await
    }
}

/// What `render` says a CI system inside of the cluster is to be told.
fn told_to_ci(cluster: &Value) -> Result<String> {
    let cluster: Cluster =
        serde_json::from_value(cluster.clone()).map_err(|cause| Error::internal("the scenario's cluster is none").caused_by(cause))?;
    let hosts = runner_hosts(&cluster);
    hosts.into_iter().next().map(|host| host.assignment).ok_or_else(|| Error::internal("nobody is told where the engine is"))
}

/// The same for a client without a certificate, and for one with a certificate of another authority.
fn other_clients(told: &str) -> Result<(String, String)> {
    let (address, files) = told.split_once('?').ok_or_else(|| Error::internal("no certificates in what CI systems are told"))?;
    let authority = files.split('&').find(|file| file.starts_with("ca_path=")).unwrap_or_default();
    let without = format!("{address}?{authority}");
    let [(_, own), (_, stranger)] = CERTIFICATES;
    let theirs = files.split('&').filter(|file| !file.starts_with("ca_path=")).map(|file| file.replace(own, stranger));
    let of_another = theirs.fold(without.clone(), |url, file| format!("{url}&{file}"));
    Ok((without, of_another))
}

/// The last part of what Go's HTTP client says, without the URL and addresses that come before, and without the name of the function that met
/// the failure: it stands there when the connection is closed before the request was written.
fn reason(line: &str) -> String {
    let reason = line.rsplit_once("\": ").map_or(line, |(_, reason)| reason);
    reason.strip_prefix("readLoopPeekFailLocked: ").unwrap_or(reason).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seen once in some dozens of runs, on a busy machine.
    #[test]
    fn the_reason_is_the_same_whoever_met_it() {
        for met in ["", "readLoopPeekFailLocked: "] {
            let line = format!("Post \"https://dagger-engine:2555/query\": {met}remote error: tls: certificate required");
            assert_eq!(reason(&line), "remote error: tls: certificate required");
        }
    }

    #[test]
    fn clients_differ_in_their_certificates_alone() {
        let told = told_to_ci(&cluster(ANYBODY, true)).expect("a URL");
        let (without, of_another) = other_clients(&told).expect("two more");
        let host = "_EXPERIMENTAL_DAGGER_RUNNER_HOST=tls://dagger-engine.dagger.svc.cluster.local:2555?ca_path=/run/secrets/dagger/ca.crt";
        assert_eq!(without, host);
        assert_eq!(of_another, format!("{host}&cert_path=/run/secrets/stranger/tls.crt&key_path=/run/secrets/stranger/tls.key"));
    }
}
