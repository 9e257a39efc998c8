//! What is done on the nodes of the story, and what they see.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use crate::diag::{Error, Result};
use crate::lab::{Network, NodeInfo};
use crate::scenario::kubectl::output;
use crate::scenario::steps::Stage;

/// Longer than any node waits for others.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) struct Story {
    pub(super) network: Network,
    /// The kernel has no WireGuard.
    pub(super) in_user_space: bool,
    file: PathBuf,
}

impl Stage for Story {
    fn nodes(&self) -> Vec<NodeInfo> {
        self.network.nodes()
    }

    fn shell(&self, node: usize, program: &str) -> Result<Command> {
        self.command(node, program, &[])
    }
}

/// What a node sees of the mesh.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) interface: String,
    pub(super) kernel: bool,
    /// Names of peers that answer, and of those that do not.
    pub(super) answering: Vec<String>,
    pub(super) silent: Vec<String>,
    /// Peers that answer although `wg` knows of no handshake with them or has received nothing.
    pub(super) not_by_wireguard: Vec<String>,
    /// How many others discovery hears, where it runs.
    pub(super) heard: usize,
    /// How many of them gossip, and how often somebody pretended to.
    pub(super) members: usize,
    pub(super) forged: u64,
}

/// Where discovery can be asked, on each node.
const ASKED: &str = "/run/manifestgen/mesh-wg0.sock";

impl Story {
    pub(super) fn new(network: Network) -> Result<Self> {
        let file = network.scratch().join("cluster/cluster.yaml");
        if file.to_str().is_none() {
            return Err(Error::environment("the scratch folder's name is no text").hint("set TMPDIR to another folder"));
        }
        Ok(Self { network, in_user_space: false, file })
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.network.nodes().into_iter().map(|node| node.name).collect()
    }

    /// The file of an age identity.
    pub(super) fn identity(&self, name: &str) -> String {
        self.network.scratch().join("host-keys").join(name).display().to_string()
    }

    /// Makes an age identity on a node, and answers with its public key.
    pub(super) async fn make_identity(&self, node: usize, name: &str) -> Result<String> {
        let file = self.identity(name);
        output(self.command(node, "age-keygen", &["-o", &file])?, "age-keygen").await?;
        let public = output(self.command(node, "age-keygen", &["-y", &file])?, "age-keygen -y").await?;
        Ok(public.trim().to_owned())
    }

    fn command(&self, node: usize, program: &str, arguments: &[&str]) -> Result<Command> {
        let mut command = self.network.command(node, Path::new(program))?;
        // What commands remember goes with the scratch folder.
        command.args(arguments).env("HOME", self.network.scratch());
        Ok(command)
    }

    /// This program on a node, with the cluster file.
    pub(super) async fn manifestgen(&self, node: usize, arguments: &[&str]) -> Result<String> {
        let file = self.file.display().to_string();
        self.manifestgen_alone(node, &[arguments, &["--config", &file]].concat()).await
    }

    /// This program on a node.
    pub(super) async fn manifestgen_alone(&self, node: usize, arguments: &[&str]) -> Result<String> {
        let program = self.network.program().display().to_string();
        output(self.command(node, &program, arguments)?, &format!("manifestgen {}", arguments[..2].join(" "))).await
    }

    /// Puts a node's key where agenix would.
    pub(super) async fn decrypt(&self, node: usize) -> Result<()> {
        let name = &self.names()[node];
        let encrypted = self.file.with_file_name("secrets").join(format!("wireguard-{name}.age")).display().to_string();
        let script = "umask 077 && mkdir -p /run/agenix && exec age --decrypt --identity \"$1\" --output \"/run/agenix/$2\" \"$3\"";
        let secret = format!("wireguard-{name}");
        let command = self.command(node, "sh", &["-c", script, "sh", &self.identity(name), &secret, &encrypted])?;
        output(command, "age --decrypt").await.map(|_| ())
    }

    pub(super) async fn up(&self, node: usize) -> Result<()> {
        let name = self.names()[node].clone();
        self.manifestgen(node, &["mesh", "up", &name]).await.map(|_| ())
    }

