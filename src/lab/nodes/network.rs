//! Nodes with a network between them and nothing else: no control plane, no containers, no systemd.

use std::fs;
use std::path::Path;

use super::addresses::Addresses;
use super::namespaces::Namespaces;
use super::programs::Base;
use super::start::see_scratch;
use super::{LabOptions, MOST_WORKERS, Node, NodeInfo, infos, need_root, own_program, wiring};
use crate::diag::{Error, Result};
use crate::process::{Guard, interrupted};

/// Running nodes. Dropping them ends them a moment later; [`Network::stop`] waits for that.
pub struct Network {
    guard: Guard,
    base: Base,
    addresses: Addresses,
    nodes: Vec<Node>,
}

impl Network {
    /// Makes nodes of these names. `programs` are what nodes run by their names beside this program.
    ///
    /// # Errors
    /// Environment errors: not root, or programs that are missing. Everything is cleaned up by then.
    pub async fn start(options: &LabOptions, names: &[String], programs: &[&str]) -> Result<Self> {
        need_root()?;
        if names.is_empty() || names.len() > usize::from(MOST_WORKERS) + 1 {
            return Err(Error::usage(format!("a lab has 1 to {} nodes, not {}", MOST_WORKERS + 1, names.len())));
        }
        let base = Base::find(&options.places, own_program(&options.guard)?, programs)?;
        let addresses = Addresses::new(options.ranges.clone())?;
        let mut guard = Guard::start(&options.guard).await?;
        let started = tokio::select! {
            error = interrupted() => Err(error),
            started = make(&mut guard, &base, &addresses, names) => started,
        };
        match started {
            Ok(nodes) => Ok(Self { guard, base, addresses, nodes }),
            Err(error) => {
                // That error is the one to tell; a failed clean-up is the next run's to sweep.
                let _ = guard.stop().await;
                Err(error)
            }
        }
    }

    /// This program, as nodes run it.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.base.manifestgen
    }

    /// The folder of their data and logs.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.guard.scratch()
    }

    /// The nodes, in the order of their names as given.
    #[must_use]
    pub fn nodes(&self) -> Vec<NodeInfo> {
        infos(&self.nodes, &self.addresses)
    }

    /// A command on a node, by the node's place; it is killed when it is dropped.
    ///
    /// # Errors
    /// A usage error for a node that is not there.
    pub fn command(&self, node: usize, program: &Path) -> Result<tokio::process::Command> {
        let node = self.nodes.get(node).ok_or_else(|| Error::usage(format!("there is no node {node}")))?;
        Ok(node.namespaces.command(program))
    }

    /// Ends a node at once, as a power failure does. The first one holds the network and stays.
    ///
    /// # Errors
    /// A usage error for the first node or none; an environment error when it does not end.
    pub async fn kill(&mut self, node: usize) -> Result<()> {
        let worker = self.nodes.get_mut(node).filter(|_| node > 0);
        worker.ok_or_else(|| Error::usage(format!("there is no node {node} that can be ended")))?.namespaces.kill().await
    }

    /// Starts a node that was ended. Nothing of what it had is left.
    ///
    /// # Errors
    /// As [`Network::start`].
    pub async fn restart(&mut self, node: usize) -> Result<()> {
        let index = u8::try_from(node).unwrap_or(u8::MAX);
        let none = || Error::usage(format!("there is no node {node} that was ended"));
        let (name, folder) = self.nodes.get(node).map(|node| (node.name.clone(), node.namespaces.folder.clone())).ok_or_else(none)?;
        let cannot = |cause| Error::environment(format!("cannot clear `{}`", folder.display())).caused_by(cause);
        fs::remove_dir_all(&folder).map_err(cannot)?;
        // What the first one said there must not be taken for the second one's word.
        fs::remove_file(self.guard.scratch().join(format!("{name}-init.log"))).map_err(cannot)?;
        wiring::unplug(&mut self.guard, &self.base, &self.nodes, index).await;
        self.nodes[node].namespaces = Namespaces::start(&mut self.guard, &self.base, &name, &[]).await?;
        wiring::plug(&mut self.guard, &self.base, &self.nodes, index, &self.addresses).await
    }

    /// Ends them, and waits until nothing is left.
    ///
    /// # Errors
    /// When something does not go; the next run tries again.
    pub async fn stop(self) -> Result<()> {
        self.guard.stop().await
    }
}

async fn make(guard: &mut Guard, base: &Base, addresses: &Addresses, names: &[String]) -> Result<Vec<Node>> {
    see_scratch(guard.scratch())?;
    let mut nodes = Vec::new();
    for name in names {
        nodes.push(Node { name: name.clone(), namespaces: Namespaces::start(guard, base, name, &[]).await? });
    }
    wiring::connect(guard, base, &nodes, addresses).await?;
    Ok(nodes)
}
