//! Every repository that an entry names, wherever it stands in it.

use super::{Application, ApplicationSpec, Source, generators, has_parameters, sources};
use crate::source::ConfigPath;

/// A repository that something names, and what it wants of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryUse {
    /// What holds the URL.
    pub path: ConfigPath,
    /// The key of the URL.
    pub url_key: &'static str,
    /// The URL.
    pub url: String,
    /// The branch, tag, commit or version that must be there; none where it need not, or where only Argo CD can tell.
    pub revision: Option<String>,
    /// The key of the revision.
    pub revision_key: &'static str,
    /// The folder that must be there.
    pub folder: Option<String>,
    /// Whether it holds Helm charts.
    pub has_charts: bool,
    /// The chart that must be there.
    pub chart: Option<String>,
    /// The key of the chart.
    pub chart_key: &'static str,
    /// Whether manifests come from it, and not an ApplicationSet's parameters.
    pub is_source: bool,
    /// The project whose credentials count; none where all or nobody knows which.
    pub project: Option<String>,
}

impl RepositoryUse {
    /// Of a repository of which nothing more is wanted than that it is there.
    #[must_use]
    pub fn of_url(path: ConfigPath, url_key: &'static str, url: &str) -> Self {
        Self {
            path,
            url_key,
            url: url.to_owned(),
            revision: None,
            revision_key: "targetRevision",
            folder: None,
            has_charts: false,
            chart: None,
            chart_key: "chart",
            is_source: true,
            project: None,
        }
    }

    fn of_source(path: ConfigPath, source: &Source) -> Self {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let chart = filled(&source.chart);
        let revision = match filled(&source.target_revision) {
            // A prefix changes which tags count.
            _ if filled(&source.tag_prefix).is_some() => None,
            None if chart.is_some() => None,
            revision => Some(revision.unwrap_or_else(|| "HEAD".to_owned())),
        };
        Self {
            revision,
            folder: filled(&source.path),
            has_charts: chart.is_some(),
            chart,
            ..Self::of_url(path, "repoURL", &source.repo_url)
        }
    }

    /// The path of the URL.
    #[must_use]
    pub fn at_url(&self) -> ConfigPath {
        self.path.key(self.url_key)
    }

    /// The path of the revision.
    #[must_use]
    pub fn at_revision(&self) -> ConfigPath {
        self.path.key(self.revision_key)
    }
}

/// The repositories of an entry whose path is given: of its sources, of what the hydrator reads and writes, and of generators.
#[must_use]
pub fn repositories(path: &ConfigPath, entry: &Application) -> Vec<RepositoryUse> {
    let mut found = all(path, entry);
    let project = Some(entry.project()).filter(|project| !has_parameters(project));
    for used in &mut found {
        used.project = project.map(ToOwned::to_owned);
    }
    found
}

fn all(path: &ConfigPath, entry: &Application) -> Vec<RepositoryUse> {
    let mut found: Vec<_> = sources(path, entry).into_iter().map(|(path, source)| RepositoryUse::of_source(path, &source)).collect();
    if let Some(spec) = &entry.spec {
        hydrator(&path.key("spec"), spec, &mut found);
    }
    let Some(set) = &entry.application_set else { return found };
    let path = path.key("applicationSet");
    hydrator(&path.key("template").key("spec"), &set.template.spec, &mut found);
    for generator in generators(&path, &set.generators) {
        if let Some(git) = generator.plain.git {
            let revision = Some(git.revision.clone()).filter(|revision| !revision.is_empty());
            let path = generator.path.key("git");
            let url = RepositoryUse::of_url(path, "repoURL", &git.repo_url);
            found.push(RepositoryUse { revision, revision_key: "revision", is_source: false, ..url });
        }
        for (path, template) in generator.templates {
            let (path, spec) = (path.key("spec"), &template.spec);
            let single = spec.source.iter().map(|source| (path.key("source"), source));
            let several = spec.sources.iter().flatten().enumerate();
            let all = single.chain(several.map(|(number, source)| (path.key("sources").index(number), source)));
            // What an overlay leaves empty is as the ApplicationSet's own template says.
            found.extend(
                all.filter(|(_, source)| !source.repo_url.is_empty())
                    .map(|(path, source)| RepositoryUse { revision: None, ..RepositoryUse::of_source(path, source) }),
            );
            hydrator(&path, spec, &mut found);
        }
    }
    found
}

fn hydrator(path: &ConfigPath, spec: &ApplicationSpec, found: &mut Vec<RepositoryUse>) {
    let Some(hydrator) = &spec.source_hydrator else { return };
    let path = path.key("sourceHydrator");
    let dry = &hydrator.dry_source;
    found.push(RepositoryUse {
        revision: Some(dry.target_revision.clone()).filter(|revision| !revision.is_empty()),
        folder: Some(dry.path.clone()).filter(|folder| !folder.is_empty()),
        ..RepositoryUse::of_url(path.key("drySource"), "repoURL", &dry.repo_url)
    });
    // The hydrator makes the branch.
    found.extend(hydrator.sync_source.repo_url.iter().map(|url| RepositoryUse::of_url(path.key("syncSource"), "repoURL", url)));
}
