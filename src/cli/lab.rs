//! `lab`: throw-away clusters on this machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::diag::{Error, Progress, Result};
use crate::lab::{self, Engine, Entry, Forward, LabOptions, NodeInfo, UpOptions};
use crate::process::interrupted;
use crate::scenario::{self, HeadscaleOptions};
use crate::ui::Ui;

use super::plan::Format;
use super::release_args::duration;
use super::{Outcome, block_on, document};

/// Arguments of `lab`.
#[derive(Debug, Args)]
pub(super) struct LabArgs {
    #[command(subcommand)]
    command: LabCommand,
}

#[derive(Debug, Subcommand)]
enum LabCommand {
    /// Start a lab, which stays until `lab down`, or until its time is over
    Up(UpArgs),
    /// Show the labs that run
    Status(StatusArgs),
    /// Print the kubeconfig of a lab
    Kubeconfig(NameArgs),
    /// Run a command on a node: in its network, with its mounts and processes
    Exec(ExecArgs),
    /// Print what a part of a lab wrote, or list the parts
    Logs(LogsArgs),
    /// Make an address of a lab reachable at 127.0.0.1, until interrupted
    PortForward(PortForwardArgs),
    /// Tell a whole story on a lab of its own, and report what was seen
    Test(TestArgs),
    /// End a lab
    Down(DownArgs),
}

#[derive(Debug, Args)]
struct NameArgs {
    /// The lab's name
    #[arg(long, value_name = "NAME", default_value = "lab")]
    name: String,
}

#[derive(Debug, Args)]
struct UpArgs {
    #[command(flatten)]
    name: NameArgs,
    /// What kind of lab
    #[arg(long, value_enum, default_value_t, value_name = "ENGINE")]
    engine: EngineArg,
    /// Nodes beside the primer; not with `--engine api`
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    workers: u8,
    /// An image for all nodes: an archive (OCI layout, or of `docker save`), or a folder with a recipe `image.yaml`; repeatable
    #[arg(long, value_name = "PATH")]
    image: Vec<PathBuf>,
    /// After what time it ends by itself
    #[arg(long = "for", value_name = "DURATION", default_value = "1h", value_parser = duration)]
    how_long: Duration,
    /// The folder that holds the real parts: `etcd`, `kube-apiserver` and so on
    #[arg(long, value_name = "FOLDER")]
    assets: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum EngineArg {
    /// etcd and kube-apiserver: everything but nodes, without root
    #[default]
    Api,
    /// A whole control plane, and nodes that run pods: containerd and kubelet in namespaces; needs root
    Kubernetes,
    /// The same nodes with a k3s of yours; needs root; no real k3s was run yet
    K3s,
}

#[derive(Debug, Args)]
struct StatusArgs {
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Args)]
struct ExecArgs {
    #[command(flatten)]
    name: NameArgs,
    /// The node
    #[arg(long, value_name = "NODE", default_value = "primer")]
    node: String,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, Args)]
struct LogsArgs {
    #[command(flatten)]
    name: NameArgs,
    /// The part, such as `primer-kubelet`
    part: Option<String>,
}

#[derive(Debug, Args)]
struct PortForwardArgs {
    #[command(flatten)]
    name: NameArgs,
    /// What to reach, as the primer sees it: the address of a node, a Service or a pod, and a port
    #[arg(value_name = "ADDRESS:PORT")]
    target: SocketAddr,
    /// The port of 127.0.0.1; by default any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
}

