//! The story of the mesh: five nodes without systemd, WireGuard between them from one cluster file, one killed and back, one key rotated, and two
//! that are somewhere else.

mod discovery;
mod node;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use futures_util::future::{FutureExt as _, try_join_all};
use serde_json::{Value, json};

use super::report::{Recorder, Report, Seen};
use super::steps::{Action, List, play};
use crate::diag::{Error, Progress, Result};
use crate::lab::{LabOptions, Network};
use crate::process::interrupted;
use crate::yaml;

use discovery::{forged, found, moved};
use node::{Seen as NodeSeen, Story};

const STEPS: &str = include_str!("steps/mesh.json");

const PRIMER: &str = "primer";
/// The one that is killed.
const LOST: usize = 2;
/// The one whose key is rotated.
const ROTATED: usize = 1;
/// How long a pair may take to meet. Who cannot be called is met at its own handshakes, which WireGuard repeats for 90 s (whitepaper, section 6.1).
const PATIENCE: &str = "60s";
/// The last one says that it is behind a NAT, so that nobody calls it.
const NODES: usize = 5;

/// Programs that nodes run beside this one.
const PROGRAMS: [&str; 4] = ["wg", "age", "age-keygen", "ping"];

/// What is not the real thing.
const SIMULATED: [&str; 4] = [
    "nodes are namespaces of one machine: one kernel, one clock, one cable for all",
    "`age` decrypts each node's key into /run/agenix, in place of agenix' service",
    "the cluster file and the public keys lie in one folder that all nodes see, in place of a copy on each",
    "the node behind a NAT has none in front of it: the others are only not told where to call it",
];

/// What is said where the kernel has no WireGuard.
const USERSPACE: &str = "WireGuard runs in user space (wireguard-go on a TUN device): this kernel has none";

/// Tells the story. Whether it ends well is in the report.
///
/// # Errors
/// A usage or environment error before it begins (no root, no programs), or an interruption; everything is cleaned up by then.
pub async fn mesh(lab: &LabOptions, progress: &dyn Progress) -> Result<Report> {
    let list = steps()?;
    let names: Vec<String> = std::iter::once(PRIMER.to_owned()).chain((1..NODES).map(|number| format!("worker-{number}"))).collect();
    // Where the kernel can do without, it is not needed; where it is there, nodes have to find it.
    let userspace = lab.places.find("wireguard-go").map(|_| "wireguard-go");
    let programs: Vec<&str> = PROGRAMS.into_iter().chain(userspace).collect();
    let mut recorder = Recorder::new("mesh", &SIMULATED, progress);
    let started = recorder
        .step("five nodes are up, without systemd", async {
            let network = Network::start(lab, &names, &programs).await?;
            let seen = network.nodes().iter().map(|node| format!("{} {}", node.name, node.address)).collect::<Vec<_>>().join(", ");
            Ok((network, Some(seen)))
        })
        .await?;
    let Some(network) = started else { return Ok(recorder.finish()) };
    let mut story = Story::new(network)?;
    let told = tokio::select! {
        error = interrupted() => Err(error),
        told = play(&list, &ACTIONS, &mut recorder, &mut story) => told,
    };
    if story.in_user_space {
        recorder.simulates(USERSPACE);
    }
    let stopped = recorder.step("the nodes are gone", async { story.network.stop().await.map(|()| ((), None)) }).await;
    told?;
    stopped?;
    Ok(recorder.finish())
}

fn steps() -> Result<List> {
    List::read(STEPS, &ACTIONS.map(|(id, _)| id))
}

const ACTIONS: [(&str, Action<Story>); 13] = [
    ("host_keys", |story| host_keys(story).boxed_local()),
    ("keys", |story| keys(story).boxed_local()),
    ("addresses", |story| addresses(story).boxed_local()),
    ("interfaces", |story| interfaces(story).boxed_local()),
    ("pairs", |story| all_pairs(story).boxed_local()),
    ("killed", |story| killed(story).boxed_local()),
    ("back", |story| back(story).boxed_local()),
    ("rotated", |story| rotated(story).boxed_local()),
    ("learnt", |story| learnt(story).boxed_local()),
    ("moved", |story| moved(story).boxed_local()),
    ("forged", |story| forged(story).boxed_local()),
    ("found", |story| found(story).boxed_local()),
    ("taken_away", |story| taken_away(story).boxed_local()),
];

/// Writes the cluster file.
async fn host_keys(story: &mut Story) -> Seen<()> {
    let folder = story.network.scratch().join("cluster");
    for folder in [&folder, &story.network.scratch().join("host-keys")] {
        fs::create_dir(folder).map_err(|cause| Error::environment(format!("cannot make `{}`", folder.display())).caused_by(cause))?;
    }
    let admin = story.make_identity(0, "admin").await?;
    let mut nodes = Vec::new();
    for (at, node) in story.network.nodes().into_iter().enumerate() {
        let key = story.make_identity(at, &node.name).await?;
        nodes.push(match at {
            0 => json!({"name": node.name, "role": "server", "address": node.address, "hostKeys": [key], "mesh": {"type": "wireguard"}}),
            at if at + 1 == NODES => json!({"name": node.name, "hostKeys": [key], "mesh": {"type": "wireguard", "behindNat": true}}),
            _ => json!({"name": node.name, "address": node.address, "hostKeys": [key], "mesh": {"type": "wireguard"}}),
        });
    }
    let secrets: Vec<Value> =
        story.names().iter().map(|name| json!({"name": format!("wireguard-{name}"), "make": {"type": "wireguard-key"}})).collect();
    let cluster = json!({
        "cluster": {"name": "lab"},
        "mesh": {"cidr": "10.250.0.0/24", "discovery": {}},
        "recipients": {"admins": [admin]},
        "nodes": nodes,
        "secrets": secrets,
    });
    let text = yaml::to_string(&cluster).map_err(|cause| Error::internal("the scenario's cluster cannot be written").caused_by(cause))?;
    fs::write(story.file(), text).map_err(|cause| Error::environment("cannot write the cluster file").caused_by(cause))?;
    Ok(((), None))
}

