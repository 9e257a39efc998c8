//! A lab whose nodes run k3s, which `node run` keeps running on each of them.
//!
//! There was no k3s where this was written: it was run with a stand-in (docs/LAB.md). What is said of k3s is from its pages and sources.

mod access;
mod cluster;
mod program;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::time::sleep;

use super::addresses::Addresses;
use super::namespaces::{Namespaces, run_to_end};
use super::programs::Base;
use super::relay::Forward;
use super::start::{self, Started};
use super::steps::Steps;
use super::{LabOptions, Node, addons, wiring};
use crate::diag::{Error, Progress, Result};
use crate::lab::parts::{ready_within, serves, with_log, write_private};
use crate::live;
use crate::manifest::hex;
use crate::node::{Role, ends};
use crate::process::{Guard, Process, Program};
use crate::yaml;

pub(super) use program::K3s;

/// What of `/etc` is each node's own: the folder of k3s' settings, node password and kubeconfig. The place of the password cannot be
/// chosen (k3s' pkg/agent/config/config.go, `nodeConfigPath`).
const SETTINGS: &str = "/etc/rancher";

/// The file of the cluster's join token, on every node.
const TOKEN: &str = "/etc/rancher/k3s/token";

/// Where a server writes the way into its cluster (docs.k3s.io/cluster-access).
pub(super) const KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";

/// The name of what stands for the wire between nodes.
const SWITCH: &str = "switch";

/// A first start unpacks 200 MB and makes a dozen authorities.
const PATIENCE: Duration = Duration::from_mins(5);

/// So often k3s may end, and be started again by its supervisor, before the lab gives up.
const MOST_ENDS: usize = 4;

/// How often it is looked whether k3s ended.
const LOOK: Duration = Duration::from_secs(2);

pub(super) async fn start(
    guard: &mut Guard,
    options: &LabOptions,
    k3s: &K3s,
    addresses: &Addresses,
    progress: &dyn Progress,
) -> Result<Started> {
    let base = &k3s.base;
    let mut steps = Steps::new(progress);
    steps.begin("making namespaces and the network between them");
    let nodes = start::make_nodes(guard, options, base, &[SETTINGS]).await?;
    let switch = Namespaces::start(guard, base, SWITCH, &[]).await?;
    wiring::connect_by_switch(guard, base, &switch, &nodes, addresses).await?;

    steps.begin("making images");
    let primer = &nodes[0].namespaces;
    let relay = start::start_relay(guard, base, primer).await?;
    let mirror = start::start_mirror(guard, base, primer, options, addresses).await?;

    steps.begin("writing the nodes' files");
    write_files(guard, base, &nodes, addresses, &options.domain).await?;

    steps.begin("waiting for k3s' API server");
    let mut processes = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        let role = if index == 0 { Role::Server } else { Role::Agent };
        processes.push(guard.run(&supervisor(base, &k3s.binary, node, role)).await?);
    }
    processes.extend([relay, mirror]);
    let written = on_machine(&primer.folder, KUBECONFIG);
    wait(&mut processes, async || access::read(&written).is_some()).await?;
    let way_in = Forward::start(&primer.folder, addresses.api(), 0).await?;
    let content = access::read(&written).and_then(|kubeconfig| access::at(kubeconfig, way_in.port));
    let content = content.ok_or_else(|| Error::environment(format!("k3s took back what it had written to `{KUBECONFIG}`")))?;
    let kubeconfig = guard.scratch().join("kubeconfig");
    write_private(&kubeconfig, &content.to_string())?;
    let client = live::client_of(content).await?;
    wait(&mut processes, async || serves(&client).await).await?;
    let version = start::version(&client).await?;

    steps.begin("waiting for nodes");
    wait(&mut processes, async || start::nodes_are_ready(&client, nodes.len()).await).await?;

    steps.begin("waiting for DNS");
    addons::install(&client, addresses, &options.domain).await?;
    wait(&mut processes, async || addons::dns_is_available(&client).await).await?;
    Ok(Started { nodes, processes, client, kubeconfig, version, steps: steps.finish(), way_in })
}

/// A node's files are those that `node config` writes for the lab's cluster file, as it does for any other.
async fn write_files(guard: &mut Guard, base: &Base, nodes: &[Node], addresses: &Addresses, domain: &str) -> Result<()> {
    let group = start::group(guard.scratch())?;
    let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).collect();
    let cluster = cluster::cluster_file(&names, addresses, domain, &group);
    let text = yaml::to_string(&cluster).map_err(|cause| Error::internal("the lab's cluster file is no YAML").caused_by(cause))?;
    let file = guard.scratch().join("cluster.yaml");
    write_private(&file, &text)?;
    let token = token()?;
    for node in nodes {
        let folder = &node.namespaces.folder;
        let words: [OsString; 9] = [
            "node".into(),
            "config".into(),
            node.name.as_str().into(),
            "--config".into(),
            file.as_os_str().into(),
            "--form".into(),
            "container".into(),
            "--output".into(),
            folder.as_os_str().into(),
        ];
        let name = format!("{}-config", node.name);
        let program = Program { name, path: base.manifestgen.clone(), arguments: words.to_vec(), environment: Vec::new() };
        run_to_end(guard, &program).await?;
        write_private(&on_machine(folder, TOKEN), &token)?;
    }
    Ok(())
}

/// It goes to files only, never to arguments or variables.
fn token() -> Result<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::environment("the system gives no random bytes"))?;
    Ok(hex(&bytes))
}

fn supervisor(base: &Base, k3s: &Path, node: &Node, role: Role) -> Program {
    let words: [OsString; 5] = ["node".into(), "run".into(), role.command().into(), "--binary".into(), k3s.as_os_str().into()];
    let mut program = node.namespaces.program(&format!("{}-k3s", node.name), &base.manifestgen, words);
    // It makes a socket there. `/tmp` is the machine's, on which nothing may stay; `/run` goes with the node.
    program.environment.push(("TMPDIR".into(), "/run".into()));
    program
}

/// Where a file of [`SETTINGS`] lies on the machine.
fn on_machine(folder: &Path, path: &str) -> PathBuf {
    folder.join(path.trim_start_matches('/'))
}

/// Waits until it is so; gives up when k3s ends again and again, which its supervisor does not.
async fn wait<F: Future<Output = bool>>(processes: &mut [Process], asked: impl FnMut() -> F) -> Result<()> {
    let logs = processes.to_vec();
    let mut watched: Vec<&mut Process> = processes.iter_mut().collect();
    tokio::select! {
        ready = ready_within(PATIENCE, &mut watched, asked) => ready,
        error = given_up(&logs) => Err(error),
    }
}

async fn given_up(processes: &[Process]) -> Box<Error> {
    loop {
        sleep(LOOK).await;
        if let Some(process) = processes.iter().find(|process| ends(&process.last_lines(usize::MAX)) >= MOST_ENDS) {
            return with_log(Error::environment(format!("k3s ends again and again, as `{}` says", process.name())), process);
        }
    }
}
