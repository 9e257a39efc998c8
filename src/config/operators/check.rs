//! What a schema cannot say about operators.

use super::{Chart, Installer, Operator};
use crate::config::application::reserved_names;
use crate::config::{Cluster, Problems, dependencies};
use crate::source::ConfigPath;

const DEPENDENCIES: &str = "config/dependencies";
const CHART: &str = "config/chart";
const INSTALLER: &str = "config/installer";
const NAME: &str = "config/operator-name";

/// Checks the section.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let operators = &cluster.operators;
    let names: Vec<Vec<_>> = operators.iter().map(Operator::dependency_names).collect();
    let entries: Vec<_> = operators.iter().zip(&names).map(|(operator, names)| (operator.name.as_str(), names.as_slice())).collect();
    let form = dependencies::Form { rule: DEPENDENCIES, section: "operators", key: "dependencies", noun: "operator" };
    dependencies::check(&form, &entries, problems);
    for (number, operator) in operators.iter().enumerate() {
        chart(&at(number).key("chart"), &operator.chart, problems);
        if let Some(crds) = &operator.crds {
            chart(&at(number).key("crds"), crds, problems);
        }
        installer(cluster, number, operator, problems);
        name(cluster, number, operator, problems);
    }
}

fn at(number: usize) -> ConfigPath {
    ConfigPath::of(["operators"]).index(number)
}

fn chart(path: &ConfigPath, chart: &Chart, problems: &mut Problems) {
    let url = chart.repository.as_str();
    let at_url = path.key("repository");
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split('/').next().unwrap_or_default();
    if url.contains(char::is_whitespace) || (!scheme.is_empty() && authority.is_empty()) {
        problems.error(at_url, CHART, format!("`{url}` is no URL of a repository"), "write it like `https://charts.example.com`");
    } else if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) {
        let hint = "give credentials in a Secret: `argocd.repositories`, or `authSecret` of a HelmChart of your own";
        problems.error(at_url, CHART, "a password in the URL would be readable by everyone", hint);
    } else if !matches!(scheme, "https" | "http" | "oci") {
        let is_git = rest.strip_suffix(".git").is_some() || matches!(scheme, "ssh" | "git" | "file") || url.starts_with("git@");
        let hint = if is_git {
            "a chart in a Git repository is an entry of `applications`".to_owned()
        } else if scheme.is_empty() {
            format!("write `https://{url}` for a repository with an index, or `oci://{url}` for a registry")
        } else {
            "the schemes are `https`, `http` and `oci`".to_owned()
        };
        problems.error(at_url, CHART, format!("`{url}` is no Helm repository and no OCI registry"), hint);
    } else if scheme == "oci" && url.trim_end_matches('/').ends_with(&format!("/{}", chart.name)) {
        let hint = format!("leave `/{}` out", chart.name);
        problems
            .error(at_url, CHART, format!("`{url}` has the chart's name in it, which is added to it"), hint)
            .involving(path.key("name"));
    }
    let version = chart.version.trim();
    if version.is_empty() {
        problems.error(path.key("version"), CHART, "the chart's version is missing", "");
    } else if version.contains(['*', '>', '<', '^', '~', '|', ' ']) || version == "latest" {
        let message = format!("`{version}` names many versions: what is installed would change without a change of this file");
        problems.warning(path.key("version"), CHART, message, "write one version");
    }
}

fn installer(cluster: &Cluster, number: usize, operator: &Operator, problems: &mut Problems) {
    let by = operator.installer(cluster);
    let path = at(number).key("installer");
    if by == Installer::K3s && cluster.k3s.disable_helm_controller {
        let message = format!("nobody installs `{}`: k3s' Helm controller is off", operator.name);
        let hint = "remove `k3s.disableHelmController`, or use `installer: argocd`";
        problems.error(path, INSTALLER, message, hint).involving(ConfigPath::of(["k3s", "disableHelmController"]));
    } else if by == Installer::Argocd && cluster.gitops.is_none() && (!operator.dependencies.is_empty() || operator.crds.is_some()) {
        let message = format!("nothing makes `{}` wait: Argo CD keeps an order only among what one Application holds", operator.name);
        let key = if operator.dependencies.is_empty() { "crds" } else { "dependencies" };
        problems.warning(
            at(number).key(key),
            DEPENDENCIES,
            message,
            "set `gitops.repoURL`, so that the Applications are synced from a tree",
        );
    }
}

