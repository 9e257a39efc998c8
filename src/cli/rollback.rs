//! `rollback`: applies an earlier revision again.

use clap::Args;

use crate::diag::{Progress, Result};
use crate::live;
use crate::process::interrupted;
use crate::ui::Ui;

use super::apply::{HowArgs, report};
use super::config_args::ConfigArgs;
use super::plan::Format;
use super::release_args::{ChangeArgs, ClusterArgs, NameArgs};
use super::{Outcome, block_on, document};

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub(super) struct RollbackArgs {
    /// The revision; by default the one before the newest
    #[arg(value_name = "REVISION")]
    revision: Option<u64>,
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    change: ChangeArgs,
    #[command(flatten)]
    how: HowArgs,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn rollback(ui: &Ui, args: &RollbackArgs) -> Result<Outcome> {
    document::complete(ui, args.format, || work(ui, args))
}

fn work(ui: &Ui, args: &RollbackArgs) -> Result<Outcome> {
    let name = args.name.release(ui, &args.config)?;
    let progress = ui.progress();
    let (applied, secrets) = block_on(async {
        progress.step("connecting to the cluster");
        let connection = live::connect(args.cluster.context.as_deref()).await?;
        let stored = live::stored_release(&connection, &name, args.revision, &args.cluster.state_namespace).await?;
        let mut options = args.how.options(args.change.options(&args.cluster, false));
        options.plan.keep.clone_from(&stored.secrets);
        options.note = Some(format!("rollback to revision {}", stored.revision.number));
        options.digest = Some(stored.revision.digest.clone());
        let applied = live::apply(&stored.release, &connection, &options, None, interrupted(), &progress).await?;
        Ok((applied, stored.secrets))
    })?;
    drop(progress);
    if !secrets.is_empty() {
        ui.note(&format!("the history keeps no Secrets: {} of the release stay as they are", secrets.len()));
    }
    report(ui, None, applied, args.format)
}
