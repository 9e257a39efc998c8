//! Conditions of the ApplicationSet controller: what it would refuse, or take for something else, without anybody seeing it.
//!
//! They are those of argo-cd `applicationset/generators/*.go` and `applicationset/utils/utils.go`, which run in the cluster alone.

use super::form::destination;
use super::go_template::{Slip, slip_in};
use super::{entries, generator, text};
use crate::config::application::{Application, ApplicationSetSpec, GeneratorAt, Operator, StrategyType, generators, has_parameters};
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/application-set";

/// What Go's `Template.Option` knows; it panics at anything else.
const OPTIONS: [&str; 4] = ["missingkey=default", "missingkey=invalid", "missingkey=zero", "missingkey=error"];

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, entry) in entries(cluster).filter(|(_, entry)| entry.clusters.is_some() || entry.application_set.is_some()) {
        controller(cluster, &path, entry, problems);
        let Some(set) = &entry.application_set else {
            // The whole of a short entry becomes a template.
            text::each(&path, entry, &mut |path, text| slip(path, text, true, problems));
            continue;
        };
        if !entry.cascade {
            let hint = "set `applicationSet.syncPolicy.preserveResourcesOnDeletion: true`";
            problems.error(path.key("cascade"), RULE, "`cascade` has no effect beside `applicationSet`", hint);
        }
        let path = path.key("applicationSet");
        let all = generators(&path, &set.generators);
        for one in &all {
            generator::check(cluster, set, one, problems);
        }
        strategy(cluster, &path, set, problems);
        template(&path, set, &all, problems);
        texts(&path, set, &all, problems);
    }
}

fn controller(cluster: &Cluster, path: &ConfigPath, entry: &Application, problems: &mut Problems) {
    if cluster.argocd.as_ref().is_some_and(|argocd| !argocd.application_set.enabled) {
        let key = if entry.clusters.is_some() { "clusters" } else { "applicationSet" };
        let message = format!("nothing makes the Applications of `{}`: the ApplicationSet controller is off", entry.name);
        let hint = "set `argocd.applicationSet.enabled: true`";
        problems.error(path.key(key), RULE, message, hint).involving(ConfigPath::of(["argocd", "applicationSet", "enabled"]));
    }
}

fn strategy(cluster: &Cluster, path: &ConfigPath, set: &ApplicationSetSpec, problems: &mut Problems) {
    let Some(strategy) = &set.strategy else { return };
    let path = path.key("strategy");
    if strategy.r#type != Some(StrategyType::RollingSync) {
        if strategy.rolling_sync.is_some() {
            let message = "`rollingSync` has no effect: all Applications change at once without its type";
            problems.warning(path.key("rollingSync"), RULE, message, "set `type: RollingSync` beside it");
        }
        return;
    }
    let steps = strategy.rolling_sync.as_ref().and_then(|rolling| rolling.steps.as_deref()).unwrap_or_default();
    if steps.is_empty() {
        let message = "`RollingSync` without steps changes all Applications at once";
        problems.error(path.key("type"), RULE, message, "add `rollingSync.steps`, or remove `strategy`");
    }
    for (number, step) in steps.iter().enumerate() {
        for (index, expression) in step.match_expressions.iter().flatten().enumerate() {
            if matches!(expression.operator, Some(Operator::Exists | Operator::DoesNotExist)) {
                let path = path.key("rollingSync").key("steps").index(number).key("matchExpressions").index(index).key("operator");
                problems.error(path, RULE, "a step knows the operators `In` and `NotIn` only", "name the values");
            }
        }
    }
    if cluster.argocd.as_ref().is_some_and(|argocd| argocd.application_set.progressive_syncs != Some(true)) {
        let message = "`RollingSync` has no effect: all Applications change at once while the controller's progressive syncs are off";
        problems
            .warning(path.key("type"), RULE, message, "set `argocd.applicationSet.progressiveSyncs: true`")
            .involving(ConfigPath::of(["argocd", "applicationSet", "progressiveSyncs"]));
    }
}

