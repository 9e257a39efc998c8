//! Every repository that a cluster file names, whatever it names it for.

use super::Cluster;
use super::application::{RepositoryUse, repositories};
use super::argocd::RepositoryType;
use super::operators::Chart;
use crate::source::ConfigPath;

/// The repositories of Applications, of the tree, of operators' charts, and those that Argo CD is told of.
#[must_use]
pub fn all_repositories(cluster: &Cluster) -> Vec<RepositoryUse> {
    let entries = cluster.applications.iter().enumerate();
    let mut all: Vec<_> =
        entries.flat_map(|(number, entry)| repositories(&ConfigPath::of(["applications"]).index(number), entry)).collect();
    // Before the first push the tree's has neither the branch nor the folder.
    all.extend(cluster.gitops.iter().map(|gitops| RepositoryUse::of_url(ConfigPath::of(["gitops"]), "repoURL", &gitops.repo_url)));
    for (number, operator) in cluster.operators.iter().enumerate() {
        let path = ConfigPath::of(["operators"]).index(number);
        all.push(chart(path.key("chart"), &operator.chart));
        all.extend(operator.crds.iter().map(|crds| chart(path.key("crds"), crds)));
    }
    let known = cluster.argocd.iter().flat_map(|argocd| &argocd.repositories).enumerate();
    all.extend(known.map(|(number, repository)| RepositoryUse {
        has_charts: repository.r#type != RepositoryType::Git,
        project: repository.project.clone(),
        ..RepositoryUse::of_url(ConfigPath::of(["argocd", "repositories"]).index(number), "url", &repository.url)
    }));
    all
}

fn chart(path: ConfigPath, chart: &Chart) -> RepositoryUse {
    RepositoryUse {
        revision: Some(chart.version.clone()),
        revision_key: "version",
        has_charts: true,
        chart: Some(chart.name.clone()),
        chart_key: "name",
        ..RepositoryUse::of_url(path, "repository", &chart.repository)
    }
}
