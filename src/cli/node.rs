//! `node`: what one machine of the cluster needs.

mod config;
mod preflight;
mod run;

use clap::{Args, Subcommand};

use crate::diag::Result;
use crate::ui::Ui;

use super::Outcome;

/// Arguments of `node`.
#[derive(Debug, Args)]
pub(super) struct NodeArgs {
    #[command(subcommand)]
    command: NodeCommand,
}

#[derive(Debug, Subcommand)]
enum NodeCommand {
    /// Look whether this machine is fit to be a node, and change nothing
    Preflight(preflight::PreflightArgs),
    /// Write the files of one node: k3s' configuration, and a service or an image's recipe that starts it
    Config(config::NodeConfigArgs),
    /// Start k3s without systemd and keep it running, also as the first process of a container
    Run(run::NodeRunArgs),
}

pub(super) fn node(ui: &Ui, args: &NodeArgs) -> Result<Outcome> {
    match &args.command {
        NodeCommand::Preflight(args) => preflight::preflight(ui, args),
        NodeCommand::Config(args) => config::config(ui, args),
        NodeCommand::Run(args) => run::run(ui, args),
    }
}
