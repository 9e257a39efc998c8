//! `secret create`: the secrets that have no file yet.

use clap::Args;

use crate::diag::Result;
use crate::secret::{self, Made, Trust};
use crate::ui::Ui;

use super::given::{GivenArgs, not_given};
use super::{Files, Outcome};

/// Arguments of `secret create`.
#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// The secrets to make; by default all that have no file
    names: Vec<String>,
    #[command(flatten)]
    given: GivenArgs,
    #[command(flatten)]
    files: Files,
}

pub(super) fn create(ui: &Ui, args: &CreateArgs) -> Result<Outcome> {
    args.given.check(&args.names)?;
    let loaded = args.files.load(ui)?;
    let mut session = args.files.open(ui, loaded.cluster(), Trust::IndexOnly)?;
    let (made, missing) = secret::create(&mut session, &args.names, &mut |secret| args.given.give(ui, secret))?;
    // Without a new secret, `secrets.nix` may still have to follow the cluster file.
    session.finish()?;
    say_made(ui, &made);
    if !missing.is_empty() {
        return Err(not_given(&missing, "create"));
    }
    if made.is_empty() {
        ui.note("every secret has its file");
    }
    Ok(Outcome::Good)
}

/// Says what was made, without a word about the values.
pub(super) fn say_made(ui: &Ui, made: &[Made]) {
    for Made { name, file, public } in made {
        let public = public.as_ref().map(|file| format!(", its public part in `{file}`")).unwrap_or_default();
        ui.note(&format!("made `{name}` in `{file}`{public}"));
    }
}
