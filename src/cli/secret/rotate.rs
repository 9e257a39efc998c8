//! `secret rotate`: new values.

use clap::Args;

use crate::diag::Result;
use crate::render::Selection;
use crate::secret::{self, Trust};
use crate::ui::Ui;

use super::create::say_made;
use super::given::{GivenArgs, not_given};
use super::{Files, Outcome, restart};

/// Arguments of `secret rotate`.
#[derive(Debug, Args)]
pub(super) struct RotateArgs {
    /// The secrets that get a new value
    #[arg(required_unless_present = "overdue", conflicts_with = "overdue")]
    names: Vec<String>,
    /// All whose value is older than it may be
    #[arg(long)]
    overdue: bool,
    #[command(flatten)]
    given: GivenArgs,
    #[command(flatten)]
    files: Files,
}

pub(super) fn rotate(ui: &Ui, args: &RotateArgs) -> Result<Outcome> {
    args.given.check(&args.names)?;
    let loaded = args.files.load(ui)?;
    let release = loaded.render(&Selection::default())?;
    let mut session = args.files.open(ui, loaded.cluster(), Trust::IndexOnly)?;
    let (made, missing) = secret::rotate(&mut session, &args.names, &mut |secret| args.given.give(ui, secret))?;
    if !args.overdue && !missing.is_empty() {
        return Err(not_given(&missing, "rotate"));
    }
    session.finish()?;
    say_made(ui, &made);
    for line in restart::needed(loaded.cluster(), &release, &made) {
        ui.note(&line);
    }
    if !missing.is_empty() {
        return Err(not_given(&missing, "rotate"));
    }
    if made.is_empty() {
        ui.note("no value is overdue");
        return Ok(Outcome::Good);
    }
    ui.hint("old values stay in version control and in backups: revoke them where they were used");
    Ok(Outcome::Good)
}
