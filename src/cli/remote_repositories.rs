//! Repositories that are elsewhere, asked with the credentials that Argo CD gets.

use std::cell::LazyCell;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Cluster, DeliveredSecret};
use crate::diag::{Error, Result};
use crate::online::{self, Online};
use crate::secret::{Ask, Identities, Session, Trust, harden, values_of};
use crate::ui::Ui;

use super::config_args::ConfigArgs;
use super::secret::Terminal;

/// Asks them. Without identities those of the usual places are tried; what they do not open is told, and no error.
pub(super) fn check(ui: &Ui, cluster: &Cluster, config: &ConfigArgs, identities: &[PathBuf]) -> Result<Online> {
    let ask: Arc<dyn Ask> = Arc::new(Terminal::new(ui));
    let named = (!identities.is_empty()).then(|| Identities::read(identities, &ask)).transpose()?;
    let session = LazyCell::new(|| {
        harden();
        let identities = named.map_or_else(|| Identities::read(&[], &ask), Ok)?;
        Session::open(cluster, &config.folder(), identities, ask, Trust::IndexOnly)
    });
    online::check(cluster, &|secret: &DeliveredSecret| match &*session {
        Ok(session) => values_of(session, secret).map_err(|error| in_a_line(&error)),
        Err(error) => Err(in_a_line(error)),
    })
}

fn in_a_line(error: &Error) -> String {
    match error.hints.first() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}
