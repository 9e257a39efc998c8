//! Repositories that are elsewhere, asked with the credentials that Argo CD gets.

use std::cell::LazyCell;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Cluster, DeliveredSecret};
use crate::diag::{Error, Result};
use crate::online::{self, Online};
use crate::process::interrupted;
use crate::secret::{Ask, Identities, Session, harden, values_of};
use crate::ui::Ui;

use super::block_on;
use super::config_args::ConfigArgs;
use super::secret::Terminal;

/// Asks them. Without identities those of the usual places are tried; what they do not open is told, and no error.
pub(super) fn check(ui: &Ui, cluster: &Cluster, config: &ConfigArgs, identities: &[PathBuf]) -> Result<Online> {
    let ask: Arc<dyn Ask> = Arc::new(Terminal::new(ui));
    let named = (!identities.is_empty()).then(|| Identities::read(identities, &ask)).transpose()?;
    let session = LazyCell::new(|| {
        harden();
        let identities = named.map_or_else(|| Identities::read(&[], &ask), Ok)?;
        Session::read_only(cluster, &config.folder(), identities, ask)
    });
    let open = |secret: &DeliveredSecret| match &*session {
        Ok(session) => values_of(session, secret).map_err(|error| in_a_line(&error)),
        Err(error) => Err(in_a_line(error)),
    };
    block_on(async {
        tokio::select! {
            online = online::check(cluster, &open) => online,
            error = interrupted() => Err(error),
        }
    })
}

fn in_a_line(error: &Error) -> String {
    match error.hints.first() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}
