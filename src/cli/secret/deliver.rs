//! `secret deliver`: values into Secrets of the cluster.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{block_on, counted};
use crate::diag::{Error, Finding, Progress, Result};
use crate::live::{self, STATE_NAMESPACE};
use crate::secret::{self, DeliverOptions, Delivered, Delivery, Session, Trust};
use crate::ui::Ui;

use super::{Files, Outcome};

/// Arguments of `secret deliver`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(super) struct DeliverArgs {
    /// Take the values from a folder where agenix decrypted them, such as `/run/agenix`, in place of decrypting
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
    /// The context of your kubeconfig; by default the current one
    #[arg(long, value_name = "CONTEXT")]
    context: Option<String>,
    /// The namespace of the record of what was delivered
    #[arg(long, value_name = "NAMESPACE", default_value = STATE_NAMESPACE)]
    state_namespace: String,
    /// Take fields over that somebody else owns
    #[arg(long)]
    force_conflicts: bool,
    /// Do not delete Secrets that left the cluster file
    #[arg(long)]
    no_prune: bool,
    /// Do not restart workloads that use what changed; the next delivery does
    #[arg(long)]
    no_restart: bool,
    /// Deliver files that are older than those that were delivered last, or that are protected by another key
    #[arg(long)]
    trust: bool,
    #[command(flatten)]
    files: Files,
}

pub(super) fn deliver(ui: &Ui, args: &DeliverArgs) -> Result<Outcome> {
    let loaded = args.files.load(ui)?;
    let (mut identities, ask) = args.files.identities(ui)?;
    if let Some(folder) = &args.from {
        if !folder.is_dir() {
            return Err(Error::environment(format!("there is no folder `{}`", folder.display()))
                .hint("agenix makes it when the machine starts or switches; `-i FILE` decrypts without it"));
        }
        identities = identities.with_decrypted(folder.clone());
    }
    let session = Session::open(loaded.cluster(), &args.files.base(), identities, ask, Trust::IndexOnly)?;
    let delivery = Delivery::prepare(&session)?;
    let options = DeliverOptions {
        state_namespace: args.state_namespace.clone(),
        trust: args.trust,
        force_conflicts: args.force_conflicts,
        prune: !args.no_prune,
        restart: !args.no_restart,
    };
    let progress = ui.progress();
    let mut done = block_on(async {
        progress.step("connecting to the cluster");
        let connection = live::connect(args.context.as_deref()).await?;
        secret::deliver(&delivery, &connection, &options, &progress).await
    })?;
    drop(progress);
    loaded.look_up(&mut done.findings);
    ui.findings(&done.findings);
    ui.note(&summary(&done));
    Ok(if done.findings.iter().any(Finding::is_error) { Outcome::Findings } else { Outcome::Good })
}

fn summary(done: &Delivered) -> String {
    let Delivered { total, changed, removed, findings } = done;
    let secrets = counted(*total, "Secret");
    if !findings.is_empty() {
        return "not delivered, or not wholly; deliver again once the above is mended".to_owned();
    }
    match (changed, removed) {
        (0, 0) => format!("{secrets} delivered, nothing changed"),
        (changed, 0) => format!("{secrets} delivered, {changed} of them changed"),
        (changed, removed) => format!("{secrets} delivered, {changed} of them changed; {removed} left"),
    }
}