/// The Application that the template makes; a patch or an overlay may add what it has not.
fn template(path: &ConfigPath, set: &ApplicationSetSpec, all: &[GeneratorAt<'_>], problems: &mut Problems) {
    let (path, spec) = (path.key("template").key("spec"), &set.template.spec);
    let is_whole = set.template_patch.is_none() && all.iter().all(|generator| generator.templates.is_empty());
    if is_whole && spec.source.is_none() && spec.sources.as_ref().is_none_or(Vec::is_empty) && spec.source_hydrator.is_none() {
        problems.error(path.clone(), RULE, "the template has no source", "add `source`, `sources` or `sourceHydrator`");
    }
    let target = &spec.destination;
    let is_known = ![&target.server, &target.name].into_iter().flatten().any(|text| has_parameters(text));
    if is_known && (is_whole || (target.server.is_some() && target.name.is_some())) {
        destination(&path.key("destination"), target, problems);
    }
}

/// All texts in which the controller fills in parameters.
fn texts(path: &ConfigPath, set: &ApplicationSetSpec, all: &[GeneratorAt<'_>], problems: &mut Problems) {
    let is_go = set.go_template == Some(true);
    let mut one = |path: ConfigPath, text: &str| slip(path, text, is_go, problems);
    text::each(&path.key("template"), &set.template, &mut one);
    text::each(&path.key("templatePatch"), &set.template_patch, &mut one);
    for generator in all {
        for (path, template) in &generator.templates {
            text::each(path, template, &mut one);
        }
        for (path, values) in generator::values(generator) {
            text::each(&path, values, &mut one);
        }
    }
    for (number, option) in set.go_template_options.iter().flatten().enumerate() {
        if is_go && !OPTIONS.contains(&option.as_str()) {
            let message = format!("`{option}` is no option of Go templates, and the controller panics at it");
            let hint = format!("the options are {}", OPTIONS.map(|known| format!("`{known}`")).join(", "));
            problems.error(path.key("goTemplateOptions").index(number), RULE, message, hint);
        }
    }
    let name = set.template.metadata.name.as_deref().unwrap_or_default();
    // Alone, without a selector or a template of its own, a list makes an Application of each element.
    let is_whole = |generator: &&GeneratorAt<'_>| !generator.is_nested && generator.templates.is_empty();
    let is_picked = set.generators.iter().any(|generator| generator.selector.is_some());
    let several = all
        .iter()
        .filter(is_whole)
        .find(|generator| !is_picked && generator.plain.list.is_some_and(|list| list.elements.as_ref().is_some_and(|all| all.len() > 1)));
    if let Some(list) = several.filter(|_| !has_parameters(name) && set.template_patch.is_none()) {
        let message = format!("all Applications would be called `{name}`, which the controller refuses");
        let path = path.key("template").key("metadata").key("name");
        problems.error(path, RULE, message, "put a parameter into it").involving(list.path.clone());
    }
    if !is_go && name.split("{{").skip(1).any(|rest| rest.trim_start().starts_with('.')) {
        let message = format!("`{name}` is a Go template, and without `goTemplate` it stays as it is");
        let hint = "set `applicationSet.goTemplate: true`, or leave out the dots";
        problems.warning(path.key("template").key("metadata").key("name"), RULE, message, hint);
    }
}

fn slip(path: ConfigPath, text: &str, is_go: bool, problems: &mut Problems) {
    if let Some(Slip { message, hint }) = if is_go { slip_in(text) } else { slip_in_plain(text) } {
        problems.error(path, RULE, message, hint);
    }
}

/// The older form: what stands between braces is replaced where there is a parameter of that name (github.com/valyala/fasttemplate).
fn slip_in_plain(text: &str) -> Option<Slip> {
    let is_one = text.lines().any(|line| line.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}")));
    let is_open = text.rsplit("{{").next().is_some_and(|rest| !rest.contains("}}"));
    (is_one && is_open).then(|| Slip { message: "a parameter has no end".to_owned(), hint: "close every `{{` with `}}`".to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::testing::said;

    fn template(name: &str) -> Value {
        let source = json!({"repoURL": "https://git.example.com/a.git", "path": "{{.path.path}}"});
        json!({"metadata": {"name": name}, "spec": {"project": "p", "destination": {"server": "{{.url}}", "namespace": "x"}, "source": source}})
    }

    fn set(set: Value) -> String {
        said(json!({"applications": [{"name": "s", "applicationSet": set}]}))
    }

    /// 72 objects were rendered without a word.
    #[test]
    fn generators_that_the_controller_refuses() {
        let git = |more: Value| {
            let mut git = json!({"repoURL": "https://git.example.com/a.git", "revision": "HEAD"});
            git.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
            json!({"git": git})
        };
        let (list, clusters) = (json!({"list": {"elements": [{"a": "b"}]}}), json!({"clusters": {}}));
        insta::assert_snapshot!(set(json!({"goTemplate": true, "template": template("{{.a}}"), "generators": [
            {},
            {"matrix": {"generators": [list]}},
            {"matrix": {"generators": [clusters, clusters, {}]}},
            {"matrix": {"generators": [clusters, {"clusters": {}, "list": {"elements": []}}]}},
            {"merge": {"mergeKeys": [], "generators": [clusters]}},
            git(json!({})),
            git(json!({"directories": [{"path": "*"}], "files": [{"path": "x.json"}], "requeueAfterSeconds": -1})),
            {"scmProvider": {}},
            {"scmProvider": {"github": {"organization": "x"}, "gitlab": {"group": "y"}}},
            {"pullRequest": {}},
            {"clusterDecisionResource": {"configMapRef": "x"}},
            {"plugin": {"configMapRef": {"name": "x"}}},
        ]})), @"
        warning applications[0].applicationSet.generators[0] config/application-set: a generator without a kind finds no parameters
          add one, such as `list` or `git`
        error applications[0].applicationSet.generators[1].matrix.generators config/application-set: a `matrix` combines two generators, and this one has 1
          put one `matrix` into another for more
        error applications[0].applicationSet.generators[2].matrix.generators config/application-set: a `matrix` combines two generators, and this one has 3
          put one `matrix` into another for more
        error applications[0].applicationSet.generators[2].matrix.generators[2] config/application-set: a generator without a kind finds no parameters
          add one, such as `list` or `git`
        error applications[0].applicationSet.generators[3].matrix.generators[1].clusters config/application-set: a generator within another has one kind, and this one has `list` and `clusters`
          make two generators of it
        error applications[0].applicationSet.generators[4].merge.generators config/application-set: a `merge` puts two generators or more together, and this one has 1
          add another, or write the one without `merge`
        error applications[0].applicationSet.generators[4].merge.mergeKeys config/application-set: a `merge` without keys puts nothing together
          name the parameters that tell which sets belong together, such as `server`
        error applications[0].applicationSet.generators[5].git config/application-set: a `git` generator looks at `directories` or at `files`, and this one has neither
          add `directories: [{path: '*'}]`, or `files`
        warning applications[0].applicationSet.generators[6].git.files config/application-set: beside `directories` Argo CD does not look at `files`
          make two generators of it
        error applications[0].applicationSet.generators[6].git.requeueAfterSeconds config/application-set: -1 seconds are no time to wait: it would never be asked again
          leave it out for Argo CD's default
        error applications[0].applicationSet.generators[7].scmProvider config/application-set: it is not said which source-code host to ask
          add one, such as `github` or `gitlab`
        error applications[0].applicationSet.generators[8].scmProvider.gitlab config/application-set: of two source-code hosts Argo CD asks one, here `github` and not `gitlab`
          make two generators of it
        error applications[0].applicationSet.generators[9].pullRequest config/application-set: it is not said which source-code host to ask
          add one, such as `github` or `gitlab`
        error applications[0].applicationSet.generators[10].clusterDecisionResource config/application-set: a `clusterDecisionResource` is found by `name` or by `labelSelector`, and by one of them
          add one of them
        ");
        assert_eq!(
            set(json!({"goTemplate": true, "template": template("{{.a}}"), "generators": [
                {"merge": {"mergeKeys": ["server"], "generators": [clusters, list]}},
                {"matrix": {"generators": [git(json!({"files": [{"path": "*.json"}]})), {"matrix": {"generators": [clusters, list]}}]}},
                {"list": {"elements": []}, "clusters": {}},
            ]})),
            ""
        );
    }

    #[test]
    fn templates_that_the_controller_cannot_read() {
        let values = json!({"clusters": {"values": {"a": "{{.b"}}});
        insta::assert_snapshot!(set(json!({"goTemplate": true, "goTemplateOptions": ["missingkey=errror"], "templatePatch": "{{ if",
            "template": template("{{cluster}}-app"), "generators": [values]})), @"
        error applications[0].applicationSet.template.metadata.name config/application-set: there is no function `cluster`, which `{{cluster}}` calls
          a parameter begins with a dot: `{{.cluster}}`
        error applications[0].applicationSet.templatePatch config/application-set: `{{ if` has no end
          close it with `}}`, and every quote in it
        error applications[0].applicationSet.generators[0].clusters.values.a config/application-set: `{{.b` has no end
          close it with `}}`, and every quote in it
        error applications[0].applicationSet.goTemplateOptions[0] config/application-set: `missingkey=errror` is no option of Go templates, and the controller panics at it
          the options are `missingkey=default`, `missingkey=invalid`, `missingkey=zero`, `missingkey=error`
        ");
        insta::assert_snapshot!(set(json!({"template": template("{{.cluster}}-app"),
            "generators": [{"list": {"elements": [{"cluster": "a", "number": 1, "values": {"b": true}}]}}]})), @"
        error applications[0].applicationSet.generators[0].list.elements[0].number config/application-set: without `goTemplate` a parameter is a text
          quote it, or set `applicationSet.goTemplate: true`
        error applications[0].applicationSet.generators[0].list.elements[0].values.b config/application-set: without `goTemplate` a parameter is a text
          quote it, or set `applicationSet.goTemplate: true`
        warning applications[0].applicationSet.template.metadata.name config/application-set: `{{.cluster}}-app` is a Go template, and without `goTemplate` it stays as it is
          set `applicationSet.goTemplate: true`, or leave out the dots
        ");
        let both = json!({"metadata": {"name": "{{a}}"}, "spec": {"project": "p", "destination": {"server": "https://kubernetes.default.svc", "name": "in-cluster"}}});
        insta::assert_snapshot!(set(json!({"template": both, "generators": [{"clusters": {}}]})), @"
        error applications[0].applicationSet.template.spec config/application-set: the template has no source
          add `source`, `sources` or `sourceHydrator`
        error applications[0].applicationSet.template.spec.destination.name config/application: the destination has both `server` and `name`, which Argo CD refuses
          leave one of them out
        ");
    }

    /// A rollout in steps that is none, Applications that nobody makes, and a key without effect.
    #[test]
    fn what_has_no_effect_is_said() {
        let rolling = |steps: Value| {
            json!({"goTemplate": true, "template": template("{{.a}}"), "generators": [{"clusters": {}}],
            "strategy": {"type": "RollingSync", "rollingSync": {"steps": steps}}})
        };
        let step = json!([{"matchExpressions": [{"key": "env", "operator": "Exists"}]}]);
        insta::assert_snapshot!(said(json!({"argocd": {}, "applications": [
            {"name": "a", "applicationSet": rolling(json!([]))},
            {"name": "b", "cascade": false, "applicationSet": rolling(step)},
        ]})), @"
        error applications[0].applicationSet.strategy.type config/application-set: `RollingSync` without steps changes all Applications at once
          add `rollingSync.steps`, or remove `strategy`
        warning applications[0].applicationSet.strategy.type config/application-set: `RollingSync` has no effect: all Applications change at once while the controller's progressive syncs are off
          set `argocd.applicationSet.progressiveSyncs: true`
        error applications[1].cascade config/application-set: `cascade` has no effect beside `applicationSet`
          set `applicationSet.syncPolicy.preserveResourcesOnDeletion: true`
        error applications[1].applicationSet.strategy.rollingSync.steps[0].matchExpressions[0].operator config/application-set: a step knows the operators `In` and `NotIn` only
          name the values
        warning applications[1].applicationSet.strategy.type config/application-set: `RollingSync` has no effect: all Applications change at once while the controller's progressive syncs are off
          set `argocd.applicationSet.progressiveSyncs: true`
        ");
        insta::assert_snapshot!(said(json!({"argocd": {"applicationSet": {"enabled": false, "scmProviders": false}}, "applications": [
            {"name": "fleet", "repoURL": "https://git.example.com/a.git", "clusters": {}},
            {"name": "set", "applicationSet": {"goTemplate": true, "template": template("{{.a}}"), "generators": [{"scmProvider": {"github": {"organization": "x"}}}]}},
        ]})), @"
        error applications[0].clusters config/application-set: nothing makes the Applications of `fleet`: the ApplicationSet controller is off
          set `argocd.applicationSet.enabled: true`
        error applications[1].applicationSet config/application-set: nothing makes the Applications of `set`: the ApplicationSet controller is off
          set `argocd.applicationSet.enabled: true`
        error applications[1].applicationSet.generators[0].scmProvider config/application-set: generators that ask source-code hosts are off
          remove `argocd.applicationSet.scmProviders: false`
        ");
    }

    /// Prometheus' own templates, mostly.
    #[test]
    fn short_fleets_are_templates_as_a_whole() {
        let fleet = |values: &str| {
            let entry = json!({"name": "a", "repoURL": "https://charts.example.com", "chart": "a", "targetRevision": "1.0.0", "clusters": {},
                "namespace": "a", "helm": {"values": values}});
            said(json!({"applications": [entry]}))
        };
        insta::assert_snapshot!(fleet("text: '{{ $labels.pod }}'"), @r#"
        error applications[0].helm.values config/application-set: there is no variable `$labels`, which `{{ $labels.pod }}` names
          text that is to stay as it is stands in quotes: `{{ "{{" }}$labels{{ "}}" }}`
        "#);
        assert_eq!(fleet("text: '{{ .name }}'"), "");
    }

    #[test]
    fn names_hosts_and_rollouts() {
        let one = |name: &str| json!({"goTemplate": true, "template": template(name), "generators": [{"list": {"elements": [{"a": "1"}, {"a": "2"}]}}]});
        let mut unrolled = one("{{.a}}");
        unrolled["strategy"] = json!({"rollingSync": {"steps": [{"maxUpdate": 1}]}});
        let elsewhere = json!({"goTemplate": true, "template": template("{{.a}}"), "generators": [
            {"scmProvider": {"github": {"organization": "x", "api": "https://other.example.com/api/v3"}}},
            {"scmProvider": {"github": {"organization": "x", "api": "https://git.example.com/api/v3"}}},
        ]});
        let argocd = json!({"applicationSet": {"allowedScmProviders": ["https://git.example.com/api/v3"]}});
        let all = [("same", one("x")), ("unrolled", unrolled), ("elsewhere", elsewhere)]
            .map(|(name, set)| json!({"name": name, "applicationSet": set}));
        insta::assert_snapshot!(said(json!({"argocd": argocd, "applications": all})), @"
        error applications[0].applicationSet.template.metadata.name config/application-set: all Applications would be called `x`, which the controller refuses
          put a parameter into it
        warning applications[1].applicationSet.strategy.rollingSync config/application-set: `rollingSync` has no effect: all Applications change at once without its type
          set `type: RollingSync` beside it
        error applications[2].applicationSet.generators[0].scmProvider.github.api config/application-set: the controller does not ask `https://other.example.com/api/v3`: it is not among those that it may
          add `https://other.example.com/api/v3` to `argocd.applicationSet.allowedScmProviders`
        ");
    }
}
