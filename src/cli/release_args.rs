//! Which release a command works on, and in which cluster.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::config::GoDuration;
use crate::diag::{Error, Finding, Result};
use crate::live::{PlanOptions, Protected, STATE_NAMESPACE};
use crate::manifest::{Release, ReleaseBuilder};
use crate::render::Selection;
use crate::ui::Ui;

use super::config_args::{ConfigArgs, DEFAULT_FILE, LoadedConfig};
use super::manifest_files::ManifestFiles;

/// The options that choose a release: of a cluster file, or of any manifests.
#[derive(Debug, Args)]
pub(super) struct ReleaseArgs {
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// Manifests instead of a cluster file: files, folders (searched through), or `-` for stdin; repeatable
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["config", "profile", "set", "only"], requires = "name")]
    pub(super) file: Vec<PathBuf>,
    /// The release's name; by default the cluster's name
    #[arg(long, value_name = "NAME", value_parser = release_name)]
    pub(super) name: Option<String>,
    /// Only these components; nothing is deleted then
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',')]
    pub(super) only: Vec<String>,
}

/// The name of a release that runs, which is all that is needed to find it.
#[derive(Debug, Args)]
pub(super) struct NameArgs {
    /// The release's name; by default the cluster's name in the cluster file
    #[arg(long, value_name = "NAME", value_parser = release_name)]
    pub(super) name: Option<String>,
}

impl NameArgs {
    pub(super) fn release(&self, ui: &Ui, config: &ConfigArgs) -> Result<String> {
        match &self.name {
            Some(name) => Ok(name.clone()),
            None => Ok(config.load(ui)?.cluster().cluster.name.to_string()),
        }
    }
}

/// The options that choose a cluster.
#[derive(Debug, Args)]
pub(super) struct ClusterArgs {
    /// The context of your kubeconfig; by default the current one
    #[arg(long, value_name = "CONTEXT")]
    pub(super) context: Option<String>,
    /// The namespace of the release's inventory, history and lease
    #[arg(long, value_name = "NAMESPACE", default_value = STATE_NAMESPACE)]
    pub(super) state_namespace: String,
}

/// The options that say what may be done to what is there.
#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    /// Take fields over that somebody else owns
    #[arg(long)]
    force_conflicts: bool,
    /// Delete objects that cannot be changed into what they should be, and create them anew
    #[arg(long)]
    replace: bool,
    /// Do not delete what left the release
    #[arg(long)]
    no_prune: bool,
    #[command(flatten)]
    delete: DeleteKinds,
}

/// The kinds that are deleted only on request.
#[derive(Debug, Args)]
pub(super) struct DeleteKinds {
    /// Delete objects of this kind too, with everything that goes with them; repeatable
    #[arg(long, value_name = "KIND", value_enum)]
    delete_kind: Vec<DeleteKind>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "lower")]
enum DeleteKind {
    Namespace,
    PersistentVolumeClaim,
    CustomResourceDefinition,
}

impl DeleteKinds {
    pub(super) fn kinds(&self) -> BTreeSet<Protected> {
        let protected = |kind: &DeleteKind| match kind {
            DeleteKind::Namespace => Protected::Namespace,
            DeleteKind::PersistentVolumeClaim => Protected::PersistentVolumeClaim,
            DeleteKind::CustomResourceDefinition => Protected::CustomResourceDefinition,
        };
        self.delete_kind.iter().map(protected).collect()
    }
}

impl ChangeArgs {
    pub(super) fn options(&self, cluster: &ClusterArgs, partial: bool) -> PlanOptions {
        PlanOptions {
            prune: !partial && !self.no_prune,
            force_conflicts: self.force_conflicts,
            replace: self.replace,
            delete: self.delete.kinds(),
            state_namespace: cluster.state_namespace.clone(),
            ..PlanOptions::default()
        }
    }
}

