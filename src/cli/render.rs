//! `render`: the cluster file as manifests and node files.

use std::borrow::Borrow;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::component;
use crate::diag::{Error, Result};
use crate::index::Index;
use crate::manifest::Release;
use crate::render::Selection;
use crate::sink;
use crate::ui::Ui;

use super::config_args::ConfigArgs;
use super::{Outcome, gitops_tree};

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
    /// Where to write: a file for `yaml`, `json` and `nix`, a folder for `dir`, `k3s` and `gitops`; `-` is stdout
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Replace files in the output folder that somebody else wrote or changed
    #[arg(long, requires = "output")]
    force: bool,
    /// Write nothing; name what at the output path is not as rendered, and fail if anything is
    #[arg(long, requires = "output", conflicts_with = "force")]
    check: bool,
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
    /// The Git repository of the cluster: objects by purpose, overlays for the file's profiles, scripts, pages
    Gitops,
    /// An index of the machines for NixOS modules, which cannot read a release before it is built
    Nix,
}

pub(super) fn render(ui: &Ui, args: &RenderArgs) -> Result<Outcome> {
    if let Some(word @ ("yaml" | "json" | "dir" | "k3s" | "gitops" | "nix")) = args.output.as_deref().and_then(Path::to_str) {
        // `-o json` is what kubectl's users type first.
        if !Path::new(word).exists() {
            return Err(Error::usage(format!("`-o {word}` names a file to write"))
                .hint(format!("for the form write `--format {word}`; for a file of that name write `-o ./{word}`")));
        }
    }
    // The process ends soon: giving back many small pieces one by one would take a tenth of its time.
    let loaded = ManuallyDrop::new(args.config.load(ui)?);
    let release = ManuallyDrop::new(loaded.render(&Selection { only: args.only.clone() })?);
    let output = args.output.as_deref().filter(|path| *path != Path::new("-"));
    let target = Target { ui, path: output, force: args.force, check: args.check };
    let outcome = match args.format {
        Format::Yaml => target.text(&sink::yaml(&release)?)?,
        Format::Json => target.text(&[sink::json(&release)?])?,
        Format::K3s if output.is_none() => target.text(&sink::yaml(&release)?)?,
        Format::K3s => target.folder("k3s", &sink::k3s(&release)?)?,
        Format::Dir => target.folder("dir", &sink::directory(&release)?)?,
        Format::Gitops | Format::Nix if !args.only.is_empty() => {
            let what = if args.format == Format::Nix { "an index" } else { "a tree" };
            return Err(Error::usage(format!("{what} holds the whole cluster; `--only` is for other forms")).hint("leave `--only` out"));
        }
        Format::Nix => target.text(&[Index::of(loaded.cluster(), &release).text()?])?,
        Format::Gitops => target.folder("gitops", &gitops_tree::entries(&loaded, &release)?)?,
    };
    if !args.check && args.format != Format::Nix {
        say_what_is_left_out(ui, &release, args.format, output);
        let has_engine = release.objects().iter().any(|object| object.component() == "dagger");
        for host in component::runner_hosts(loaded.cluster()).into_iter().filter(|_| has_engine) {
            ui.note(&format!("Dagger for clients {}: {}", host.whence, host.assignment));
        }
    }
    Ok(outcome)
}

/// Where what was rendered goes.
struct Target<'a> {
    ui: &'a Ui,
    path: Option<&'a Path>,
    force: bool,
    check: bool,
}

impl Target<'_> {
    /// Texts that follow each other.
    fn text(&self, texts: &[impl Borrow<str>]) -> Result<Outcome> {
        let Some(path) = self.path else {
            if self.check {
                return Err(
                    Error::usage("`--check` compares with what is at the output path, and stdout is none").hint("name it with `-o`")
                );
            }
            texts.iter().try_for_each(|text| self.ui.data(text.borrow()))?;
            return Ok(Outcome::Good);
        };
        let text = &texts.concat();
        if path.is_dir() {
            return Err(Error::usage(format!("`{}` is a folder", path.display()))
                .hint("name a file, or write a folder with `--format dir`, `k3s` or `gitops`"));
        }
        if self.check {
            return self.compared(&sink::check_file(path, text)?);
        }
        sink::write_file(path, text)?;
        self.ui.note(&format!("wrote `{}`", path.display()));
        Ok(Outcome::Good)
    }

    fn folder(&self, format: &str, entries: &[sink::Entry]) -> Result<Outcome> {
        let Some(folder) = self.path else {
            return Err(Error::usage(format!("`--format {format}` writes many files and needs a folder")).hint("add `-o FOLDER`"));
        };
        if folder.exists() && !folder.is_dir() {
            return Err(Error::usage(format!("`{}` is not a folder", folder.display())));
        }
        if self.check {
            return self.compared(&sink::check_folder(folder, entries)?);
        }
        let written = sink::write_folder(folder, entries, self.force)?;
        self.ui.note(&format!(
            "wrote {} files to `{}`, {} unchanged, {} removed",
            written.changed.len(),
            folder.display(),
            written.unchanged,
            written.removed.len()
        ));
        Ok(Outcome::Good)
    }

    /// What differs, a line each, on stdout.
    fn compared(&self, stale: &sink::Stale) -> Result<Outcome> {
        let lists = [("stale", &stale.changed), ("missing", &stale.missing), ("extra", &stale.extra)];
        let lines = lists.into_iter().flat_map(|(word, paths)| paths.iter().map(move |path| format!("{word} {path}\n")));
        self.ui.data(&lines.collect::<String>())?;
        if stale.is_empty() {
            self.ui.note("up to date");
            return Ok(Outcome::Good);
        }
        self.ui.hint("the same command without `--check` brings it up to date");
        Ok(Outcome::Findings)
    }
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
