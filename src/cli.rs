//! The command line: one file per command, `FooArgs` and `foo(ui, args)`.

mod apply;
mod chart_values;
mod completions;
mod config_args;
mod delete;
mod dev;
mod document;
mod explain;
mod git_tree;
mod gitops_tree;
mod graph;
mod init;
mod lab;
mod local_repositories;
mod man;
mod manifest_files;
mod mesh;
mod node;
mod object_numbers;
mod offline;
mod plan;
mod plan_lines;
mod rehearse;
mod release_args;
mod remote_repositories;
mod render;
mod report;
mod rollback;
mod sarif;
mod schema;
mod secret;
mod status;
mod status_lines;
mod validate;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::diag::{Error, ErrorKind, Result};
use crate::ui::{Color, Ui};

/// One typed cluster file into everything that a k3s cluster runs on
#[derive(Debug, Parser)]
#[command(name = "manifestgen", version, max_term_width = 100, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Args)]
struct Global {
    /// When to use colour
    #[arg(long, value_enum, default_value_t, global = true, value_name = "WHEN", help_heading = "Global options")]
    color: Color,
    /// Say nothing but warnings and errors
    #[arg(short, long, global = true, help_heading = "Global options")]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented `cluster.yaml` and its JSON Schema
    Init(init::InitArgs),
    /// Turn the cluster file into manifests and node files
    Render(render::RenderArgs),
    /// Check the cluster file and what it renders, or any manifests, offline or on a real API server
    Validate(validate::ValidateArgs),
    /// Show what `apply` would do to a cluster
    Plan(plan::PlanArgs),
    /// Bring a cluster to what the release says
    Apply(apply::ApplyArgs),
    /// Show how a release fares
    Status(status::StatusArgs),
    /// Apply an earlier revision of a release again
    Rollback(rollback::RollbackArgs),
    /// Take a whole release away
    Delete(delete::DeleteArgs),
    /// What one machine of the cluster needs
    Node(node::NodeArgs),
    /// The WireGuard mesh between the nodes: addresses, each node's configuration, its interface
    Mesh(mesh::MeshArgs),
    /// Rehearse an upgrade on a throw-away control plane: the old release, then the new one
    Rehearse(rehearse::RehearseArgs),
    /// Watch the cluster file: at each save, what it changes and what is wrong with it
    Dev(dev::DevArgs),
    /// Make, change and check secrets in age files
    Secret(secret::SecretArgs),
    /// Throw-away clusters on this machine, with an API server alone or with nodes that run pods
    Lab(lab::LabArgs),
    /// Print the JSON Schema of `cluster.yaml`
    Schema(schema::SchemaArgs),
    /// Explain a key of `cluster.yaml`, and where its value comes from
    Explain(explain::ExplainArgs),
    /// Draw the release: components, what they need of each other, routes
    Graph(graph::GraphArgs),
    /// Print a shell completion script
    Completions(completions::CompletionsArgs),
    /// Print the manual page
    Man(man::ManArgs),
}

/// The whole program: parses the arguments, runs one command, answers with the exit code.
#[must_use]
pub fn main() -> ExitCode {
    run(std::env::args_os())
}

fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout with code 0, wrong usage to stderr with code 2; a closed pipe is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let ui = Ui::new(cli.global.color, cli.global.quiet);
    let result = match cli.command {
        Command::Init(args) => init::init(&ui, &args),
        Command::Explain(args) => explain::explain(&ui, &args),
        Command::Render(args) => render::render(&ui, &args),
        Command::Validate(args) => validate::validate(&ui, &args),
        Command::Plan(args) => plan::plan(&ui, &args),
        Command::Apply(args) => apply::apply(&ui, &args),
        Command::Status(args) => status::status(&ui, &args),
        Command::Rollback(args) => rollback::rollback(&ui, &args),
        Command::Delete(args) => delete::delete(&ui, &args),
        Command::Node(args) => node::node(&ui, &args),
        Command::Mesh(args) => mesh::mesh(&ui, &args),
        Command::Rehearse(args) => rehearse::rehearse(&ui, &args),
        Command::Dev(args) => dev::dev(&ui, &args),
        Command::Secret(args) => secret::secret(&ui, &args),
        Command::Lab(args) => lab::lab(&ui, &args),
        Command::Schema(args) => schema::schema(&ui, &args),
        Command::Graph(args) => graph::graph(&ui, &args),
        Command::Completions(args) => completions::completions(&ui, &args),
        Command::Man(args) => man::man(&ui, &args),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            ui.error(&error);
            if error.kind == ErrorKind::Internal {
                ui.hint("this is a bug of manifestgen; please report it with the command and the config that led to it");
            }
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Exit code 0.
    Good,
    /// Findings of severity error, or something stale: exit code 1.
    Findings,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
        }
    }
}

/// The one async runtime, for commands that talk to a server.
fn runtime() -> Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.enable_all().worker_threads(2).build();
    built.map_err(|cause| Error::environment("the async runtime cannot be started").caused_by(cause))
}

fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    runtime()?.block_on(future)
}

/// `1 object`, `2 objects`.
fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The command as clap knows it, for completions and the manual.
fn command() -> clap::Command {
    Cli::command()
}
