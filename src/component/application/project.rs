//! AppProjects: what is not said is what their Applications use.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::short::argocd_makes_namespace;
use super::{FINALIZER, Resource};
use crate::component::Output;
use crate::component::operators::has_argocds;
use crate::config::Cluster;
use crate::config::application::{ARGOCDS_OWN, Application, ApplicationSpec, ClusterResource, Destination, ProjectSpec, has_parameters};
use crate::config::operators::OPERATORS_PROJECT;
use crate::diag::Result;
use crate::source::ConfigPath;

/// Any text.
const ANY: &str = "*";

pub(super) fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    let mut uses: BTreeMap<&str, Uses> = BTreeMap::new();
    let mut origins: BTreeMap<&str, ConfigPath> = BTreeMap::new();
    for (number, entry) in cluster.applications.iter().enumerate() {
        if has_parameters(entry.project()) {
            // Which project it is, an ApplicationSet says later; it is one that the config has, or that something else brings.
            for project in cluster.projects.iter().filter(|project| may_become(entry.project(), project.name.as_str())) {
                uses.entry(project.name.as_str()).or_default().add(entry);
            }
            continue;
        }
        uses.entry(entry.project()).or_default().add(entry);
        origins.entry(entry.project()).or_insert_with(|| super::at(number));
    }
    origins.remove(ARGOCDS_OWN);
    for own in cluster.own_projects() {
        origins.remove(own);
    }
    let mut specs: BTreeMap<&str, &ProjectSpec> = BTreeMap::new();
    for (number, project) in cluster.projects.iter().enumerate() {
        origins.insert(project.name.as_str(), ConfigPath::of(["projects"]).index(number));
        specs.insert(project.name.as_str(), &project.spec);
    }
    let has_operators = has_argocds(cluster);
    for (name, origin) in origins.into_iter().filter(|(name, _)| *name != OPERATORS_PROJECT || !has_operators) {
        let spec = restricted(specs.get(name).copied(), uses.remove(name).unwrap_or_default());
        output.object(origin, &Resource::new("AppProject", project_metadata(cluster, name), spec))?;
    }
    Ok(())
}

/// The AppProject of operators: of their component, because `--only operators` is whole without any other.
pub(in crate::component) fn of_operators<'a>(
    cluster: &Cluster,
    entries: impl Iterator<Item = &'a Application>,
    origin: ConfigPath,
    output: &mut Output,
) -> Result<()> {
    let mut uses = Uses::default();
    entries.for_each(|entry| uses.add(entry));
    cluster.applications.iter().filter(|entry| entry.project() == OPERATORS_PROJECT).for_each(|entry| uses.add(entry));
    let own = cluster.projects.iter().position(|project| project.name.as_str() == OPERATORS_PROJECT);
    let mut spec = own.map_or_else(nothing, |own| cluster.projects[own].spec.clone());
    // Some of their objects go elsewhere: cert-manager's leases and the Services of kube-prometheus-stack to `kube-system`. Who may make
    // roles of the cluster could do so anyway.
    uses.destinations = uses.destinations.into_iter().map(|[server, name, _]| [server, name, Some(ANY.to_owned())]).collect();
    // Charts of operators bring definitions, roles and webhooks.
    spec.cluster_resource_whitelist
        .get_or_insert_with(|| vec![ClusterResource { group: ANY.to_owned(), kind: ANY.to_owned(), name: None }]);
    let origin = own.map_or(origin, |own| ConfigPath::of(["projects"]).index(own));
    output.object(origin, &Resource::new("AppProject", project_metadata(cluster, OPERATORS_PROJECT), restricted(Some(&spec), uses)))
}

/// Who goes with the last of its Applications stays until that is gone, which needs it to delete its own objects: without its project, deleting
/// it never ends (`finalizeApplicationDeletion` and `finalizeProjectDeletion` in Argo CD's `controller/appcontroller.go`).
pub(super) fn project_metadata(cluster: &Cluster, name: &str) -> ObjectMeta {
    ObjectMeta { finalizers: Some(vec![FINALIZER.to_owned()]), ..super::metadata(cluster, name) }
}

/// What Applications of a project use.
#[derive(Default)]
struct Uses {
    repositories: BTreeSet<String>,
    destinations: BTreeSet<[Option<String>; 3]>,
    /// Whether Argo CD makes a namespace for one of them.
    namespaces: bool,
}

