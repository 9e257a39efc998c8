//! `secret`: secrets in age files beside the cluster file.

mod check;
mod create;
mod deliver;
mod edit;
mod given;
mod rekey;
mod restart;
mod rotate;
mod terminal;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};

use crate::config::Cluster;
use crate::diag::{Error, Result};
use crate::secret::{Ask, Identities, Session, Trust};
use crate::ui::Ui;

use super::Outcome;
use super::config_args::{ConfigArgs, LoadedConfig};

pub(super) use terminal::Terminal;

/// Arguments of `secret`.
#[derive(Debug, Args)]
pub(super) struct SecretArgs {
    #[command(subcommand)]
    command: SecretCommand,
}

#[derive(Debug, Subcommand)]
enum SecretCommand {
    /// Make the secrets that have no file yet
    Create(create::CreateArgs),
    /// Change the value of a secret in `$EDITOR`
    Edit(edit::EditArgs),
    /// Encrypt all files for the recipients that the cluster file names now
    Rekey(rekey::RekeyArgs),
    /// Make new values, and say what has to be restarted
    Rotate(rotate::RotateArgs),
    /// Check that every file is there, encrypted, for the right recipients, unchanged and not overdue
    Check(check::CheckArgs),
    /// Bring the values into the cluster's Secrets, and restart what uses one that changed
    Deliver(deliver::DeliverArgs),
}

/// What all of them take.
#[derive(Debug, Args)]
struct Files {
    #[command(flatten)]
    config: ConfigArgs,
    /// A file with a private key that decrypts: of age-keygen, or of SSH; `-` is stdin; repeatable; by default the SSH keys
    /// `~/.ssh/id_ed25519` and `~/.ssh/id_rsa` and the machine's own
    #[arg(short, long, value_name = "FILE")]
    identity: Vec<PathBuf>,
}

pub(super) fn secret(ui: &Ui, args: &SecretArgs) -> Result<Outcome> {
    crate::secret::harden();
    match &args.command {
        SecretCommand::Create(args) => create::create(ui, args),
        SecretCommand::Edit(args) => edit::edit(ui, args),
        SecretCommand::Rekey(args) => rekey::rekey(ui, args),
        SecretCommand::Rotate(args) => rotate::rotate(ui, args),
        SecretCommand::Check(args) => check::check(ui, args),
        SecretCommand::Deliver(args) => deliver::deliver(ui, args),
    }
}

impl Files {
    fn load(&self, ui: &Ui) -> Result<LoadedConfig> {
        let loaded = self.config.load(ui)?;
        if loaded.cluster().secrets.is_empty() {
            return Err(Error::usage("the cluster file declares no secrets").hint("`manifestgen explain secrets` tells how"));
        }
        Ok(loaded)
    }

    fn base(&self) -> PathBuf {
        self.config.folder()
    }

    fn open<'a>(&self, ui: &Ui, cluster: &'a Cluster, trust: Trust) -> Result<Session<'a>> {
        let (identities, ask) = self.identities(ui)?;
        Session::open(cluster, &self.base(), identities, ask, trust)
    }

    fn identities(&self, ui: &Ui) -> Result<(Identities, Arc<dyn Ask>)> {
        let ask: Arc<dyn Ask> = Arc::new(terminal::Terminal::new(ui));
        Ok((Identities::read(&self.identity, &ask)?, ask))
    }
}

/// Names in backticks.
fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
