//! Real nodes for a while: kubelets and containerd in namespaces, with a whole control plane, or k3s.

mod addons;
mod addresses;
mod control;
mod distribution;
mod files;
mod init;
mod k3s;
mod kubelet;
mod namespaces;
mod network;
mod policies;
mod programs;
mod relay;
mod request;
mod runtime;
mod start;
mod steps;
mod supervise;
mod volumes;
mod wiring;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use kube::Client;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::image::Recipe;
use crate::diag::{Error, Progress, Result};
use crate::process::{Guard, GuardOptions, Places, Process, interrupted};

pub(super) use init::{INIT, init};
pub(super) use relay::{RELAY, relay};
pub(super) use supervise::{SUPERVISE, supervise};

pub use addresses::Ranges;
pub use distribution::Distribution;
pub use network::Network;
pub use relay::Forward;
pub use runtime::PAUSE_IMAGE;
pub use steps::Step;

use addresses::Addresses;
use distribution::Parts;
use namespaces::{Namespaces, enter};
use programs::Base;

/// An image that nodes have from the start.
#[derive(Debug, Clone)]
pub enum Image {
    /// Made here.
    Recipe(Recipe),
    /// An archive, of the OCI image layout or as `docker save` writes it.
    Archive(PathBuf),
}

/// What a lab with nodes is made of.
#[derive(Debug, Clone)]
pub struct LabOptions {
    /// Whose Kubernetes the nodes run.
    pub distribution: Distribution,
    /// Where real parts are looked for.
    pub places: Places,
    /// How its processes are guarded.
    pub guard: GuardOptions,
    /// Nodes beside the primer, which runs the control plane and pods, too.
    pub workers: u8,
    /// Addresses of pods and Services.
    pub ranges: Ranges,
    /// The domain of Services.
    pub domain: String,
    /// Images beside those of the lab itself.
    pub images: Vec<Image>,
}

/// More nodes than this are no test of anything but the machine.
const MOST_WORKERS: u8 = 9;

impl LabOptions {
    /// One node, with the parts of this environment and k3s' default ranges.
    #[must_use]
    pub fn new(assets: Option<PathBuf>) -> Self {
        let range = |octets: [u8; 4]| ipnet::Ipv4Net::new_assert(Ipv4Addr::from(octets), 16);
        Self {
            distribution: Distribution::default(),
            places: Places::from_environment(assets),
            guard: GuardOptions::default(),
            workers: 0,
            ranges: Ranges { pods: range([10, 42, 0, 0]), services: range([10, 43, 0, 0]) },
            domain: "cluster.local".to_owned(),
            images: Vec::new(),
        }
    }
}

/// A running lab. Dropping it ends it a moment later; [`Lab::stop`] waits for that.
pub struct Lab {
    guard: Guard,
    nodes: Vec<Node>,
    /// What must not end.
    processes: Vec<Process>,
    distribution: Distribution,
    base: Base,
    addresses: Addresses,
    client: Client,
    kubeconfig: PathBuf,
    version: String,
    steps: Vec<Step>,
    /// Leads to the API server.
    _way_in: Forward,
    volumes: JoinHandle<()>,
}

/// One node of a lab.
struct Node {
    name: String,
    namespaces: Namespaces,
}

/// How a node is entered from another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeInfo {
    /// Its name.
    pub name: String,
    /// Its address in the lab.
    pub address: Ipv4Addr,
    /// The process whose `/proc/PID/ns` names its namespaces.
    pub pid: u32,
    /// Its folder on the machine.
    pub folder: PathBuf,
}

impl NodeInfo {
    /// The arguments of `nsenter` that lead into the node; a program and its arguments follow.
    #[must_use]
    pub fn enter(&self) -> Vec<OsString> {
        enter(self.pid, &self.folder)
    }
}

impl Lab {
    /// Starts all of it and waits until the nodes are Ready and DNS answers.
    ///
    /// # Errors
    /// Environment errors: not root, no binaries, or a part that ends or does not become ready, with its last words. Everything is
    /// cleaned up by then.
    pub async fn start(options: &LabOptions, progress: &dyn Progress) -> Result<Self> {
        need_root()?;
        if options.workers > MOST_WORKERS {
            return Err(Error::usage(format!("a lab has at most {MOST_WORKERS} workers, not {}", options.workers)));
        }
        let addresses = Addresses::new(options.ranges.clone())?;
        let parts = Parts::find(options.distribution, &options.places, own_program(&options.guard)?)?;
        let mut guard = Guard::start(&options.guard).await?;
        let started = tokio::select! {
            error = interrupted() => Err(error),
            started = parts.start(&mut guard, options, &addresses, progress) => started,
        };
        match started {
            Ok(started) => Ok(started.into_lab(guard, options.distribution, parts.into_base(), addresses)),
            Err(error) => {
                // That error is the one to tell; a failed clean-up is the next run's to sweep.
                let _ = guard.stop().await;
                Err(error)
            }
        }
    }

