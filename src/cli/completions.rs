//! `completions`: a completion script for a shell.

use clap::Args;
use clap_complete::Shell;

use crate::diag::Result;
use crate::ui::Ui;

use super::Outcome;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell to write for
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn completions(ui: &Ui, args: &CompletionsArgs) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "manifestgen", &mut script);
    ui.data(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Good)
}