/// Applications of one namespace, and the objects of operators, have names of their own.
fn name(cluster: &Cluster, number: usize, operator: &Operator, problems: &mut Problems) {
    let crds = operator.crds.is_some().then(|| format!("{}-crds", operator.name));
    for name in std::iter::once(operator.name.to_string()).chain(crds) {
        let path = at(number).key("name");
        // pkg/chartutil/validate_name.go
        if name.len() > 53 {
            let message = format!("`{name}` is too long for a Helm release");
            problems.error(path, NAME, message, "use at most 53 characters, or 48 where it has `crds`");
            continue;
        }
        if let Some(other) = cluster.operators.iter().position(|other| other.name.as_str() == name && other.name != operator.name) {
            let message =
                format!("`{name}` is the operator `{}` and the definitions of `{}`", cluster.operators[other].name, operator.name);
            problems.error(path, NAME, message, "give one of them another name").involving(at(other).key("name"));
            continue;
        }
        if operator.installer(cluster) != Installer::Argocd {
            continue;
        }
        if let Some(other) = cluster.applications.iter().position(|other| other.name.as_str() == name) {
            let message = format!("`{name}` is the name of an Application already");
            let other = ConfigPath::of(["applications"]).index(other).key("name");
            problems.error(path, NAME, message, "give one of them another name").involving(other);
        } else if cluster.gitops.is_some() && reserved_names().contains(&name.as_str()) {
            let message = format!("`{name}` is the name of an Application that syncs the tree");
            problems.error(path, NAME, message, "give it another name").involving(ConfigPath::of(["gitops"]));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    fn operator(more: Value) -> Value {
        let mut entry =
            json!({"name": "a", "namespace": "a", "chart": {"repository": "https://charts.example.com", "name": "a", "version": "1"}});
        for (key, value) in more.as_object().expect("a mapping") {
            entry[key] = value.clone();
        }
        entry
    }

    fn of(operators: Value, more: Value) -> String {
        let mut config = json!({"cluster": {"name": "c"}, "operators": operators});
        for (key, value) in more.as_object().expect("a mapping") {
            config[key] = value.clone();
        }
        said(check, &cluster(config))
    }

    #[test]
    fn a_chart_comes_from_a_repository_or_a_registry() {
        let chart = |repository: &str, version: &str| {
            of(json!([operator(json!({"chart": {"repository": repository, "name": "a", "version": version}}))]), json!({}))
        };
        assert_eq!(chart("https://charts.example.com/stable/", "1.2.3"), "");
        assert_eq!(chart("oci://registry.example.com/charts", "1.2.3"), "");
        insta::assert_snapshot!([
            chart("charts.example.com", "1"), chart("git@example.com:charts.git", "1"), chart("https://user:secret@example.com", "1"),
            chart("oci://registry.example.com/charts/a", "1"), chart("oci:///charts", "1"), chart("https://a b", ""),
            chart("ftp://example.com", ">=1.2"),
        ].concat(), @"
        error operators[0].chart.repository config/chart: `charts.example.com` is no Helm repository and no OCI registry
        error operators[0].chart.repository config/chart: `git@example.com:charts.git` is no Helm repository and no OCI registry
        error operators[0].chart.repository config/chart: a password in the URL would be readable by everyone
        error operators[0].chart.repository config/chart: `oci://registry.example.com/charts/a` has the chart's name in it, which is added to it
        error operators[0].chart.repository config/chart: `oci:///charts` is no URL of a repository
        error operators[0].chart.repository config/chart: `https://a b` is no URL of a repository
        error operators[0].chart.version config/chart: the chart's version is missing
        error operators[0].chart.repository config/chart: `ftp://example.com` is no Helm repository and no OCI registry
        warning operators[0].chart.version config/chart: `>=1.2` names many versions: what is installed would change without a change of this file
        ");
    }

    #[test]
    fn dependencies_are_there_and_have_an_order() {
        let named = |name: &str, before: &[&str]| operator(json!({"name": name, "dependencies": before}));
        insta::assert_snapshot!(of(json!([named("a", &["b"]), named("b", &["c"]), named("c", &["a"]), named("d", &["d", "bb"])]), json!({})), @"
        error operators[3].dependencies[1] config/dependencies: there is no operator `bb` that `d` could wait for
        error operators[0].dependencies[0] config/dependencies: `a` waits for `b` in a circle: `a` → `b` → `c` → `a`
        error operators[1].dependencies[0] config/dependencies: `b` waits for `c` in a circle: `a` → `b` → `c` → `a`
        error operators[2].dependencies[0] config/dependencies: `c` waits for `a` in a circle: `a` → `b` → `c` → `a`
        error operators[3].dependencies[0] config/dependencies: `d` waits for itself
        ");
    }

    #[test]
    fn somebody_installs_it_and_waits() {
        insta::assert_snapshot!([
            of(json!([operator(json!({}))]), json!({"k3s": {"disableHelmController": true}})),
            of(json!([operator(json!({})), operator(json!({"name": "b", "dependencies": ["a"]}))]), json!({"argocd": {}})),
            of(json!([operator(json!({"installer": "k3s", "dependencies": []}))]), json!({"argocd": {}})),
        ].concat(), @"
        error operators[0].installer config/installer: nobody installs `a`: k3s' Helm controller is off
        warning operators[1].dependencies config/dependencies: nothing makes `b` wait: Argo CD keeps an order only among what one Application holds
        ");
    }

    #[test]
    fn names_are_nobody_elses() {
        let crds = json!({"repository": "https://charts.example.com", "name": "a", "version": "1"});
        insta::assert_snapshot!([
            of(json!([operator(json!({"crds": crds})), operator(json!({"name": "a-crds"}))]), json!({})),
            of(json!([operator(json!({}))]), json!({"argocd": {}, "applications": [{"name": "a", "repoURL": "https://git.example.com/a.git"}]})),
            of(json!([operator(json!({"name": "root"}))]), json!({"argocd": {}, "gitops": {"repoURL": "https://git.example.com/a.git"}})),
        ].concat(), @"
        error operators[0].name config/operator-name: `a-crds` is the operator `a-crds` and the definitions of `a`
        error operators[0].name config/operator-name: `a` is the name of an Application already
        error operators[0].name config/operator-name: `root` is the name of an Application that syncs the tree
        ");
    }
}