    /// A client that may do everything.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// This program, as others run it.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.base.manifestgen
    }

    /// A kubeconfig file, readable by this user only, that is gone with the lab.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// What the API server calls itself, `v1.36.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The folder of its data and logs.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.guard.scratch()
    }

    /// What was done to start it, and how long each took.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The nodes, the primer first.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeInfo> {
        infos(&self.nodes, &self.addresses)
    }

    /// Opens a port of 127.0.0.1 (0 for any) that leads to an address as the primer sees it: a NodePort, a Service or a pod.
    ///
    /// # Errors
    /// An environment error when the port is taken.
    pub async fn forward(&self, address: SocketAddr, port: u16) -> Result<Forward> {
        Forward::start(&self.nodes[0].namespaces.folder, address, port).await
    }

    /// A command on a node, by the node's index; it is killed when it is dropped.
    ///
    /// # Errors
    /// A usage error for a node that is not there.
    pub fn command(&self, node: usize, program: &Path) -> Result<tokio::process::Command> {
        Ok(self.node(node)?.namespaces.command(program))
    }

    /// The same with what somebody who is logged in there has: a folder for what programs remember, and the way into the cluster.
    ///
    /// # Errors
    /// As [`Lab::command`].
    pub fn shell(&self, node: usize, program: &str) -> Result<tokio::process::Command> {
        let folder = &self.node(node)?.namespaces.folder;
        let mut command = self.command(node, Path::new(program))?;
        command.env("HOME", folder);
        // k3s writes its kubeconfig on servers only.
        if node == 0 {
            let kubeconfig = match self.distribution {
                Distribution::Upstream => folder.join(files::ADMINISTRATOR).with_extension("kubeconfig"),
                Distribution::K3s => k3s::KUBECONFIG.into(),
            };
            command.env("KUBECONFIG", kubeconfig);
        }
        Ok(command)
    }

    /// Lets a node's kubelet reach the API server at another address of the primer: it is told so, and starts again.
    ///
    /// # Errors
    /// A usage error for a node that is not there, or runs k3s; an environment error when it cannot be told.
    pub async fn reach_api_at(&self, node: usize, address: IpAddr) -> Result<()> {
        let namespaces = &self.node(node)?.namespaces;
        if self.distribution == Distribution::K3s {
            return Err(Error::usage("a node of k3s finds its servers itself").hint("this works with Kubernetes' own programs"));
        }
        kubelet::reach_api_at(&namespaces.folder.join("kubelet.kubeconfig"), SocketAddr::new(address, self.addresses.api().port()))?;
        // Its supervisor starts another one. Only processes of the node are seen there.
        let ended = namespaces.command(Path::new("pkill")).args(["-TERM", "-x", "kubelet"]).status().await;
        let cannot = || Error::environment("the kubelet cannot be started again");
        if ended.map_err(|cause| cannot().caused_by(cause))?.success() { Ok(()) } else { Err(cannot()) }
    }

    /// Starts a program on a node that runs as long as the lab. Its output goes to `NAME.log` in the scratch folder.
    ///
    /// # Errors
    /// A usage error for a node that is not there; an environment error when it cannot be started.
    pub async fn run(&mut self, node: usize, name: &str, program: &Path, arguments: &[&str]) -> Result<Process> {
        let program = self.node(node)?.namespaces.program(name, program, arguments);
        self.guard.run(&program).await
    }

    fn node(&self, index: usize) -> Result<&Node> {
        self.nodes.get(index).ok_or_else(|| Error::usage(format!("the lab has no node {index}")))
    }

    /// Waits until one of its parts ends by itself, which is an error.
    pub async fn broken(&mut self) -> Box<Error> {
        let ends = self.processes.iter_mut().map(|process| Box::pin(async { (process.ended().await, process.clone()) }));
        let ((exit, process), ..) = futures_util::future::select_all(ends).await;
        super::parts::with_log(Error::environment(format!("`{}` ended with {exit}", process.name())), &process)
    }

    /// Ends it, and waits until nothing is left.
    ///
    /// # Errors
    /// When something does not go; the next run tries again.
    pub async fn stop(self) -> Result<()> {
        self.volumes.abort();
        self.guard.stop().await
    }
}

fn need_root() -> Result<()> {
    if rustix::process::geteuid().is_root() {
        return Ok(());
    }
    Err(Error::environment("a lab with nodes needs root: it makes namespaces, mounts and control groups")
        .hint("`--engine api` needs no root and has everything but nodes"))
}

fn infos(nodes: &[Node], addresses: &Addresses) -> Vec<NodeInfo> {
    let info = |(index, node): (u8, &Node)| NodeInfo {
        name: node.name.clone(),
        address: addresses.node(index),
        pid: node.namespaces.pid(),
        folder: node.namespaces.folder.clone(),
    };
    (0_u8..).zip(nodes).map(info).collect()
}

/// Programs that others start cannot use `/proc/self/exe`.
fn own_program(guard: &GuardOptions) -> Result<PathBuf> {
    guard.program.canonicalize().map_err(|cause| Error::environment("the program's own file is gone").caused_by(cause))
}

/// The folders of the nodes by their names.
fn folders(nodes: &[Node]) -> BTreeMap<String, PathBuf> {
    nodes.iter().map(|node| (node.name.clone(), node.namespaces.folder.clone())).collect()
}
