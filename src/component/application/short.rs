//! Short entries in full.

use super::FINALIZER;
use crate::config::application::{
    Application, ApplicationSetSpec, ApplicationSpec, ClusterGenerator, Destination, Generator, Selector, SetSyncPolicy, TargetCluster,
    Template, TemplateMetadata,
};

/// An Application for one cluster.
pub(super) fn spec(entry: &Application) -> ApplicationSpec {
    let namespace = entry.namespace.as_ref().map(ToString::to_string);
    with_destination(entry, Destination::new(entry.cluster.as_ref(), namespace))
}

/// An ApplicationSet for all clusters that Argo CD knows and that the selector takes.
pub(super) fn fleet(entry: &Application, selector: &Selector) -> ApplicationSetSpec {
    let namespace = entry.namespace.as_ref().map(ToString::to_string);
    let destination = Destination { server: Some("{{.server}}".to_owned()), name: None, namespace };
    let template = Template {
        metadata: TemplateMetadata {
            // `nameNormalized` is the cluster's name as a Kubernetes name can be.
            name: Some(format!("{}-{{{{.nameNormalized}}}}", entry.name)),
            namespace: None,
            labels: None,
            annotations: None,
            finalizers: entry.cascade.then(|| vec![FINALIZER.to_owned()]),
        },
        spec: with_destination(entry, destination),
    };
    let all = selector.match_labels.is_none() && selector.match_expressions.is_none();
    let clusters = ClusterGenerator { selector: (!all).then(|| selector.clone()), values: None, flat_list: None, template: None };
    let generator = Generator {
        list: None,
        clusters: Some(clusters),
        git: None,
        scm_provider: None,
        pull_request: None,
        cluster_decision_resource: None,
        plugin: None,
        matrix: None,
        merge: None,
        selector: None,
    };
    ApplicationSetSpec {
        generators: vec![generator],
        template,
        go_template: Some(true),
        // A parameter that is not there would become the text `<no value>`.
        go_template_options: Some(vec!["missingkey=error".to_owned()]),
        template_patch: None,
        // Without it the controller gives each Application the finalizer that deletes its objects (`RenderTemplateParams` in
        // `applicationset/utils/utils.go`).
        sync_policy: (!entry.cascade).then_some(SetSyncPolicy { preserve_resources_on_deletion: Some(true), applications_sync: None }),
        strategy: None,
        preserved_fields: None,
        ignore_application_differences: None,
        apply_nested_selectors: None,
    }
}

fn with_destination(entry: &Application, destination: Destination) -> ApplicationSpec {
    let mut sources = entry.short_sources();
    let single = (entry.sources.is_empty() && sources.len() == 1).then(|| sources.remove(0));
    ApplicationSpec {
        project: entry.project().to_owned(),
        destination,
        source: single,
        sources: (!sources.is_empty()).then_some(sources),
        source_hydrator: None,
        sync_policy: Some(entry.sync_policy.to_policy(argocd_makes_namespace(entry))),
        ignore_differences: (!entry.ignore_differences.is_empty()).then(|| entry.ignore_differences.clone()),
        info: (!entry.info.is_empty()).then(|| entry.info.clone()),
        revision_history_limit: entry.revision_history_limit,
    }
}

/// Whether Argo CD makes the namespace of a short entry: where the release does not, which knows only its own cluster.
pub(super) fn argocd_makes_namespace(entry: &Application) -> bool {
    let elsewhere = entry.clusters.is_some() || !entry.cluster.as_ref().is_none_or(TargetCluster::is_local);
    let asked = entry.sync_policy.sync_options.create_namespace;
    entry.namespace.is_some() && asked.unwrap_or(elsewhere)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fleet;
    use crate::config::application::Application;

    /// The controller gave each Application the finalizer that was to be left out.
    #[test]
    fn a_fleet_that_does_not_cascade_keeps_its_objects() {
        let set = |cascade: bool| {
            let entry = json!({"name": "a", "repoURL": "https://git.example.com/a.git", "clusters": {}, "cascade": cascade});
            let entry: Application = serde_json::from_value(entry).expect("an entry");
            let set = fleet(&entry, entry.clusters.as_ref().expect("a selector"));
            (set.template.metadata.finalizers.is_some(), set.sync_policy.and_then(|policy| policy.preserve_resources_on_deletion))
        };
        assert_eq!(set(true), (true, None));
        assert_eq!(set(false), (false, Some(true)));
    }
}
