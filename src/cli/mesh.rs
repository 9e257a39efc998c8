//! `mesh`: WireGuard between the nodes.

mod allocate;
mod config;
mod discover;
mod status;
mod up;

use clap::{Args, Subcommand};

use crate::diag::Result;
use crate::mesh::{Interface, Keys, interface, public_keys};
use crate::ui::Ui;

use super::Outcome;
use super::config_args::{ConfigArgs, LoadedConfig};
use super::document;

/// Arguments of `mesh`.
#[derive(Debug, Args)]
pub(super) struct MeshArgs {
    #[command(subcommand)]
    command: MeshCommand,
}

#[derive(Debug, Subcommand)]
enum MeshCommand {
    /// Give an address to each node that has none, and write it into the cluster file
    Allocate(allocate::AllocateArgs),
    /// Print the configuration of a node's interface: for wg-quick, systemd-networkd or NixOS
    Config(config::MeshConfigArgs),
    /// Bring the interface of this node up, or up to date
    Up(up::UpArgs),
    /// Take the interface of this node away
    Down(up::DownArgs),
    /// Find other nodes of the mesh where they are now, and go on doing so: each node runs it
    Discover(discover::DiscoverArgs),
    /// Show the interface of this node: who its peers are, whether they answer, and what discovery knows
    Status(status::StatusArgs),
}

pub(super) fn mesh(ui: &Ui, args: &MeshArgs) -> Result<Outcome> {
    match &args.command {
        MeshCommand::Allocate(args) => allocate::allocate(ui, args),
        MeshCommand::Config(args) => config::config(ui, args),
        MeshCommand::Up(args) => up::up(ui, args),
        MeshCommand::Down(args) => up::down(ui, args),
        MeshCommand::Discover(args) => discover::discover(ui, args),
        MeshCommand::Status(args) => document::complete(ui, args.format, || status::status(ui, args)),
    }
}

/// The cluster file and the public keys beside it.
fn load(ui: &Ui, args: &ConfigArgs) -> Result<(LoadedConfig, Keys)> {
    let loaded = args.load(ui)?;
    let keys = public_keys(loaded.cluster(), &args.folder())?;
    Ok((loaded, keys))
}

/// The interface of one node.
fn interface_of(ui: &Ui, args: &ConfigArgs, node: &str) -> Result<Interface> {
    let (loaded, keys) = load(ui, args)?;
    interface(loaded.cluster(), node, &keys)
}
