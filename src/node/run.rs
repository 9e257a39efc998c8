//! `node run`: from the place and the configuration file to a running k3s.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::config::{DEFAULT, NodeConfig};
use super::environment::Environment;
use super::flags::{Flag, Role, flags};
use super::join;
use super::prepare::Preparation;
use super::supervise::{Supervised, supervise};
use crate::diag::{Error, Progress, Result};
use crate::process::Places;

/// What `node run` is asked for.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// What the node is.
    pub role: Role,
    /// k3s' configuration file; by default `K3S_CONFIG_FILE`, or `/etc/rancher/k3s/config.yaml`.
    pub config: Option<PathBuf>,
    /// k3s' own file; by default it is looked for.
    pub binary: Option<PathBuf>,
    /// Further arguments of k3s, after all others.
    pub arguments: Vec<String>,
    /// Made when k3s is ready, and gone when it is not.
    pub ready_file: Option<PathBuf>,
    /// How long k3s may take to end.
    pub grace: Duration,
}

/// What will be done, and why.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// The whole command.
    pub command: Vec<String>,
    /// What was added to k3s' configuration, and why.
    pub flags: Vec<Flag>,
    /// What is changed before.
    pub preparations: Vec<Preparation>,
    /// What was seen of the place.
    pub environment: Environment,
    #[serde(skip)]
    config: NodeConfig,
}

/// k3s' data folder, unless its flag says otherwise.
const DATA: &str = "/var/lib/rancher/k3s";

/// Where k3s' installer and images put it, beside PATH.
const FOLDERS: [&str; 4] = ["/usr/local/bin", "/opt/bin", "/bin", "/var/lib/rancher/k3s/data/current/bin"];

/// Looks around and decides. Nothing is changed but for a try of an overlay in the data folder.
///
/// # Errors
/// Usage errors of the configuration file; an environment error when there is no k3s, with the places that were searched.
pub fn plan(options: &RunOptions) -> Result<Plan> {
    let places = Places::from_environment(None);
    let file = options.config.clone().or_else(|| std::env::var_os("K3S_CONFIG_FILE").map(PathBuf::from)).unwrap_or_else(|| DEFAULT.into());
    let config = NodeConfig::read(&file)?;
    let binary = find(options.binary.as_deref(), &places)?;
    let environment = Environment::probe(Path::new(config.text("data-dir").unwrap_or(DATA)), &places);
    let flags = flags(&environment, &config);
    let mut command = vec![binary.display().to_string(), options.role.command().to_owned(), format!("--config={}", file.display())];
    command.extend(flags.iter().map(|flag| flag.argument.clone()));
    command.extend(options.arguments.iter().cloned());
    let preparations = Preparation::of(&environment);
    Ok(Plan { command, flags, preparations, environment, config })
}

fn find(named: Option<&Path>, places: &Places) -> Result<PathBuf> {
    if let Some(path) = named {
        let found = path.is_file().then(|| path.to_owned());
        return found.ok_or_else(|| Error::usage(format!("`{}` is no file", path.display())));
    }
    let elsewhere = || FOLDERS.iter().map(|folder| Path::new(folder).join("k3s")).find(|path| path.is_file());
    places.find("k3s").or_else(elsewhere).ok_or_else(|| {
        Error::environment("cannot find `k3s`")
            .caused_by(format!("it is neither in PATH nor in {}", FOLDERS.join(", ")))
            .hint("name it with `--binary`, or put it into the image: its releases are one static file")
            .hint("a node that only joins a mesh needs none: `--without-k3s` keeps the container and reaps its processes")
    })
}

/// Does what was planned, until this process is told to end.
///
/// # Errors
/// Environment errors: something cannot be prepared, or k3s cannot be started at all.
pub async fn run(plan: &Plan, options: &RunOptions, progress: &dyn Progress) -> Result<()> {
    for preparation in &plan.preparations {
        preparation.run().map_err(|cause| {
            Error::environment(format!("cannot prepare this container: {}", preparation.why()))
                .caused_by(cause)
                .hint("it has to be privileged (`--privileged`), with control groups of its own (`--cgroupns=private`)")
        })?;
    }
    let ended = |cause| Error::environment("cannot watch for signals").caused_by(cause);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate()).map_err(ended)?, signal(SignalKind::interrupt()).map_err(ended)?);
    tokio::select! {
        () = join::wait(&plan.config, progress) => {}
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
    }
    let Some((program, arguments)) = plan.command.split_first() else { return Err(Error::internal("a command without a program")) };
    let folder = tempfile::Builder::new().prefix("manifestgen-node-").tempdir();
    let folder = folder.map_err(|cause| Error::environment("cannot make a folder for a socket").caused_by(cause))?;
    let supervised = Supervised {
        name: format!("k3s {}", options.role.command()),
        program: program.into(),
        arguments: arguments.to_vec(),
        notify: folder.path().join("notify"),
        ready_file: options.ready_file.clone(),
        grace: options.grace,
    };
    supervise(&supervised, progress).await
}
