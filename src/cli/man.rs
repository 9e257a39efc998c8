//! `man`: the manual page.

use clap::Args;

use crate::diag::{Error, Result};
use crate::ui::Ui;

use super::Outcome;

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// The command to print the page of; by default the page of `manifestgen` itself
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(super) fn man(ui: &Ui, args: &ManArgs) -> Result<Outcome> {
    let mut root = super::command();
    root.build();
    let command = match &args.command {
        None => root,
        Some(name) => root
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| Error::usage(format!("there is no command `{name}`")).hint("`manifestgen --help` lists the commands"))?,
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(|cause| Error::internal("the manual page cannot be made").caused_by(cause))?;
    ui.data(&String::from_utf8_lossy(&page))?;
    Ok(Outcome::Good)
}