impl Uses {
    fn add(&mut self, entry: &Application) {
        if let Some(spec) = &entry.spec {
            return self.add_spec(spec);
        }
        if let Some(set) = &entry.application_set {
            return self.add_spec(&set.template.spec);
        }
        self.repositories.extend(entry.short_sources().into_iter().map(|source| known(&source.repo_url)));
        let namespace = entry.namespace.as_ref().map(ToString::to_string);
        let destination = match entry.clusters {
            Some(_) => Destination { server: Some(ANY.to_owned()), name: None, namespace },
            None => Destination::new(entry.cluster.as_ref(), namespace),
        };
        self.add_destination(&destination);
        self.namespaces |= argocd_makes_namespace(entry);
    }

    fn add_spec(&mut self, spec: &ApplicationSpec) {
        let sources = spec.source.iter().chain(spec.sources.iter().flatten());
        self.repositories.extend(sources.map(|source| known(&source.repo_url)));
        if let Some(hydrator) = &spec.source_hydrator {
            self.repositories.insert(known(&hydrator.dry_source.repo_url));
            self.repositories.extend(hydrator.sync_source.repo_url.as_deref().map(known));
        }
        self.add_destination(&spec.destination);
        let options = spec.sync_policy.iter().flat_map(|policy| policy.sync_options.iter().flatten());
        self.namespaces |= options.into_iter().any(|option| option == "CreateNamespace=true");
    }

    fn add_destination(&mut self, destination: &Destination) {
        let part = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(known);
        // Without a namespace its objects say where they go.
        let namespace = part(&destination.namespace).unwrap_or_else(|| ANY.to_owned());
        self.destinations.insert([part(&destination.server), part(&destination.name), Some(namespace)]);
    }
}

/// The text, or any text where an ApplicationSet fills in parameters.
fn known(text: &str) -> String {
    if has_parameters(text) { ANY.to_owned() } else { text.to_owned() }
}

/// Whether a text with parameters may become this name, by what stands before the first and behind the last of them.
fn may_become(text: &str, name: &str) -> bool {
    let before = text.split("{{").next().unwrap_or_default();
    let behind = text.rsplit("}}").next().unwrap_or_default();
    name.len() >= before.len() + behind.len() && name.starts_with(before) && name.ends_with(behind)
}

fn restricted(spec: Option<&ProjectSpec>, uses: Uses) -> ProjectSpec {
    let mut spec = spec.cloned().unwrap_or_else(nothing);
    if spec.source_repos.is_none() && !uses.repositories.is_empty() {
        spec.source_repos = Some(uses.repositories.into_iter().collect());
    }
    if spec.destinations.is_none() && !uses.destinations.is_empty() {
        let destination = |[server, name, namespace]: [Option<String>; 3]| Destination { server, name, namespace };
        spec.destinations = Some(uses.destinations.into_iter().map(destination).collect());
    }
    if spec.cluster_resource_whitelist.is_none() && uses.namespaces {
        // Argo CD holds the namespaces that it makes against the project, too.
        spec.cluster_resource_whitelist = Some(vec![ClusterResource { group: String::new(), kind: "Namespace".to_owned(), name: None }]);
    }
    spec
}

/// A project that allows nothing.
pub(super) const fn nothing() -> ProjectSpec {
    ProjectSpec {
        description: None,
        source_repos: None,
        destinations: None,
        source_namespaces: None,
        cluster_resource_whitelist: None,
        cluster_resource_blacklist: None,
        namespace_resource_whitelist: None,
        namespace_resource_blacklist: None,
        roles: None,
        sync_windows: None,
        orphaned_resources: None,
        signature_keys: None,
        source_integrity: None,
        permit_only_project_scoped_clusters: None,
        destination_service_accounts: None,
    }
}

#[cfg(test)]
mod tests {
    use super::may_become;

    #[test]
    fn a_project_with_parameters_may_be_some() {
        assert!(may_become("{{.team}}", "shop"));
        assert!(may_become("team-{{.team}}", "team-shop"));
        assert!(!may_become("team-{{.team}}", "shop"));
        assert!(may_become("{{.a}}-{{.b}}-x", "1-2-x"));
        assert!(!may_become("{{.a}}-x", "y"));
    }
}
