//! The command line: one file per command, `FooArgs` and `foo(ui, args)`.

mod completions;
mod config_args;
mod explain;
mod init;
mod man;
mod manifest_files;
mod object_numbers;
mod offline;
mod render;
mod report;
mod sarif;
mod schema;
mod secret;
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
    /// Make, change and check secrets in age files
    Secret(secret::SecretArgs),
    /// Print the JSON Schema of `cluster.yaml`
    Schema(schema::SchemaArgs),
    /// Explain a key of `cluster.yaml`, and where its value comes from
    Explain(explain::ExplainArgs),
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
        Command::Secret(args) => secret::secret(&ui, &args),
        Command::Schema(args) => schema::schema(&ui, &args),
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
fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .worker_threads(2)
        .build()
        .map_err(|cause| Error::environment("the async runtime cannot be started").caused_by(cause))?
        .block_on(future)
}

/// The command as clap knows it, for completions and the manual.
fn command() -> clap::Command {
    Cli::command()
}
