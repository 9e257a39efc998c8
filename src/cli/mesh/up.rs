//! `mesh up` and `mesh down`: the interface of this node.

use std::path::PathBuf;

use clap::Args;

use crate::cli::Outcome;
use crate::cli::config_args::ConfigArgs;
use crate::diag::Result;
use crate::mesh::{self, Driver, Programs, UpOptions};
use crate::process::Places;
use crate::ui::Ui;

/// Arguments of `mesh up`.
#[derive(Debug, Args)]
pub(super) struct UpArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// This node, by its name in the cluster file
    #[arg(value_name = "NODE")]
    node: String,
    /// The program that does WireGuard's work where the kernel does not; by default that of $WG_QUICK_USERSPACE_IMPLEMENTATION, `wireguard-go`
    /// or `boringtun-cli`
    #[arg(long, value_name = "PROGRAM")]
    userspace: Option<PathBuf>,
    /// Take that program even where the kernel has WireGuard
    #[arg(long)]
    not_kernel: bool,
}

/// Arguments of `mesh down`.
#[derive(Debug, Args)]
pub(super) struct DownArgs {
    /// The interface
    #[arg(long, value_name = "NAME", default_value = "wg0")]
    interface: String,
}

pub(super) fn up(ui: &Ui, args: &UpArgs) -> Result<Outcome> {
    crate::secret::harden();
    let interface = super::interface_of(ui, &args.config, &args.node)?;
    let programs = Programs::find(&Places::from_environment(None))?;
    let options = UpOptions { userspace: args.userspace.clone(), not_kernel: args.not_kernel };
    let up = mesh::up(&interface, &options, &programs)?;
    for warning in &up.warnings {
        ui.warning(warning);
    }
    let driver = match up.driver {
        Driver::Kernel => "by the kernel's WireGuard",
        Driver::Userspace => "by WireGuard in user space",
    };
    let what = if up.made { "is up" } else { "is up to date" };
    ui.note(&format!(
        "`{}` {what}, {driver}: {}, port {}, {} peers",
        interface.name,
        interface.address,
        interface.port,
        interface.peers.len()
    ));
    Ok(Outcome::Good)
}

pub(super) fn down(ui: &Ui, args: &DownArgs) -> Result<Outcome> {
    let programs = Programs::find(&Places::from_environment(None))?;
    let was_there = mesh::down(&args.interface, &programs)?;
    ui.note(&format!("`{}` {}", args.interface, if was_there { "is gone" } else { "was not there" }));
    Ok(Outcome::Good)
}
