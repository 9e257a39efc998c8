//! Operators: Applications or HelmCharts of charts, their order, and their values against the charts' own schemas.

use manifestgen::config::Cluster;
use manifestgen::data;
use manifestgen::manifest::Release;
use manifestgen::render::{Selection, render};
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::command::{Run, folder_with};
use crate::headscale::merged;
use crate::lab_server::{complaints, refusals};

/// Operators of both kinds of repositories, with definitions of their own chart, values and an order.
fn operators() -> Value {
    json!([
        {
            "name": "prometheus", "namespace": "monitoring", "podSecurityStandard": "privileged", "dependencies": ["cert-manager"],
            "chart": {"repository": "oci://ghcr.io/prometheus-community/charts", "name": "kube-prometheus-stack", "version": "88.2.0"},
            "crds": {"repository": "https://prometheus-community.github.io/helm-charts", "name": "prometheus-operator-crds", "version": "26.0.0"},
            "values": {"crds": {"enabled": false}, "grafana": {"adminPassword": null, "ingress": {"hosts": ["grafana.example.com"]}}},
            "provides": ["ServiceMonitor.monitoring.coreos.com"],
        },
        {
            "name": "cert-manager", "namespace": "cert-manager",
            "chart": {"repository": "https://charts.jetstack.io", "name": "cert-manager", "version": "v1.21.2"},
            "values": {"crds": {"enabled": true}},
        },
    ])
}

/// Every way to install them, by name.
fn variants() -> Vec<(&'static str, Value)> {
    let base = json!({"cluster": {"name": "home"}, "operators": operators()});
    vec![
        ("k3s", base.clone()),
        ("Argo CD", merged(&base, &json!({"argocd": {}, "gitops": {"repoURL": "https://git.example.com/home.git"}}))),
        (
            "a project of one's own",
            merged(
                &base,
                &json!({"argocd": {}, "gitops": {"repoURL": "https://git.example.com/home.git"}, "projects": [
                    {"name": "operators", "clusterResourceWhitelist": [{"group": "*", "kind": "CustomResourceDefinition"}]}]}),
            ),
        ),
    ]
}

fn release(config: &Value) -> Release {
    let cluster: Cluster = serde_json::from_value(config.clone()).expect("a cluster");
    render(&cluster, &Selection::default()).expect("a sealed release")
}

/// The objects of the component.
fn whole(config: &Value) -> String {
    let cluster: Cluster = serde_json::from_value(config.clone()).expect("a cluster");
    let release = render(&cluster, &Selection { only: vec!["operators".to_owned()] }).expect("a sealed release");
    yaml::documents_to_string(release.objects()).expect("YAML")
}

#[test]
fn every_variant() {
    for (name, config) in variants() {
        insta::assert_snapshot!(name.replace([' ', '\''], "_"), whole(&config));
    }
}

/// `values` are the chart's: null is one of them, and reaches Helm.
#[test]
fn null_is_a_value_of_a_chart() {
    let release = release(&variants()[0].1);
    let chart = release.objects().iter().find(|object| object.kind() == "HelmChart" && object.name() == "prometheus").expect("a chart");
    let values = chart.pointer("/spec/valuesContent").and_then(Value::as_str).expect("values");
    assert!(values.contains("adminPassword: null"), "{values}");
}

