//! What each kind of generator of an ApplicationSet demands.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::config::application::{ApplicationSetSpec, GeneratorAt, PullRequestGenerator, ScmProviderGenerator, has_parameters};
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/application-set";

pub(super) fn check(cluster: &Cluster, set: &ApplicationSetSpec, generator: &GeneratorAt<'_>, problems: &mut Problems) {
    let path = &generator.path;
    let kinds = generator.kinds();
    if kinds.is_empty() {
        let (message, hint) = ("a generator without a kind finds no parameters", "add one, such as `list` or `git`");
        // Within another it is an error of the controller's, alone it only does nothing.
        if generator.is_nested {
            problems.error(path.clone(), RULE, message, hint);
        } else {
            problems.warning(path.clone(), RULE, message, hint);
        }
    }
    if let (true, [first, second, ..]) = (generator.is_nested, kinds.as_slice()) {
        let message = format!("a generator within another has one kind, and this one has `{first}` and `{second}`");
        problems.error(path.key(*second), RULE, message, "make two generators of it").involving(path.key(*first));
    }
    combined(generator, problems);
    let plain = &generator.plain;
    if let Some(git) = plain.git {
        let has = |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list: &Vec<_>| !list.is_empty());
        match (has(&git.directories), has(&git.files)) {
            (false, false) => {
                let message = "a `git` generator looks at `directories` or at `files`, and this one has neither";
                problems.error(path.key("git"), RULE, message, "add `directories: [{path: '*'}]`, or `files`");
            }
            (true, true) => {
                let message = "beside `directories` Argo CD does not look at `files`";
                problems.warning(path.key("git").key("files"), RULE, message, "make two generators of it");
            }
            _ => {}
        }
    }
    if let Some(scm) = plain.scm_provider {
        provider(cluster, &path.key("scmProvider"), &scm_providers(scm), problems);
        allowed(cluster, &path.key("scmProvider"), scm, problems);
    }
    if let Some(pull_request) = plain.pull_request {
        provider(cluster, &path.key("pullRequest"), &pull_request_providers(pull_request), problems);
        allowed(cluster, &path.key("pullRequest"), pull_request, problems);
    }
    if let Some(decision) = plain.cluster_decision_resource {
        let has_name = decision.name.as_deref().is_some_and(|name| !name.is_empty());
        let selector = decision.label_selector.as_ref();
        let has_labels = selector.is_some_and(|selector| selector.match_labels.is_some() || selector.match_expressions.is_some());
        if has_name == has_labels {
            let message = "a `clusterDecisionResource` is found by `name` or by `labelSelector`, and by one of them";
            let hint = if has_name { "leave one of them out" } else { "add one of them" };
            problems.error(path.key("clusterDecisionResource"), RULE, message, hint);
        }
    }
    for (key, seconds) in [
        ("git", plain.git.and_then(|it| it.requeue_after_seconds)),
        ("scmProvider", plain.scm_provider.and_then(|it| it.requeue_after_seconds)),
        ("pullRequest", plain.pull_request.and_then(|it| it.requeue_after_seconds)),
        ("clusterDecisionResource", plain.cluster_decision_resource.and_then(|it| it.requeue_after_seconds)),
        ("plugin", plain.plugin.and_then(|it| it.requeue_after_seconds)),
    ] {
        if let Some(seconds) = seconds.filter(|seconds| *seconds < 0) {
            let message = format!("{seconds} seconds are no time to wait: it would never be asked again");
            problems.error(path.key(key).key("requeueAfterSeconds"), RULE, message, "leave it out for Argo CD's default");
        }
    }
    if let Some(list) = plain.list.filter(|_| set.go_template != Some(true)) {
        for (number, element) in list.elements.iter().flatten().enumerate() {
            only_texts(&path.key("list").key("elements").index(number), element, problems);
        }
    }
}

fn combined(generator: &GeneratorAt<'_>, problems: &mut Problems) {
    if let Some(count) = generator.matrix.filter(|count| *count != 2) {
        let path = generator.path.key("matrix").key("generators");
        let hint = "put one `matrix` into another for more";
        problems.error(path, RULE, format!("a `matrix` combines two generators, and this one has {count}"), hint);
    }
    let Some((count, keys)) = generator.merge else { return };
    let path = generator.path.key("merge");
    if count < 2 {
        let message = format!("a `merge` puts two generators or more together, and this one has {count}");
        problems.error(path.key("generators"), RULE, message, "add another, or write the one without `merge`");
    }
    if keys.is_empty() {
        let hint = "name the parameters that tell which sets belong together, such as `server`";
        problems.error(path.key("mergeKeys"), RULE, "a `merge` without keys puts nothing together", hint);
    }
}

