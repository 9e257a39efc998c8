//! `status`: how a release fares.

use std::time::Duration;

use clap::Args;
use tokio::time::sleep;

use crate::diag::{NoProgress, Progress, Result};
use crate::live::{self, StatusReport};
use crate::process::interrupted;
use crate::render::Selection;
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
    let (name, rendered) = if let Some(name) = &args.name.name {
        (name.clone(), None)
    } else {
        let release = args.config.load(ui)?.render(&Selection::default())?;
        (release.name().to_owned(), Some(release))
    };
    block_on(async {
        let progress = ui.progress();
        progress.step("connecting to the cluster");
        let connection = live::connect(args.cluster.context.as_deref()).await?;
        let look = async |progress: &dyn Progress| {
            live::status(&connection, &name, rendered.as_ref(), &args.cluster.state_namespace, progress).await
        };
        let report = look(&progress).await?;
        drop(progress);
        if !report.inventory {
            ui.note("`apply` did not bring this release here: shown is what the config says should be there");
        }
        show(ui, &report, args.format)?;
        if args.watch {
            return tokio::select! {
                error = interrupted() => Err(error),
                error = watch(ui, args.format, look, report) => Err(error),
            };
        }
        Ok(if report.is_good() { Outcome::Good } else { Outcome::Findings })
    })
}

/// Ends only with an error.
async fn watch(
    ui: &Ui,
    format: Format,
    look: impl AsyncFn(&dyn Progress) -> Result<StatusReport>,
    mut last: StatusReport,
) -> Box<crate::diag::Error> {
    loop {
        sleep(EVERY).await;
        let report = match look(&NoProgress).await {
            Ok(report) => report,
            Err(error) => return error,
        };
        if report != last {
            if let Err(error) = show(ui, &report, format) {
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
