//! `init`: a first `cluster.yaml`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config;
use crate::diag::{Error, Result};
use crate::sink;
use crate::ui::Ui;

use super::Outcome;

/// The schema file that the modeline of a new `cluster.yaml` names.
const SCHEMA_FILE: &str = "cluster.schema.json";

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// The folder to write to
    #[arg(default_value = ".", value_name = "FOLDER")]
    folder: PathBuf,
    /// The built-in profile to start from
    #[arg(long, default_value = "primer", value_name = "PROFILE")]
    profile: String,
    /// Replace a `cluster.yaml` that is there
    #[arg(long)]
    force: bool,
}

pub(super) fn init(ui: &Ui, args: &InitArgs) -> Result<Outcome> {
    let text = config::template(&args.profile)?;
    let file = args.folder.join("cluster.yaml");
    if file.exists() && !args.force {
        return Err(Error::usage(format!("`{}` is there already", file.display())).hint("`--force` replaces it"));
    }
    std::fs::create_dir_all(&args.folder)
        .map_err(|cause| Error::environment(format!("`{}` cannot be made", args.folder.display())).caused_by(cause))?;
    let mut schema = serde_json::to_string_pretty(&config::schema())
        .map_err(|cause| Error::internal("the schema does not serialize").caused_by(cause))?;
    schema.push('\n');
    // The schema first: a `cluster.yaml` whose modeline names a file that is not there helps nobody.
    sink::write_file(&args.folder.join(SCHEMA_FILE), &schema)?;
    sink::write_file(&file, &text)?;
    ui.note(&format!("wrote `{}` and `{}`", file.display(), args.folder.join(SCHEMA_FILE).display()));
    let config = if args.folder == Path::new(".") { String::new() } else { format!(" -c {}", file.display()) };
    ui.hint(&format!("edit it, then run `manifestgen render{config}`; `manifestgen explain KEY` tells what a key means"));
    Ok(Outcome::Good)
}
