//! What a schema cannot say about the section.

use super::{CHART, Monitoring, Stack};
use crate::config::operators::Installer;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

const RULE: &str = "config/monitoring";

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["monitoring"]), |path, key| path.key(key))
}

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(monitoring) = &cluster.monitoring else { return };
    if monitoring.installer(cluster) == Some(Installer::K3s) && cluster.k3s.disable_helm_controller {
        let message = "nobody installs Prometheus: k3s' Helm controller is off";
        let hint = "remove `k3s.disableHelmController`, or use `installer: argocd`";
        let problem = problems.error(at(["installer"]), RULE, message, hint);
        problem.involving(ConfigPath::of(["k3s", "disableHelmController"]));
    }
    twice(cluster, monitoring, problems);
    if monitoring.stack != Stack::Chart && !monitoring.values.is_empty() {
        let message = "`values` are those of the chart, which `stack` does not install";
        problems.error(at(["values"]), RULE, message, "remove `values`, or use `stack: chart`").involving(at(["stack"]));
    }
    if monitoring.stack == Stack::Annotations && !monitoring.labels.is_empty() {
        let message = "`labels` are those of monitors and rules, which only an operator reads";
        problems.error(at(["labels"]), RULE, message, "remove `labels`, or use `stack: external`").involving(at(["stack"]));
    }
    for (key, duration) in [("interval", &monitoring.interval), ("retention", &monitoring.retention)] {
        if duration.0.bytes().all(|byte| !(b'1'..=b'9').contains(&byte)) {
            problems.error(at([key]), RULE, format!("`{key}` is no time at all"), "write it like `30s`, `12h` or `10d`");
        }
    }
    if cluster.headscale.as_ref().is_some_and(|headscale| !headscale.metrics.enabled) {
        let message = "Headscale's metrics are off: nobody sees when it is down";
        let hint = "remove `headscale.metrics.enabled`";
        problems.warning(ConfigPath::of(["monitoring"]), RULE, message, hint).involving(ConfigPath::of([
            "headscale",
            "metrics",
            "enabled",
        ]));
    }
}

/// Two operators would work on each other's objects.
fn twice(cluster: &Cluster, monitoring: &Monitoring, problems: &mut Problems) {
    if monitoring.stack != Stack::Chart {
        return;
    }
    for (number, operator) in cluster.operators.iter().enumerate() {
        let path = ConfigPath::of(["operators"]).index(number);
        let (other, message) = if operator.chart.name == CHART {
            (path.key("chart").key("name"), format!("`{CHART}` would be installed twice"))
        } else if operator.name.as_str() == CHART {
            (path.key("name"), format!("`{CHART}` is the name of what this section installs"))
        } else {
            continue;
        };
        let hint = "use `stack: external` where an operator of your own installs it, or remove that one";
        problems.error(at(["stack"]), RULE, message, hint).involving(other);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::config::check::testing::{cluster, said};

    fn of(monitoring: Value, more: Value) -> String {
        let mut config = json!({"cluster": {"name": "c"}, "monitoring": monitoring});
        for (key, value) in more.as_object().expect("a mapping") {
            config[key] = value.clone();
        }
        said(check, &cluster(config))
    }

    #[test]
    fn one_prometheus_is_installed_by_somebody() {
        let chart = |name: &str| json!({"repository": "https://charts.example.com", "name": name, "version": "1.0.0"});
        let operator = |name: &str, chart_name: &str| json!([{"name": name, "namespace": "monitoring", "chart": chart(chart_name)}]);
        let helm_is_off = json!({"k3s": {"disableHelmController": true}});
        assert_eq!(of(json!({}), json!({"headscale": {}, "argocd": {}})), "");
        assert_eq!(of(json!({"stack": "external"}), json!({"operators": operator("prometheus", "kube-prometheus-stack")})), "");
        assert_eq!(of(json!({"stack": "annotations"}), helm_is_off.clone()), "");
        insta::assert_snapshot!([
            of(json!({}), helm_is_off),
            of(json!({}), json!({"operators": operator("prometheus", "kube-prometheus-stack")})),
            of(json!({}), json!({"operators": operator("kube-prometheus-stack", "other")})),
        ].concat(), @"
        error monitoring.installer config/monitoring: nobody installs Prometheus: k3s' Helm controller is off
        error monitoring.stack config/monitoring: `kube-prometheus-stack` would be installed twice
        error monitoring.stack config/monitoring: `kube-prometheus-stack` is the name of what this section installs
        ");
    }

    #[test]
    fn what_would_have_no_effect_is_said() {
        insta::assert_snapshot!([
            of(json!({"stack": "external", "values": {"grafana": {"enabled": false}}}), json!({})),
            of(json!({"stack": "annotations", "labels": {"release": "prometheus"}}), json!({})),
            of(json!({"interval": "0", "retention": "0d"}), json!({})),
            of(json!({}), json!({"headscale": {"metrics": {"enabled": false}}})),
        ].concat(), @"
        error monitoring.values config/monitoring: `values` are those of the chart, which `stack` does not install
        error monitoring.labels config/monitoring: `labels` are those of monitors and rules, which only an operator reads
        error monitoring.interval config/monitoring: `interval` is no time at all
        error monitoring.retention config/monitoring: `retention` is no time at all
        warning monitoring config/monitoring: Headscale's metrics are off: nobody sees when it is down
        ");
    }
}
