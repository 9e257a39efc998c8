//! `node`: a node's own side.

mod config;
mod run;

use clap::{Args, Subcommand};

use super::Outcome;
use crate::diag::Result;
use crate::ui::Ui;

/// Arguments of `node`.
#[derive(Debug, Args)]
pub(super) struct NodeArgs {
    #[command(subcommand)]
    command: NodeCommand,
}

#[derive(Debug, Subcommand)]
enum NodeCommand {
    /// Write the files of one node: k3s' configuration, and a service or an image's recipe that starts it
    Config(config::NodeConfigArgs),
    /// Start k3s without systemd and keep it running, also as the first process of a container
    Run(run::NodeRunArgs),
}

pub(super) fn node(ui: &Ui, args: &NodeArgs) -> Result<Outcome> {
    match &args.command {
        NodeCommand::Config(args) => config::config(ui, args),
        NodeCommand::Run(args) => run::run(ui, args),
    }
}