#[derive(Debug, Args)]
struct TestArgs {
    /// The story
    #[arg(value_enum, value_name = "SCENARIO")]
    scenario: Scenario,
    /// How many workers join; only for `headscale`
    #[arg(long, value_name = "NUMBER", default_value_t = 2)]
    workers: u8,
    /// Write the report as JUnit XML, too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// The folder that holds the real parts
    #[arg(long, value_name = "FOLDER")]
    assets: Option<PathBuf>,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Scenario {
    /// Argo CD: all of its pods run, its server answers, and it follows a repository on a Git server of the lab
    Argocd,
    /// One release, then the next one: what `plan` said is what happens, and nothing is lost
    Upgrade,
    /// A Dagger engine's Service, lock and certificates, with a stand-in for the engine
    Dagger,
    /// Traefik in a pod: routes by host and path, TLS by a CA of the cluster's own
    Ingress,
    /// WireGuard between five nodes, from keys to pings; one node killed and back, one key rotated; needs no part of Kubernetes
    Mesh,
    /// Headscale in a pod, its state after the pod was killed, and workers that join its mesh
    Headscale,
}

#[derive(Debug, Args)]
struct DownArgs {
    #[command(flatten)]
    name: NameArgs,
    /// End all labs of this user
    #[arg(long, conflicts_with = "name")]
    all: bool,
}

pub(super) fn lab(ui: &Ui, args: &LabArgs) -> Result<Outcome> {
    match &args.command {
        LabCommand::Up(args) => up(ui, args),
        LabCommand::Status(args) => document::complete(ui, args.format, || status(ui, args)),
        LabCommand::Kubeconfig(args) => kubeconfig(ui, args),
        LabCommand::Exec(args) => exec(args),
        LabCommand::Logs(args) => logs(ui, args),
        LabCommand::PortForward(args) => port_forward(ui, args),
        LabCommand::Test(args) => document::complete(ui, args.format, || test(ui, args)),
        LabCommand::Down(args) => down(ui, args),
    }
}

fn up(ui: &Ui, args: &UpArgs) -> Result<Outcome> {
    let engine = match args.engine {
        EngineArg::Api if args.workers > 0 || !args.image.is_empty() => {
            return Err(Error::usage("`--engine api` has no nodes, so neither workers nor images")
                .hint("add `--engine kubernetes` or `--engine k3s`"));
        }
        EngineArg::Api => Engine::Api,
        EngineArg::Kubernetes => Engine::Kubernetes,
        EngineArg::K3s => Engine::K3s,
    };
    let absolute = |path: &PathBuf| {
        path.canonicalize().map_err(|cause| Error::usage(format!("`{}` cannot be found", path.display())).caused_by(cause))
    };
    let options = UpOptions {
        name: args.name.name.clone(),
        engine,
        workers: args.workers,
        images: args.image.iter().map(absolute).collect::<Result<_>>()?,
        assets: args.assets.as_ref().map(absolute).transpose()?,
        seconds: args.how_long.as_secs(),
    };
    let progress = ui.progress();
    let entry = block_on(lab::up(&options, &progress))?;
    drop(progress);
    ui.note(&format!("{}; `manifestgen lab down{}` ends it", line(&entry), with_name(&entry.name)));
    ui.data(&format!("export KUBECONFIG={}\n", entry.kubeconfig.display()))?;
    Ok(Outcome::Good)
}

fn with_name(name: &str) -> String {
    if name == "lab" { String::new() } else { format!(" --name {name}") }
}

fn status(ui: &Ui, args: &StatusArgs) -> Result<Outcome> {
    let labs = lab::labs()?;
    if args.format == Format::Json {
        ui.data(&format!("{}\n", json!({"version": 1, "labs": labs})))?;
        return Ok(Outcome::Good);
    }
    if labs.is_empty() {
        ui.note("no lab runs; `manifestgen lab up` starts one");
    }
    for entry in &labs {
        ui.data(&format!("{}\n", line(entry)))?;
        for node in &entry.nodes {
            ui.data(&format!("  {} {}\n", node.name, node.address))?;
        }
    }
    Ok(Outcome::Good)
}

fn line(entry: &Entry) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let minutes = entry.deadline.saturating_sub(now).div_ceil(60);
    let nodes = match entry.nodes.len() {
        0 => "no nodes".to_owned(),
        1 => "1 node".to_owned(),
        many => format!("{many} nodes"),
    };
    format!("lab `{}`: Kubernetes {}, {nodes}, {minutes} minutes left", entry.name, entry.version)
}

fn kubeconfig(ui: &Ui, args: &NameArgs) -> Result<Outcome> {
    let path = lab::lab(&args.name)?.kubeconfig;
    let text =
        std::fs::read_to_string(&path).map_err(|cause| Error::environment(format!("cannot read `{}`", path.display())).caused_by(cause))?;
    ui.data(&format!("{text}\n"))?;
    Ok(Outcome::Good)
}

fn node<'a>(entry: &'a Entry, name: &str) -> Result<&'a NodeInfo> {
    entry.nodes.iter().find(|node| node.name == name).ok_or_else(|| {
        let names: Vec<_> = entry.nodes.iter().map(|node| format!("`{}`", node.name)).collect();
        let error = Error::usage(format!("the lab `{}` has no node `{name}`", entry.name));
        if names.is_empty() { error.hint("it was started with `--engine api`") } else { error.hint(format!("it has {}", names.join(", "))) }
    })
}