#[test]
fn every_variant_is_accepted() {
    // k3s brings this definition; the test's server is none.
    let crd = data::embedded_crds().iter().find(|crd| crd.name == "helmcharts.helm.cattle.io").expect("embedded");
    let releases = variants().into_iter().map(|(name, config)| (name.to_owned(), release(&config)));
    let Some(refused) = refusals(&[crd.object().clone()], releases) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_variant_is_valid_offline_without_findings() {
    assert_eq!(complaints(variants()), [""; 0]);
}

/// A chart as `helm pull --untar` leaves it, with one of its own inside.
fn chart(folder: &std::path::Path) {
    let write = |path: &str, text: &str| {
        let path = folder.join("charts/shop").join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("written");
    };
    write("Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.2.3\n");
    write("values.yaml", "replicas: 1\nimage: {tag: latest}\n");
    let schema = json!({
        "type": "object", "required": ["replicas", "host"], "additionalProperties": true,
        "properties": {"replicas": {"type": "integer", "minimum": 1}, "host": {"type": "string"}, "image": {"type": "object", "properties": {"tag": {"type": "string"}}}},
    });
    write("values.schema.json", &schema.to_string());
    write("charts/database/Chart.yaml", "apiVersion: v2\nname: database\nversion: 1.0.0\n");
    let schema = json!({"type": "object", "properties": {"disks": {"type": "array", "items": {"type": "string"}}}});
    write("charts/database/values.schema.json", &schema.to_string());
}

#[test]
fn values_are_held_against_the_charts_own_schema() {
    let with = |values: &str| {
        let folder = folder_with(&format!(
            "cluster: {{name: home}}\noperators:\n- name: shop\n  namespace: shop\n  chart:\n    repository: https://charts.example.com\n    name: shop\n    version: 1.2.3\n    folder: charts/shop\n{values}"
        ));
        chart(folder.path());
        Run::new(folder.path(), &["validate"]).run().shown()
    };
    insta::assert_snapshot!(with("  values:\n    host: shop.example.com\n    database: {disks: [a]}\n"));
    insta::assert_snapshot!(with(
        "  values:\n    replicas: none\n    image: {tag: 1.5}\n    database:\n      disks:\n      - a\n      - 1\n"
    ));
}

#[test]
fn a_folder_with_another_chart_is_said() {
    let chart_of = |version: &str, place: &str| {
        let folder = folder_with(&format!(
            "cluster: {{name: home}}\noperators:\n- name: shop\n  namespace: shop\n  chart: {{repository: 'https://charts.example.com', name: shop, version: {version}, folder: {place}}}\n  values: {{host: a}}\n"
        ));
        chart(folder.path());
        let ran = Run::new(folder.path(), &["validate"]).run();
        ran.stderr.lines().filter(|line| line.starts_with("warning")).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(chart_of("1.3.0", "charts/shop"));
    insta::assert_snapshot!(chart_of("1.2.3", "charts/other"));
}

/// Every example of docs/OPERATORS.md is a config, renders, and is valid without a finding.
#[test]
fn the_examples_of_the_docs_are_valid() {
    let page = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/OPERATORS.md")).expect("the page");
    let examples: Vec<&str> = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(examples.len(), 4);
    for example in examples {
        for more in ["", "argocd: {}\ngitops: {repoURL: 'https://git.example.com/home.git'}\n"] {
            assert_eq!(complaints([(example, format!("cluster: {{name: home}}\n{more}{example}"))]), [""; 0]);
        }
    }
}

/// Objects of kinds that an operator brings are no findings; their fields are not known here.
#[test]
fn kinds_that_an_operator_brings_are_known() {
    let operators = json!([{
        "name": "velero", "namespace": "velero", "provides": ["Backup.velero.io"],
        "chart": {"repository": "https://charts.example.com", "name": "velero", "version": "1.0.0"},
    }]);
    let object =
        |kind: &str| json!({"apiVersion": "velero.io/v1", "kind": kind, "metadata": {"name": "a", "namespace": "velero"}, "spec": {}});
    let findings = |kind: &str| {
        let config = json!({"cluster": {"name": "home"}, "operators": operators, "extraObjects": [object(kind)]});
        let folder = folder_with(&config.to_string());
        let text = Run::new(folder.path(), &["validate", "--format", "json"]).run().stdout;
        let report: Value = serde_json::from_slice(&text).expect("JSON");
        report["findings"].as_array().expect("findings").len()
    };
    assert_eq!((findings("Backup"), findings("Restore")), (0, 1));
}
