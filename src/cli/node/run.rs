//! `node run`: k3s without systemd.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::cli::plan::Format;
use crate::cli::release_args::duration;
use crate::cli::{Outcome, block_on, document};
use crate::diag::Result;
use crate::node::{self, Plan, Role, RunOptions};
use crate::ui::Ui;

/// Arguments of `node run`.
#[derive(Debug, Args)]
pub(in crate::cli) struct NodeRunArgs {
    /// What the node is
    #[arg(value_enum, value_name = "ROLE")]
    role: RoleArg,
    /// k3s' configuration file; by default `$K3S_CONFIG_FILE`, or `/etc/rancher/k3s/config.yaml`
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// k3s' own file; by default it is looked for in PATH and in the usual folders
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Run no k3s: keep the container of a node that only joins a mesh, and reap its processes
    #[arg(long, conflicts_with_all = ["binary", "config", "dry_run"])]
    without_k3s: bool,
    /// A file that is there while k3s is ready
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
    /// How long k3s may take to end
    #[arg(long, value_name = "DURATION", default_value = "90s", value_parser = duration)]
    grace: Duration,
    /// Start nothing: print the command, and why each flag is there
    #[arg(long)]
    dry_run: bool,
    /// How a dry run says it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT", requires = "dry_run")]
    format: Format,
    /// Further arguments of k3s, after all others
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleArg {
    /// It runs the control plane, and pods too
    Server,
    /// It runs pods
    Agent,
}

pub(super) fn run(ui: &Ui, args: &NodeRunArgs) -> Result<Outcome> {
    if args.without_k3s {
        ui.note("no k3s runs here; this process ends when it is told to");
        return block_on(node::idle()).map(|()| Outcome::Good);
    }
    document::complete(ui, args.format, || {
        let options = RunOptions {
            role: match args.role {
                RoleArg::Server => Role::Server,
                RoleArg::Agent => Role::Agent,
            },
            config: args.config.clone(),
            binary: args.binary.clone(),
            arguments: args.arguments.clone(),
            ready_file: args.ready_file.clone(),
            grace: args.grace,
        };
        let plan = node::plan(&options)?;
        if args.dry_run {
            return show(ui, args.format, &plan);
        }
        let progress = ui.progress();
        progress_of(&plan, ui);
        block_on(node::run(&plan, &options, &progress)).map(|()| Outcome::Good)
    })
}

fn progress_of(plan: &Plan, ui: &Ui) {
    for flag in &plan.flags {
        ui.note(&format!("{}: {}", flag.argument, flag.why));
    }
}

fn show(ui: &Ui, format: Format, plan: &Plan) -> Result<Outcome> {
    if format == Format::Json {
        let mut document = json!({"version": 1});
        if let (Some(document), Ok(serde_json::Value::Object(plan))) = (document.as_object_mut(), serde_json::to_value(plan)) {
            document.extend(plan);
        }
        ui.data(&format!("{document}\n"))?;
        return Ok(Outcome::Good);
    }
    let command: Vec<_> = plan.command.iter().map(|word| quoted(word)).collect();
    ui.data(&format!("{}\n", command.join(" ")))?;
    for flag in &plan.flags {
        ui.data(&format!("# {}: {}\n", flag.argument, flag.why))?;
    }
    for preparation in &plan.preparations {
        ui.data(&format!("# before: {}\n", preparation.why()))?;
    }
    Ok(Outcome::Good)
}

/// As a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,@+%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
