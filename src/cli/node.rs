//! `node`: what one machine of the cluster needs.

mod preflight;

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
}

pub(super) fn node(ui: &Ui, args: &NodeArgs) -> Result<Outcome> {
    match &args.command {
        NodeCommand::Preflight(args) => preflight::preflight(ui, args),
    }
}
