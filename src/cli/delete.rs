//! `delete`: takes a whole release away.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::diag::{Error, Progress, Result};
use crate::live::{self, Action, PlanOptions};
use crate::process::interrupted;
use crate::ui::{StyledLine, Tone, Ui};

use super::config_args::ConfigArgs;
use super::plan::Format;
use super::release_args::{ClusterArgs, DeleteKinds, NameArgs, duration};
use super::{Outcome, block_on, document, plan_lines};

/// Arguments of `delete`.
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    #[command(flatten)]
    name: NameArgs,
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    #[command(flatten)]
    kinds: DeleteKinds,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// How long it may take until the objects are gone
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    timeout: Duration,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn delete(ui: &Ui, args: &DeleteArgs) -> Result<Outcome> {
    document::complete(ui, args.format, || work(ui, args))
}

fn work(ui: &Ui, args: &DeleteArgs) -> Result<Outcome> {
    let name = args.name.release(ui, &args.config)?;
    let options =
        PlanOptions { delete: args.kinds.kinds(), state_namespace: args.cluster.state_namespace.clone(), ..PlanOptions::default() };
    block_on(async {
        let progress = ui.progress();
        progress.step("connecting to the cluster");
        let connection = live::connect(args.cluster.context.as_deref()).await?;
        let plan = live::plan_removal(&name, &connection, &options, &progress).await?;
        drop(progress);
        if !args.yes {
            if args.format == Format::Text {
                ui.lines(&plan_lines::lines(&plan))?;
            }
            let question =
                format!("delete {} objects of release `{name}` in context `{}`?", plan.count(Action::Delete), connection.context);
            match ui.confirm(&question) {
                None => return Err(Error::usage("nobody can be asked here").hint("`--yes` deletes without asking")),
                Some(false) => return Err(Error::usage("nothing was deleted")),
                Some(true) => {}
            }
        }
        let progress = ui.progress();
        let removed = live::delete_release(&name, &connection, &options, args.timeout, interrupted(), &progress).await?;
        drop(progress);
        if args.format == Format::Json {
            let kept: Vec<_> = removed.kept.iter().map(|entry| json!({"object": entry.object, "reasons": entry.reasons})).collect();
            ui.data(&format!(
                "{}\n",
                json!({"version": 1, "release": name, "deleted": removed.deleted, "kept": kept, "findings": removed.findings})
            ))?;
        } else {
            ui.findings(&removed.findings);
            let mut lines: Vec<_> = removed
                .kept
                .iter()
                .map(|entry| {
                    StyledLine::new(Tone::Changed, format!("kept {}: {}", plan_lines::name(&entry.object), entry.reasons.join("; ")))
                })
                .collect();
            lines.push(StyledLine::new(Tone::Plain, format!("{} deleted, {} kept", removed.deleted, removed.kept.len())));
            ui.lines(&lines)?;
        }
        Ok(if removed.findings.is_empty() { Outcome::Good } else { Outcome::Findings })
    })
}
