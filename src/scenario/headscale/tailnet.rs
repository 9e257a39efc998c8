//! Nodes that join the mesh of a Headscale, and what goes over it then.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::{Headscale, PATIENCE, POLL, node_port};
use crate::diag::{Error, Result};
use crate::lab::Lab;
use crate::process::{Places, Process};
use crate::scenario::kubectl::{Kubectl, output};
use crate::scenario::report::Seen;

/// The programs beside the lab's own.
pub(in crate::scenario) struct Parts {
    pub(in crate::scenario) headscale: String,
    pub(in crate::scenario) kubectl: PathBuf,
    tailscale: PathBuf,
    tailscaled: PathBuf,
}

impl Parts {
    pub(in crate::scenario) fn find(places: &Places) -> Result<Self> {
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

/// The daemons of the nodes that joined, by the nodes' numbers.
pub(in crate::scenario) type Members = Vec<(usize, Process)>;

/// The tailscaled of each of these nodes joins through the NodePort.
pub(in crate::scenario) async fn join(
    lab: &mut Lab,
    parts: &Parts,
    headscale: &Headscale<'_>,
    key: &str,
    nodes: impl IntoIterator<Item = usize>,
) -> Seen<Members> {
    let mut members = Members::new();
    for node in nodes {
        write_key(&lab.nodes()[node].folder.join("auth-key"), key)?;
        members.push((node, daemon(lab, parts, node, "tailscaled").await?));
    }
    try_join_all(members.iter().map(|(node, _)| log_in(lab, parts, *node))).await?;
    let ((), online) = headscale.wait_for_online(members.len()).await?;
    Ok((members, online))
}

async fn daemon(lab: &mut Lab, parts: &Parts, node: usize, name: &str) -> Result<Process> {
    let name = format!("{}-{name}", lab.nodes()[node].name);
    let arguments = ["--statedir=/run/tailscale", "--socket=/run/tailscale/tailscaled.sock", "--no-logs-no-support"];
    lab.run(node, &name, &parts.tailscaled, &arguments).await
}

async fn log_in(lab: &Lab, parts: &Parts, index: usize) -> Result<()> {
    let node = lab.nodes()[index].clone();
    let (hostname, key) = (format!("--hostname={}", node.name), format!("--auth-key=file:{}/auth-key", node.folder.display()));
    let server = format!("--login-server=http://{}", node_port());
    let up = ["up", &server, &key, &hostname, "--accept-dns=false", "--netfilter-mode=off", "--timeout=60s"];
    tailscale(lab, parts, index, &up).await.map(|_| ())
}

/// Starts the daemons again, as their services would. They know who they are, and ask the server for its key.
pub(super) async fn restart(lab: &mut Lab, parts: &Parts, members: &mut Members) -> Result<()> {
    for (node, process) in members {
        let mut kill = lab.command(*node, Path::new("pkill"))?;
        kill.args(["-TERM", "-x", "tailscaled"]);
        output(kill, "pkill").await?;
        process.ended().await;
        *process = daemon(lab, parts, *node, "tailscaled-again").await?;
    }
    Ok(())
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
    command.arg("--socket=/run/tailscale/tailscaled.sock").args(arguments);
    Ok(command)
}

/// All pairs, each of which has to find a way without a relay.
pub(super) async fn ping(lab: &Lab, parts: &Parts) -> Seen<()> {
    let nodes = 0..lab.nodes().len();
    let addresses = try_join_all(nodes.clone().map(|node| address(lab, parts, node))).await?;
    let pairs = nodes.clone().flat_map(|from| nodes.clone().filter(move |to| *to != from).map(move |to| (from, to)));
    let pings = pairs.map(async |(from, to)| {
        // It ends with the first answer that comes straight from there.
        let said = tailscale(lab, parts, from, &["ping", "--c=60", "--timeout=1s", &addresses[to].to_string()]).await?;
        Ok::<_, Box<Error>>(said.lines().last().unwrap_or_default().to_owned())
    });
    let said = try_join_all(pings).await?;
    let first = said.first().map(|first| format!("; {first}")).unwrap_or_default();
    Ok(((), Some(format!("{} of {0}{first}", said.len()))))
}

/// Each worker's kubelet is told the primer's address in the mesh, connects there, and its node goes on being heard of.
pub(super) async fn kubelets(lab: &Lab, parts: &Parts, kubectl: &Kubectl) -> Seen<()> {
    let nodes = lab.nodes();
    let primer = address(lab, parts, 0).await?;
    let mut told = Vec::new();
    for (worker, node) in nodes.iter().enumerate().skip(1) {
        let (own, before) = (address(lab, parts, worker).await?, heard_of(kubectl, &node.name).await?);
        lab.reach_api_at(worker, primer).await?;
        told.push((own, &node.name, before));
    }
    let deadline = Instant::now() + PATIENCE;
    for (own, name, before) in told {
        while !connected(lab, own).await? {
            if Instant::now() >= deadline {
                return Err(Error::environment(format!("no connection from {own} to the API server at {primer}")));
            }
            sleep(POLL).await;
        }
        while heard_of(kubectl, name).await? == before {
            if Instant::now() >= deadline {
                return Err(Error::environment(format!("node `{name}` is not heard of any more")));
            }
            sleep(POLL).await;
        }
    }
    kubectl.run(&["wait", "--for=condition=Ready", "--timeout=60s", "node", "--all"]).await?;
    Ok(((), Some(format!("at {primer}; all nodes are Ready"))))
}

/// A node's address in the mesh.
async fn address(lab: &Lab, parts: &Parts, node: usize) -> Result<IpAddr> {
    let said = tailscale(lab, parts, node, &["ip", "-4"]).await?;
    said.trim().parse().map_err(|cause| Error::environment("no address in the mesh").caused_by(cause))
}

/// When a node's kubelet last said that it is there.
async fn heard_of(kubectl: &Kubectl, node: &str) -> Result<String> {
    kubectl.run(&["--namespace=kube-node-lease", "get", "lease", node, "--output=jsonpath={.spec.renewTime}"]).await
}

/// Whether the primer has a connection of an address at the API server's port.
async fn connected(lab: &Lab, from: IpAddr) -> Result<bool> {
    let mut command = lab.command(0, Path::new("ss"))?;
    command.args(["--no-header", "--tcp", "--numeric", "state", "established", "( sport = :6443 )"]);
    let said = output(command, "ss").await?;
    let peers = said.lines().filter_map(|line| line.split_whitespace().last()?.parse::<SocketAddr>().ok());
    Ok(peers.map(|peer| peer.ip().to_canonical()).any(|peer| peer == from))
}
