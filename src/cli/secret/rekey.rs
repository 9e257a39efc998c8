//! `secret rekey`: other recipients.

use clap::Args;

use crate::diag::Result;
use crate::secret::{self, Trust};
use crate::ui::Ui;

use super::{Files, Outcome, listed};

/// Arguments of `secret rekey`.
#[derive(Debug, Args)]
pub(super) struct RekeyArgs {
    /// Take files that another tool changed, or an older state of all files, as they are
    #[arg(long)]
    trust: bool,
    #[command(flatten)]
    files: Files,
}

pub(super) fn rekey(ui: &Ui, args: &RekeyArgs) -> Result<Outcome> {
    let loaded = args.files.load(ui)?;
    let trust = if args.trust { Trust::FilesAsTheyAre } else { Trust::IndexOnly };
    let mut session = args.files.open(ui, loaded.cluster(), trust)?;
    let done = secret::rekey(&mut session)?;
    session.finish()?;
    if done.changed.is_empty() {
        ui.note("every file is for the recipients of the cluster file");
    } else {
        ui.note(&format!("encrypted anew: {}", listed(&done.changed)));
    }
    if !done.exposed.is_empty() {
        ui.warning(&format!("recipients that are gone have read the values of {}", listed(&done.exposed)));
        ui.hint(&format!("`manifestgen secret rotate {}` makes new ones", done.exposed.join(" ")));
    }
    if !done.missing.is_empty() {
        ui.hint(&format!("without a file are {}: `manifestgen secret create`", listed(&done.missing)));
    }
    Ok(Outcome::Good)
}