    /// A script for a shell on a node; `$0`, `$1` and so on are the arguments.
    pub(super) async fn script(&self, node: usize, script: &str, arguments: &[&str]) -> Result<String> {
        output(self.command(node, "sh", &[&["-c", script][..], arguments].concat())?, "sh").await
    }

    /// A node's address in the mesh.
    pub(super) async fn in_mesh(&self, node: usize) -> Result<IpAddr> {
        let said = self.script(node, "ip -brief -4 address show dev wg0", &[]).await?;
        let address = said.split_whitespace().nth(2).and_then(|text| text.parse().ok());
        address.map(|network: IpNet| network.addr()).ok_or_else(|| Error::environment("no address in the mesh").caused_by(said))
    }

    /// Starts discovery on a node, where it goes on by itself when it can be asked.
    pub(super) async fn discover(&self, node: usize) -> Result<()> {
        let (name, log) = (self.names()[node].clone(), self.discovery_log(node).display().to_string());
        let (program, file) = (self.network.program().display().to_string(), self.file.display().to_string());
        let script = "\"$0\" mesh discover \"$1\" --config \"$2\" >\"$3\" 2>&1 & echo $! >/run/discover.pid
            while kill -0 $! && ! test -e \"$4\"; do sleep 0.1; done";
        self.script(node, script, &[&program, &name, &file, &log, ASKED]).await.map(|_| ())
    }

    /// What discovery says on a node.
    pub(super) fn discovery_log(&self, node: usize) -> PathBuf {
        self.network.scratch().join(format!("{}-discovery.log", self.names()[node]))
    }

    /// Tells discovery on a node to end, and waits until it has.
    pub(super) async fn end_discovery(&self, node: usize) -> Result<()> {
        let script = "kill -TERM \"$(cat /run/discover.pid)\" && while test -e \"$0\"; do sleep 0.1; done";
        self.script(node, script, &[ASKED]).await.map(|_| ())
    }

    /// What a node sees; `wait` is how long others may take to answer.
    pub(super) async fn status(&self, node: usize, wait: &str) -> Result<Seen> {
        let (program, file) = (self.network.program().display().to_string(), self.file.display().to_string());
        let arguments = ["mesh", "status", "--format", "json", "--wait", wait, "--config", &file];
        let failed = || Error::environment("`mesh status` failed");
        // It ends with 1 when somebody does not answer, which is an answer here.
        let ended =
            timeout(PATIENCE, self.command(node, &program, &arguments)?.output()).await.map_err(|cause| failed().caused_by(cause))?;
        let output = ended.map_err(|cause| failed().caused_by(cause))?;
        let said = || failed().caused_by(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        let value: Value = serde_json::from_slice(&output.stdout).map_err(|_| said())?;
        Seen::of(&value).ok_or_else(said)
    }
}

impl Seen {
    fn of(value: &Value) -> Option<Self> {
        let peers = value["peers"].as_array()?;
        let named = |wanted: &dyn Fn(&Value) -> bool| -> Vec<String> {
            peers.iter().filter(|peer| wanted(peer)).filter_map(|peer| peer["name"].as_str().map(ToOwned::to_owned)).collect()
        };
        let discovery = &value["discovery"];
        let discovered = || discovery["peers"].as_array().into_iter().flatten();
        let met = |peer: &Value| peer["latestHandshake"].as_u64().is_some() && peer["received"].as_u64().is_some_and(|bytes| bytes > 0);
        Some(Self {
            interface: value["interface"].as_str()?.to_owned(),
            kernel: value["driver"] == "kernel",
            answering: named(&|peer| peer["reachable"] == true),
            silent: named(&|peer| peer["reachable"] == false),
            not_by_wireguard: named(&|peer| peer["reachable"] == true && !met(peer)),
            heard: discovered().filter(|peer| peer["state"] == "heard").count(),
            members: discovered().filter(|peer| peer["isMember"] == true).count(),
            forged: discovery["refused"]["forged"].as_u64().unwrap_or_default(),
        })
    }
}
