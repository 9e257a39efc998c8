//! `status`: how a release fares.

use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use crate::diag::{Progress, Result};
use crate::live::{self, StatusReport};
use crate::process::interrupted;
use crate::ui::Ui;

use super::config_args::ConfigArgs;
use super::plan::Format;
use super::release_args::{ClusterArgs, NameArgs};
use super::{Outcome, block_on, document, status_lines};

const EVERY: Duration = Duration::from_secs(2);

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Say it again whenever it changes, until interrupted
    #[arg(long)]
    watch: bool,
    /// How to say it: as text, or one document, on stdout; with `--watch` a document a line
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn status(ui: &Ui, args: &StatusArgs) -> Result<Outcome> {
    document::complete(ui, args.format, || work(ui, args))
}

fn work(ui: &Ui, args: &StatusArgs) -> Result<Outcome> {
    let name = args.name.release(ui, &args.config)?;
    block_on(async {
        let progress = ui.progress();
        progress.step("connecting to the cluster");
        let connection = live::connect(args.cluster.context.as_deref()).await?;
        let report = live::status(&connection, &name, &args.cluster.state_namespace, &progress).await?;
        drop(progress);
        show(ui, &report, args.format)?;
        if args.watch {
            return tokio::select! {
                error = interrupted() => Err(error),
                error = watch(ui, args, &connection, &name, report) => Err(error),
            };
        }
        Ok(if report.is_good() { Outcome::Good } else { Outcome::Findings })
    })
}

/// Ends only with an error.
async fn watch(ui: &Ui, args: &StatusArgs, connection: &live::Connection, name: &str, mut last: StatusReport) -> Box<crate::diag::Error> {
    loop {
        sleep(EVERY).await;
        let report = match live::status(connection, name, &args.cluster.state_namespace, &crate::diag::NoProgress).await {
            Ok(report) => report,
            Err(error) => return error,
        };
        if report != last {
            if let Err(error) = show(ui, &report, args.format) {
                return error;
            }
            last = report;
        }
    }
}

fn show(ui: &Ui, report: &StatusReport, format: Format) -> Result<()> {
    match format {
        Format::Json => ui.data(&format!("{}\n", report.to_json())),
        Format::Text => ui.lines(&status_lines::lines(report)),
    }
}
