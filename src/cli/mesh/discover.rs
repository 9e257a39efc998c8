//! `mesh discover`: where other nodes are, learnt from each other.

use clap::Args;

use crate::cli::config_args::ConfigArgs;
use crate::cli::{Outcome, block_on};
use crate::diag::Result;
use crate::mesh::{self, Programs};
use crate::process::Places;
use crate::ui::Ui;

/// Arguments of `mesh discover`.
#[derive(Debug, Args)]
pub(super) struct DiscoverArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// This node, by its name in the cluster file
    #[arg(value_name = "NODE")]
    node: String,
}

pub(super) fn discover(ui: &Ui, args: &DiscoverArgs) -> Result<Outcome> {
    crate::secret::harden();
    let interface = super::interface_of(ui, &args.config, &args.node)?;
    let programs = Programs::find(&Places::from_environment(None))?;
    // To be told to end is how a service ends.
    block_on(mesh::discover(&interface, &programs, &ui.progress())).map(|()| Outcome::Good)
}
