//! `secret edit`: another value, in the user's editor.

use std::path::Path;

use clap::Args;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::block_on;
use crate::diag::{Error, ErrorKind, Result};
use crate::render::Selection;
use crate::secret::{self, Edited, Made, Trust};
use crate::ui::Ui;

use super::given::GivenArgs;
use super::{Files, Outcome, restart};

/// Arguments of `secret edit`.
#[derive(Debug, Args)]
pub(super) struct EditArgs {
    /// The secret
    name: String,
    #[command(flatten)]
    given: GivenArgs,
    #[command(flatten)]
    files: Files,
}

pub(super) fn edit(ui: &Ui, args: &EditArgs) -> Result<Outcome> {
    let loaded = args.files.load(ui)?;
    let release = loaded.render(&Selection::default())?;
    let mut session = args.files.open(ui, loaded.cluster(), Trust::IndexOnly)?;
    let edited = match args.given.read(ui, &args.name)? {
        Some(value) => secret::set(&mut session, &args.name, &value)?,
        None => secret::edit(&mut session, &args.name, &mut open)?,
    };
    if edited == Edited::Unchanged {
        ui.note(&format!("`{}` is unchanged", args.name));
        return Ok(Outcome::Good);
    }
    session.finish()?;
    ui.note(&format!("changed `{}`", args.name));
    let made = Made { name: args.name.clone(), file: String::new(), public: None };
    for line in restart::needed(loaded.cluster(), &release, &[made]) {
        ui.note(&line);
    }
    Ok(Outcome::Good)
}

/// Runs the user's editor on a file, as Git and agenix do: `$VISUAL` or `$EDITOR`, which may hold options, else `vi`.
fn open(path: &Path) -> Result<()> {
    let of = |variable: &str| std::env::var(variable).ok().filter(|value| !value.trim().is_empty());
    let editor = of("VISUAL").or_else(|| of("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let unchanged = "the secret was not changed";
    block_on(async {
        let cannot_listen = |cause| Error::environment("cannot listen for signals").caused_by(cause);
        // Ctrl-C is meant for the editor; what ends us ends it too, so that its file is wiped.
        let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_listen)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(cannot_listen)?;
        let mut hangup = signal(SignalKind::hangup()).map_err(cannot_listen)?;
        let mut child = Command::new("sh")
            .args(["-c", &format!("{editor} \"$@\""), "editor"])
            .arg(path)
            .kill_on_drop(true)
            .spawn()
            .map_err(|cause| Error::environment("the editor cannot be started").hint(unchanged).caused_by(cause))?;
        let ended = loop {
            tokio::select! {
                ended = child.wait() => break ended,
                _ = interrupt.recv() => {}
                _ = terminate.recv() => return Err(Error::new(ErrorKind::Interrupted, "interrupted by SIGTERM").hint(unchanged)),
                _ = hangup.recv() => return Err(Error::new(ErrorKind::Interrupted, "interrupted by SIGHUP").hint(unchanged)),
            }
        };
        match ended {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Error::environment(format!("the editor `{editor}` failed: {status}")).hint(unchanged)),
            Err(cause) => Err(Error::environment(format!("the editor `{editor}` cannot be watched")).hint(unchanged).caused_by(cause)),
        }
    })
}