fn exec(args: &ExecArgs) -> Result<Outcome> {
    let entry = lab::lab(&args.name.name)?;
    let node = node(&entry, &args.node)?;
    let status = Command::new("nsenter")
        .args(node.enter())
        .args(&args.command)
        .status()
        .map_err(|cause| Error::environment("cannot run `nsenter`").caused_by(cause))?;
    Ok(if status.success() { Outcome::Good } else { Outcome::Findings })
}

fn logs(ui: &Ui, args: &LogsArgs) -> Result<Outcome> {
    let entry = lab::lab(&args.name.name)?;
    let cannot = |cause| Error::environment(format!("cannot read the logs in `{}`", entry.scratch.display())).caused_by(cause);
    let files = std::fs::read_dir(&entry.scratch).map_err(cannot)?;
    let mut parts: Vec<String> =
        files.flatten().filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".log")?.to_owned())).collect();
    parts.sort();
    let Some(wanted) = &args.part else {
        for part in parts {
            ui.data(&format!("{part}\n"))?;
        }
        return Ok(Outcome::Good);
    };
    if !parts.contains(wanted) {
        return Err(Error::usage(format!("the lab `{}` has no part `{wanted}`", entry.name)).hint("`lab logs` alone lists them"));
    }
    let text = std::fs::read(entry.scratch.join(format!("{wanted}.log"))).map_err(cannot)?;
    ui.data(&String::from_utf8_lossy(&text))?;
    Ok(Outcome::Good)
}

fn port_forward(ui: &Ui, args: &PortForwardArgs) -> Result<Outcome> {
    let entry = lab::lab(&args.name.name)?;
    let folder = node(&entry, "primer")?.folder.clone();
    block_on(async {
        let forward = Forward::start(&folder, args.target, args.port).await?;
        ui.data(&format!("127.0.0.1:{}\n", forward.port))?;
        ui.note("Ctrl-C ends it");
        Err(interrupted().await)
    })
}

fn test(ui: &Ui, args: &TestArgs) -> Result<Outcome> {
    let progress = ui.progress();
    let lab = LabOptions::new(args.assets.clone());
    let report = match args.scenario {
        Scenario::Argocd => block_on(scenario::argocd(&lab, &progress))?,
        Scenario::Upgrade => block_on(scenario::upgrade(&lab, &progress))?,
        Scenario::Dagger => block_on(scenario::dagger(&lab, &progress))?,
        Scenario::Ingress => block_on(scenario::ingress(&lab, &progress))?,
        Scenario::Mesh => block_on(scenario::mesh(&lab, &progress))?,
        Scenario::Headscale => {
            let options = HeadscaleOptions { lab, workers: args.workers };
            block_on(scenario::headscale(&options, &progress))?
        }
    };
    drop(progress);
    if let Some(path) = &args.junit {
        std::fs::write(path, report.to_junit())
            .map_err(|cause| Error::environment(format!("cannot write `{}`", path.display())).caused_by(cause))?;
    }
    if args.format == Format::Json {
        ui.data(&format!("{}\n", report.to_json()))?;
    } else {
        for simulated in &report.simulated {
            ui.note(&format!("simulated: {simulated}"));
        }
        let skipped = report.steps.iter().filter(|step| step.skipped.is_some()).count();
        let good = report.steps.iter().filter(|step| step.failure.is_none()).count() - skipped;
        let (played, name) = (report.steps.len() - skipped, &report.scenario);
        let left_out = if skipped > 0 { format!(", {skipped} left to the VM test") } else { String::new() };
        ui.data(&format!("{name}: {good} of {played} steps good{left_out}, {:.1} s\n", report.seconds))?;
    }
    Ok(if report.passed { Outcome::Good } else { Outcome::Findings })
}

fn down(ui: &Ui, args: &DownArgs) -> Result<Outcome> {
    let labs = if args.all { lab::labs()? } else { vec![lab::lab(&args.name.name)?] };
    for entry in labs {
        let progress = ui.progress();
        progress.step(&format!("ending the lab `{}`", entry.name));
        lab::down(&entry)?;
        drop(progress);
        ui.note(&format!("the lab `{}` is gone", entry.name));
    }
    Ok(Outcome::Good)
}
