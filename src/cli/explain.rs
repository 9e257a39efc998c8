//! `explain`: what a key of the config means and where its value comes from, or what a rule finds.

use std::fmt::Write as _;

use clap::Args;

use crate::config::{self, Explanation};
use crate::diag::Result;
use crate::rule;
use crate::ui::Ui;

use super::Outcome;
use super::config_args::ConfigArgs;

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The path of a key, such as `headscale.storage`, or the id of a rule, such as `reference/secret`; none for the whole file
    #[arg(default_value = "")]
    key: String,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn explain(ui: &Ui, args: &ExplainArgs) -> Result<Outcome> {
    if args.key.contains('/') {
        ui.data(&rule::page(rule::find(&args.key)?))?;
        return Ok(Outcome::Good);
    }
    // The meaning of a key needs no file; its value does. A file that cannot be loaded is an error only where it was asked for.
    let asked = args.config.config.is_some() || args.config.profile.is_some() || !args.config.set.is_empty();
    let loaded = match args.config.load_quietly(ui) {
        Ok(loaded) => Some(loaded),
        Err(error) if asked => return Err(error),
        Err(_) => None,
    };
    let explanation = config::explain(&args.key, loaded.as_ref().map(super::config_args::LoadedConfig::loaded))?;
    ui.data(&text(&explanation))?;
    Ok(Outcome::Good)
}

fn text(explanation: &Explanation) -> String {
    let key = if explanation.key.is_empty() { "cluster.yaml" } else { &explanation.key };
    let mut text = format!("{key}: {}\n", explanation.kind);
    let section = |text: &mut String, body: &str| {
        if !body.is_empty() {
            let _ = write!(text, "\n{}\n", body.trim_end());
        }
    };
    section(&mut text, &explanation.description);
    let mut facts = String::new();
    if let Some(default) = &explanation.default {
        let _ = writeln!(facts, "default:  {default}");
    }
    if !explanation.allowed.is_empty() {
        let _ = writeln!(facts, "one of:   {}", explanation.allowed.join(", "));
    }
    if !explanation.examples.is_empty() {
        let _ = writeln!(facts, "examples: {}", explanation.examples.join(", "));
    }
    if let Some(value) = &explanation.value {
        let from = explanation.origin.as_ref().map(|(location, origin)| {
            // A layer of its own text, such as `--set`, is named once.
            if origin.layer == location.file {
                format!("  ({})", origin.layer)
            } else {
                format!("  ({}, {}:{})", origin.layer, location.file, location.line)
            }
        });
        let _ = writeln!(facts, "value:    {value}{}", from.unwrap_or_default());
    }
    section(&mut text, &facts);
    if !explanation.children.is_empty() {
        let width = explanation.children.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let rows: String = explanation.children.iter().fold(String::new(), |mut rows, (name, line)| {
            let _ = writeln!(rows, "  {name:width$}  {line}");
            rows
        });
        section(&mut text, &rows);
    }
    text
}