async fn keys(story: &mut Story) -> Seen<()> {
    let identity = story.identity("admin");
    story.manifestgen(0, &["secret", "create", "--identity", &identity]).await?;
    let folder = story.file().with_file_name("secrets");
    let keys: BTreeSet<String> = story
        .names()
        .iter()
        .filter_map(|name| fs::read_to_string(folder.join(format!("wireguard-{name}.pub"))).ok())
        .map(|text| text.trim().to_owned())
        .collect();
    if keys.len() == NODES { Ok(((), Some(format!("{NODES}, each another")))) } else { Err(Error::environment(format!("{keys:?}"))) }
}

async fn addresses(story: &mut Story) -> Seen<()> {
    let said = story.manifestgen(0, &["mesh", "allocate"]).await?;
    let again = story.manifestgen(0, &["mesh", "allocate"]).await?;
    let different: BTreeSet<&str> = said.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    if different.len() == NODES && again.is_empty() {
        Ok(((), Some(said.trim().replace('\n', ", "))))
    } else {
        Err(Error::environment(format!("given out: {said}; and then: {again}")))
    }
}

async fn interfaces(story: &mut Story) -> Seen<()> {
    for at in 0..NODES {
        story.decrypt(at).await?;
        story.up(at).await?;
    }
    let seen = story.status(0, "0s").await?;
    story.in_user_space = !seen.kernel;
    let how = if seen.kernel { "by the kernel" } else { "in user space" };
    Ok(((), Some(format!("{} on each, {how}", seen.interface))))
}

/// What all nodes that run see of each other.
async fn look(story: &Story, without: Option<usize>, wait: &str) -> Result<Vec<NodeSeen>> {
    try_join_all((0..NODES).filter(|at| Some(*at) != without).map(|at| story.status(at, wait))).await
}

async fn all_pairs(story: &mut Story) -> Seen<()> {
    let seen = look(story, None, PATIENCE).await?;
    let good: usize = seen.iter().map(|node| node.answering.len()).sum();
    let pairs = NODES * (NODES - 1);
    let unproven: Vec<&String> = seen.iter().flat_map(|node| &node.not_by_wireguard).collect();
    if good == pairs && unproven.is_empty() {
        Ok(((), Some(format!("{good} of {pairs}, each after a handshake and with bytes received"))))
    } else {
        Err(Error::environment(format!("{good} of {pairs}")).caused_by(format!("{seen:?}")))
    }
}

async fn killed(story: &mut Story) -> Seen<()> {
    story.network.kill(LOST).await?;
    let name = story.names()[LOST].clone();
    let seen = look(story, Some(LOST), "4s").await?;
    let good: usize = seen.iter().map(|node| node.answering.len()).sum();
    let wanted = (NODES - 1) * (NODES - 2);
    if good == wanted && seen.iter().all(|node| node.silent == [name.clone()]) {
        Ok(((), Some(format!("`{name}` does not answer, {good} of {wanted} others do"))))
    } else {
        Err(Error::environment(format!("{good} of {wanted}")).caused_by(format!("{seen:?}")))
    }
}

async fn back(story: &mut Story) -> Seen<()> {
    story.network.restart(LOST).await?;
    story.decrypt(LOST).await?;
    story.up(LOST).await?;
    all_pairs(story).await
}

async fn rotated(story: &mut Story) -> Seen<()> {
    let (name, identity) = (story.names()[ROTATED].clone(), story.identity("admin"));
    let public = story.file().with_file_name("secrets").join(format!("wireguard-{name}.pub"));
    let read = |path: &PathBuf| fs::read_to_string(path).map_err(|cause| Error::environment("no public key").caused_by(cause));
    let before = read(&public)?;
    story.manifestgen(0, &["secret", "rotate", &format!("wireguard-{name}"), "--identity", &identity]).await?;
    // The old file does not go with the new public key, and the node says so.
    let refused = story.up(ROTATED).await.err().is_some_and(|error| super::report::told(&error).contains("is not the one of node"));
    story.decrypt(ROTATED).await?;
    story.up(ROTATED).await?;
    let seen = story.status(ROTATED, "4s").await?;
    if refused && read(&public)? != before && seen.answering.is_empty() {
        Ok(((), Some(format!("nobody answers `{name}`"))))
    } else {
        Err(Error::environment("the old key still counts").caused_by(format!("{seen:?}")))
    }
}

async fn learnt(story: &mut Story) -> Seen<()> {
    for at in (0..NODES).filter(|at| *at != ROTATED) {
        story.up(at).await?;
    }
    all_pairs(story).await
}

async fn taken_away(story: &mut Story) -> Seen<()> {
    for at in 0..NODES {
        story.manifestgen_alone(at, &["mesh", "down"]).await?;
        if story.status(at, "0s").await.is_ok() {
            return Err(Error::environment(format!("`{}` still has its interface", story.names()[at])));
        }
    }
    Ok(((), None))
}

#[cfg(test)]
mod tests {
    #[test]
    fn its_list_and_its_actions_go_together() {
        super::steps().expect("a good list");
    }
}
