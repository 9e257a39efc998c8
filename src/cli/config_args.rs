//! Which config a command works on: `-c`, `--profile`, `--set`.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::config::{self, Cluster, ConfigFile, LoadRequest, Loaded};
use crate::data;
use crate::diag::{Error, Finding, Result};
use crate::manifest::Release;
use crate::render::{self, Selection};
use crate::source::Sources;
use crate::ui::Ui;

use super::object_numbers::ObjectNumbers;

/// The cluster file that is taken when none is named.
pub(super) const DEFAULT_FILE: &str = "cluster.yaml";

/// The options that choose and change the config.
#[derive(Debug, Args)]
pub(super) struct ConfigArgs {
    /// The cluster file; by default `cluster.yaml` in this folder, where there is one; `-` is stdin
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// A built-in profile, or one of the file's `profiles`
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// Set one value above all others, such as `headscale.service.nodePort=30081`; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
}

/// A config with the texts that it was read from.
#[derive(Debug)]
pub(super) struct LoadedConfig {
    loaded: Loaded,
    sources: Sources,
    request: LoadRequest,
}

impl ConfigArgs {
    /// Reads and checks the config; warnings are shown.
    pub(super) fn load(&self, ui: &Ui) -> Result<LoadedConfig> {
        let loaded = self.load_quietly(ui)?;
        ui.findings(loaded.loaded.warnings());
        Ok(loaded)
    }

    /// Reads and checks the config; warnings are left to the caller.
    pub(super) fn load_quietly(&self, ui: &Ui) -> Result<LoadedConfig> {
        data::unpack_ahead();
        let file = self.file(ui)?;
        if file.is_none() && self.profile.is_none() {
            return Err(Error::usage(format!("there is no `{DEFAULT_FILE}` in this folder"))
                .hint("`manifestgen init` writes one; `-c FILE` names another; `--profile primer` needs none"));
        }
        LoadedConfig::of(LoadRequest { file, profile: self.profile.clone(), sets: self.set.clone() })
    }

    /// The cluster file that is read, where there is one.
    pub(super) fn path(&self) -> Option<PathBuf> {
        let default = Path::new(DEFAULT_FILE);
        self.config.clone().or_else(|| default.exists().then(|| default.to_owned()))
    }

    /// The folder that paths of files are relative to: that of the cluster file.
    pub(super) fn folder(&self) -> PathBuf {
        let file = self.config.as_deref().filter(|path| *path != Path::new("-"));
        file.and_then(Path::parent).unwrap_or(Path::new("")).to_owned()
    }

    fn file(&self, ui: &Ui) -> Result<Option<ConfigFile>> {
        if let Some(path) = &self.config {
            return ConfigFile::read(path).map(Some);
        }
        let default = Path::new(DEFAULT_FILE);
        if !default.exists() {
            return Ok(None);
        }
        ui.note(&format!("using `{DEFAULT_FILE}`"));
        ConfigFile::read(default).map(Some)
    }
}

impl LoadedConfig {
    fn of(request: LoadRequest) -> Result<Self> {
        let mut sources = Sources::new();
        let loaded = config::load(&request, &mut sources)?;
        Ok(Self { loaded, sources, request })
    }

    /// The same file and settings with each of the file's own profiles, by name; none when a profile was chosen already.
    pub(super) fn with_own_profiles(&self) -> Result<Vec<(String, Self)>> {
        let profiles = if self.request.profile.is_some() { &[] } else { self.loaded.own_profiles() };
        let with = |profile: &String| {
            let request = LoadRequest { profile: Some(profile.clone()), ..self.request.clone() };
            Ok((profile.clone(), Self::of(request).map_err(|error| in_profile(error, profile))?))
        };
        profiles.iter().map(with).collect()
    }

    /// The options that choose and change the config, but for the file.
    pub(super) fn arguments(&self) -> Vec<String> {
        let profile = self.request.profile.iter().flat_map(|profile| ["--profile".to_owned(), profile.clone()]);
        profile.chain(self.request.sets.iter().flat_map(|set| ["--set".to_owned(), set.clone()])).collect()
    }

    pub(super) fn cluster(&self) -> &Cluster {
        self.loaded.cluster()
    }

    pub(super) fn loaded(&self) -> (&Loaded, &Sources) {
        (&self.loaded, &self.sources)
    }

    /// The same config with another text in the place of the cluster file.
    pub(super) fn with_text(&self, text: String) -> Result<Self> {
        let file = self.request.file.as_ref().map(|file| ConfigFile { name: file.name.clone(), text });
        Self::of(LoadRequest { file, ..self.request.clone() })
    }

    /// The cluster file as it was read.
    pub(super) const fn file(&self) -> Option<&ConfigFile> {
        self.request.file.as_ref()
    }

    pub(super) fn warnings(&self) -> &[Finding] {
        self.loaded.warnings()
    }

    /// Renders; what cannot be sealed is shown at the config value that caused it.
    pub(super) fn render(&self, selection: &Selection) -> Result<Release> {
        render::render(self.cluster(), selection).map_err(|mut error| {
            self.look_up(&mut error.findings);
            error
        })
    }

    /// Gives findings about objects of a release their place in the config.
    pub(super) fn locate(&self, release: &Release, findings: &mut [Finding]) {
        let mut numbers = ObjectNumbers::new(release.objects());
        for finding in findings.iter_mut().filter(|finding| finding.config_path.is_none()) {
            let Some(number) = numbers.of(finding) else { continue };
            let pointer = finding.path.as_deref().unwrap_or("");
            finding.config_path = Some(render::config_path_of(self.cluster(), &release.objects()[number], pointer));
        }
        self.look_up(findings);
    }

    /// Gives findings about config values their place.
    pub(super) fn look_up(&self, findings: &mut [Finding]) {
        for finding in findings {
            let Some(path) = &finding.config_path else { continue };
            if let Some((location, origin)) = self.loaded.place(path, &self.sources) {
                finding.location = Some(location);
                finding.origin = Some(origin);
            }
        }
    }
}

/// An error of one of the file's own profiles. The file without it may have none, so that it has to be said which it was.
pub(super) fn in_profile(mut error: Box<Error>, profile: &str) -> Box<Error> {
    error.message = format!("in profile `{profile}`: {}", error.message);
    error.hint(format!("`manifestgen validate --profile {profile}` checks it alone"))
}