/// Argo CD asks the first that it finds, in this order.
fn provider(cluster: &Cluster, path: &ConfigPath, providers: &[&'static str], problems: &mut Problems) {
    match providers {
        [] => {
            problems.error(path.clone(), RULE, "it is not said which source-code host to ask", "add one, such as `github` or `gitlab`");
        }
        [first, second, ..] => {
            let message = format!("of two source-code hosts Argo CD asks one, here `{first}` and not `{second}`");
            problems.error(path.key(*second), RULE, message, "make two generators of it");
        }
        [_] => {}
    }
    if cluster.argocd.as_ref().is_some_and(|argocd| argocd.application_set.scm_providers == Some(false)) {
        let message = "generators that ask source-code hosts are off";
        problems.error(path.clone(), RULE, message, "remove `argocd.applicationSet.scmProviders: false`").involving(ConfigPath::of([
            "argocd",
            "applicationSet",
            "scmProviders",
        ]));
    }
}

/// Hosts with an address of their own have to be listed, where there is a list (`ScmProviderAllowed`).
fn allowed(cluster: &Cluster, path: &ConfigPath, asked: &impl Serialize, problems: &mut Problems) {
    let Some(argocd) = cluster.argocd.as_ref().filter(|argocd| !argocd.application_set.allowed_scm_providers.is_empty()) else { return };
    let asked = serde_json::to_value(asked).unwrap_or_default();
    for (provider, settings) in asked.as_object().into_iter().flatten() {
        let Some(api) = settings.get("api").and_then(Value::as_str).filter(|api| !api.is_empty() && !has_parameters(api)) else { continue };
        if !argocd.application_set.allowed_scm_providers.iter().any(|known| known == api) {
            let list = ConfigPath::of(["argocd", "applicationSet", "allowedScmProviders"]);
            let message = format!("the controller does not ask `{api}`: it is not among those that it may");
            problems.error(path.key(provider).key("api"), RULE, message, format!("add `{api}` to `{list}`")).involving(list);
        }
    }
}

fn scm_providers(scm: &ScmProviderGenerator) -> Vec<&'static str> {
    named([
        ("github", scm.github.is_some()),
        ("gitlab", scm.gitlab.is_some()),
        ("gitea", scm.gitea.is_some()),
        ("bitbucketServer", scm.bitbucket_server.is_some()),
        ("azureDevOps", scm.azure_dev_ops.is_some()),
        ("bitbucket", scm.bitbucket.is_some()),
        ("awsCodeCommit", scm.aws_code_commit.is_some()),
    ])
}

fn pull_request_providers(pull_request: &PullRequestGenerator) -> Vec<&'static str> {
    named([
        ("github", pull_request.github.is_some()),
        ("gitlab", pull_request.gitlab.is_some()),
        ("gitea", pull_request.gitea.is_some()),
        ("bitbucketServer", pull_request.bitbucket_server.is_some()),
        ("bitbucket", pull_request.bitbucket.is_some()),
        ("azuredevops", pull_request.azuredevops.is_some()),
    ])
}

fn named<const N: usize>(providers: [(&'static str, bool); N]) -> Vec<&'static str> {
    providers.into_iter().filter_map(|(name, is_there)| is_there.then_some(name)).collect()
}

/// Without Go templates a parameter is a text, and those below `values` too (`applicationset/generators/list.go`).
fn only_texts(path: &ConfigPath, element: &Map<String, Value>, problems: &mut Problems) {
    let mut wrong = |path: ConfigPath| {
        let hint = "quote it, or set `applicationSet.goTemplate: true`";
        problems.error(path, RULE, "without `goTemplate` a parameter is a text", hint);
    };
    for (key, value) in element {
        match value {
            Value::Object(values) if key == "values" => {
                let others = values.iter().filter(|(_, value)| !value.is_string());
                others.for_each(|(inner, _)| wrong(path.key(key).key(inner)));
            }
            Value::String(_) if key != "values" => {}
            _ => wrong(path.key(key)),
        }
    }
}

/// Further parameters, whose texts are templates themselves.
pub(super) fn values<'a>(generator: &GeneratorAt<'a>) -> Vec<(ConfigPath, &'a BTreeMap<String, String>)> {
    let plain = &generator.plain;
    [
        ("clusters", plain.clusters.and_then(|it| it.values.as_ref())),
        ("git", plain.git.and_then(|it| it.values.as_ref())),
        ("scmProvider", plain.scm_provider.and_then(|it| it.values.as_ref())),
        ("pullRequest", plain.pull_request.and_then(|it| it.values.as_ref())),
        ("clusterDecisionResource", plain.cluster_decision_resource.and_then(|it| it.values.as_ref())),
        ("plugin", plain.plugin.and_then(|it| it.values.as_ref())),
    ]
    .into_iter()
    .filter_map(|(key, values)| Some((generator.path.key(key).key("values"), values?)))
    .collect()
}
