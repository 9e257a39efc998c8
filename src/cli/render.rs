//! `render`: the cluster file as manifests and node files.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::diag::{Error, Result};
use crate::manifest::Release;
use crate::render::Selection;
use crate::sink;
use crate::ui::Ui;

use super::Outcome;
use super::config_args::ConfigArgs;

/// Arguments of `render`.
#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Render only these components
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',')]
    only: Vec<String>,
    /// The form to write
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
    /// Where to write: a file for `yaml` and `json`, a folder for `dir` and `k3s`; `-` is stdout
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace files in the output folder that somebody else wrote or changed
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// All objects as YAML documents
    #[default]
    Yaml,
    /// All objects as one JSON `List`
    Json,
    /// One file per object, and the nodes' files
    Dir,
    /// One file for k3s' manifests folder, and the nodes' files
    K3s,
}

pub(super) fn render(ui: &Ui, args: &RenderArgs) -> Result<Outcome> {
    if let Some(word @ ("yaml" | "json" | "dir" | "k3s")) = args.output.as_deref().and_then(Path::to_str) {
        // `-o json` is what kubectl's users type first.
        if !Path::new(word).exists() {
            return Err(Error::usage(format!("`-o {word}` names a file to write"))
                .hint(format!("for the form write `--format {word}`; for a file of that name write `-o ./{word}`")));
        }
    }
    let loaded = args.config.load(ui)?;
    let release = loaded.render(&Selection { only: args.only.clone() })?;
    let output = args.output.as_deref().filter(|path| *path != Path::new("-"));
    match (args.format, output) {
        (Format::Yaml, path) => text(ui, path, &sink::yaml(&release)?)?,
        (Format::Json, path) => text(ui, path, &sink::json(&release)?)?,
        (Format::K3s, None) => ui.data(&sink::yaml(&release)?)?,
        (Format::Dir, None) => {
            return Err(Error::usage("`--format dir` writes many files and needs a folder").hint("add `-o FOLDER`"));
        }
        (Format::Dir, Some(folder)) => write_folder(ui, folder, &sink::directory(&release)?, args.force)?,
        (Format::K3s, Some(folder)) => write_folder(ui, folder, &sink::k3s(&release)?, args.force)?,
    }
    say_what_is_left_out(ui, &release, args.format, output);
    Ok(Outcome::Good)
}

fn text(ui: &Ui, path: Option<&Path>, text: &str) -> Result<()> {
    let Some(path) = path else { return ui.data(text) };
    if path.is_dir() {
        return Err(Error::usage(format!("`{}` is a folder", path.display()))
            .hint("name a file, or write a folder with `--format dir` or `--format k3s`"));
    }
    sink::write_file(path, text)?;
    ui.note(&format!("wrote `{}`", path.display()));
    Ok(())
}

fn write_folder(ui: &Ui, folder: &Path, entries: &[sink::Entry], force: bool) -> Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(Error::usage(format!("`{}` is not a folder", folder.display())));
    }
    let written = sink::write_folder(folder, entries, force)?;
    ui.note(&format!(
        "wrote {} files to `{}`, {} unchanged, {} removed",
        written.changed.len(),
        folder.display(),
        written.unchanged,
        written.removed.len()
    ));
    Ok(())
}

/// Objects alone are not the whole release: say so, where the user would look.
fn say_what_is_left_out(ui: &Ui, release: &Release, format: Format, output: Option<&Path>) {
    let objects_only = matches!(format, Format::Yaml | Format::Json) || output.is_none();
    if objects_only && !release.files().is_empty() {
        ui.note("the nodes' files are not part of this form; `--format dir -o FOLDER` writes them too");
    }
    for secret in release.secrets() {
        let keys = secret.keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
        ui.note(&format!("Secret `{}/{}` with {keys} must be delivered apart from this release", secret.namespace, secret.name));
    }
}