/// A duration on the command line: `90s`, `5m`, `1h30m`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    GoDuration::from(text.to_owned()).duration().ok_or_else(|| "write it like `90s`, `5m` or `1h30m`".to_owned())
}

/// A release's name becomes part of object names and the value of a label.
fn release_name(text: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = text.chars().all(|c| good(c) || c == '-');
    if text.len() <= 63 && inner && text.starts_with(good) && text.ends_with(good) {
        return Ok(text.to_owned());
    }
    Err("a name has up to 63 lower-case letters, digits and `-`, and begins and ends with a letter or digit".to_owned())
}

/// A release and the texts that it came from.
pub(super) enum Subject {
    Config(Box<LoadedConfig>, Release),
    Files(ManifestFiles, Release),
}

impl ReleaseArgs {
    /// Renders the config or reads the manifests.
    pub(super) fn read(&self, ui: &Ui) -> Result<Subject> {
        if self.file.is_empty() {
            let loaded = self.config.load(ui)?;
            let release = loaded.render(&Selection { only: self.only.clone() })?;
            let release = match &self.name {
                Some(name) => ReleaseBuilder {
                    objects: release.objects().to_vec(),
                    files: release.files().to_vec(),
                    secrets: release.secrets().to_vec(),
                }
                .finish(name),
                None => release,
            };
            return Ok(Subject::Config(Box::new(loaded), release));
        }
        let mut files = ManifestFiles::read(&self.file)?;
        let findings = files.take_obstacles();
        if findings.iter().any(Finding::is_error) {
            return Err(Error::usage("the manifests cannot be read").with_findings(findings));
        }
        ui.findings(&findings);
        let objects = files.objects().to_vec();
        let release = ReleaseBuilder { objects, ..ReleaseBuilder::default() }.finish(self.name.clone().unwrap_or_default());
        Ok(Subject::Files(files, release))
    }

    /// The same, with its files in another folder.
    pub(super) fn below(&self, folder: &Path) -> Self {
        let moved = |path: &PathBuf| folder.join(path);
        let default = Some(PathBuf::from(DEFAULT_FILE)).filter(|file| self.file.is_empty() && folder.join(file).exists());
        Self {
            config: ConfigArgs {
                config: self.config.config.as_ref().or(default.as_ref()).map(moved),
                profile: self.config.profile.clone(),
                set: self.config.set.clone(),
            },
            file: self.file.iter().map(moved).collect(),
            name: self.name.clone(),
            only: self.only.clone(),
        }
    }

    /// How a saved plan names its release, so that it can be made again.
    pub(super) fn to_json(&self) -> Value {
        let paths = |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        json!({
            "config": self.config.config.as_ref().map(|path| path.display().to_string()),
            "profile": self.config.profile, "set": self.config.set,
            "files": paths(&self.file), "name": self.name, "only": self.only,
        })
    }

    /// The same, read back.
    pub(super) fn from_json(value: &Value) -> Self {
        let text = |field: &str| value[field].as_str().map(ToOwned::to_owned);
        let list = |field: &str| -> Vec<String> {
            value[field].as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        };
        Self {
            config: ConfigArgs { config: text("config").map(PathBuf::from), profile: text("profile"), set: list("set") },
            file: list("files").into_iter().map(PathBuf::from).collect(),
            name: text("name"),
            only: list("only"),
        }
    }

    /// Whether it is a part of a release.
    pub(super) fn is_partial(&self) -> bool {
        !self.only.is_empty()
    }
}

impl Subject {
    pub(super) const fn release(&self) -> &Release {
        match self {
            Self::Config(_, release) | Self::Files(_, release) => release,
        }
    }

    /// Gives findings their place in the config or the manifests.
    pub(super) fn locate(&self, findings: &mut [Finding]) {
        match self {
            Self::Config(config, release) => config.locate(release, findings),
            Self::Files(files, _) => files.locate(findings),
        }
    }
}
