//! `schema`: the JSON Schema of `cluster.yaml`.

use clap::Args;

use crate::config;
use crate::diag::{Error, Result};
use crate::ui::Ui;

use super::Outcome;

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaArgs {}

pub(super) fn schema(ui: &Ui, _args: &SchemaArgs) -> Result<Outcome> {
    let mut text = serde_json::to_string_pretty(&config::schema())
        .map_err(|cause| Error::internal("the schema does not serialize").caused_by(cause))?;
    text.push('\n');
    ui.data(&text)?;
    Ok(Outcome::Good)
}
