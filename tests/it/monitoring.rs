//! Monitoring: what is rendered, that a real API server with the real definitions accepts it, that no rule finds anything, and that Prometheus'
//! own reader takes the alerts and fires them when it should.

use std::fs;
use std::path::Path;
use std::process::Command;

use manifestgen::component::ALL;
use manifestgen::config::Cluster;
use manifestgen::data;
use manifestgen::manifest::{Object, Release};
use manifestgen::render::{Selection, render};
use manifestgen::yaml;
use serde_json::{Value, json};

use crate::headscale::{self, MINORS, merged, text};
use crate::headscale_server::{Pod, Values};
use crate::lab_server::{complaints, kubeconfig, refusals};
use crate::parts::part;

/// A cluster with everything that has metrics, and this `monitoring` section.
fn config(monitoring: Value, more: Value) -> Value {
    let base = json!({
        "cluster": {"name": "home"}, "nodes": [{"name": "primer", "role": "server", "address": "192.168.1.10"}],
        "k3s": {"datastore": {"type": "etcd"}}, "headscale": {}, "argocd": {}, "dagger": {}, "ingress": {},
        "certManager": {"issuers": [{"name": "internal", "selfSignedCa": {}}]},
        "backup": {"repository": "s3:https://s3.example.com/backups/home"},
        "monitoring": monitoring,
    });
    merged(&base, &more)
}

/// Every way to run it, by name.
fn variants() -> Vec<(&'static str, Value)> {
    let every_key = json!({
        "stack": "chart", "namespace": "watch", "version": "88.5.2", "repository": "https://prometheus-community.github.io/helm-charts",
        "installer": "k3s", "values": {"prometheus": {"prometheusSpec": {"retention": "30d"}}, "alertmanager": {"config": null}},
        "storage": {"size": "100Gi", "class": "fast"}, "retention": "15d", "grafana": {"enabled": false}, "labels": {"team": "platform"},
        "interval": "1m", "alerts": true, "dashboards": false,
    });
    let fast = json!({"cluster": {"storage": {"classes": [{"name": "fast", "provisioner": "zfs.csi.openebs.io"}]}}});
    let node = |name: &str, role: &str, address: &str| json!({"name": name, "role": role, "address": address});
    let three =
        [node("primer", "server", "192.168.1.10"), node("worker-1", "agent", "192.168.1.11"), node("worker-2", "agent", "192.168.1.12")];
    vec![
        ("Argo CD", config(json!({}), json!({"argocd": {"ha": true}, "nodes": three}))),
        ("k3s", config(json!({}), json!({"argocd": null, "k3s": {"bundledTraefik": true}, "dagger": {"service": {"port": 9090}}}))),
        ("every key", config(every_key, fast)),
        ("external", config(json!({"stack": "external", "namespace": "prometheus", "labels": {"release": "prometheus"}}), json!({}))),
        ("annotations", config(json!({"stack": "annotations"}), json!({}))),
        ("nothing to watch", json!({"cluster": {"name": "home"}, "monitoring": {}})),
    ]
}

fn release(config: &Value) -> Release {
    let cluster: Cluster = serde_json::from_value(config.clone()).expect("a cluster");
    render(&cluster, &Selection::default()).expect("a sealed release")
}

/// What is rendered for this section: its own objects but for definitions, and its chart.
fn own(release: &Release) -> Vec<Object> {
    let is_own = |object: &&Object| match object.component() {
        "monitoring" => object.kind() != "CustomResourceDefinition",
        "operators" => true,
        _ => false,
    };
    release.objects().iter().filter(is_own).cloned().collect()
}

#[test]
fn every_variant() {
    for (name, config) in variants().into_iter().filter(|(name, _)| *name != "annotations") {
        insta::assert_snapshot!(name.replace(' ', "_"), yaml::documents_to_string(&own(&release(&config))).expect("YAML"));
    }
}

/// What Prometheus without an operator finds, and who lets it in.
#[test]
fn annotations_name_ports_that_are_there() {
    let (_, config) = variants().into_iter().find(|(name, _)| *name == "annotations").expect("a variant");
    let shop = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shop", "namespace": "shop", "labels": {"app": "shop"}, "annotations": {
        "prometheus.io/scrape": "true", "prometheus.io/port": "8080"}}, "spec": {"containers": [{"name": "shop", "image": "example.com/shop:1"}]}});
    let release = release(&merged(&config, &json!({"cluster": {"namespaces": [{"name": "shop"}]}, "extraObjects": [shop]})));
    let found = release.objects().iter().filter_map(|object| {
        let annotations = ["/metadata", "/spec/template/metadata"].iter().find_map(|at| {
            let annotations = object.pointer(&format!("{at}/annotations"))?;
            annotations.get("prometheus.io/scrape").map(|_| annotations)
        })?;
        let port = text(&annotations["prometheus.io/port"]).to_owned();
        Some(format!("{} {}/{}: {port}", object.kind(), object.namespace().unwrap_or_default(), object.name()))
    });
    let policy = release.objects().iter().find(|object| object.name() == "allow-metrics-pod-shop").expect("a policy");
    let policy = policy.pointer("/spec/ingress").expect("a rule").to_string();
    insta::assert_snapshot!(found.chain([policy]).collect::<Vec<_>>().join("\n"));
}

/// The definitions that k3s, another component or somebody else brings.
fn definitions() -> Vec<Value> {
    const GROUPS: [&str; 3] = ["helm.cattle.io", "argoproj.io", "monitoring.coreos.com"];
    let crds = data::embedded_crds().iter().filter(|crd| GROUPS.iter().any(|group| crd.name.ends_with(group)));
    crds.map(|crd| crd.object().clone()).collect()
}

#[test]
fn every_variant_is_accepted() {
    let releases = variants().into_iter().map(|(name, config)| {
        let cluster: Cluster = serde_json::from_value(config).expect("a cluster");
        let is_on = |name: &&str| ALL.iter().any(|component| component.name == *name && (component.enabled)(&cluster));
        // Those that the section adds to; the others have tests of their own.
        let only = ["base", "monitoring", "operators", "dagger"].into_iter().filter(is_on).map(ToOwned::to_owned).collect();
        (name.to_owned(), render(&cluster, &Selection { only }).expect("a sealed release"))
    });
    let Some(refused) = refusals(&definitions(), releases) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_variant_is_valid_offline_without_findings() {
    assert_eq!(complaints(variants()), [""; 0]);
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/MONITORING.md")).expect("the page");
    let examples = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    assert_eq!(complaints(examples.map(|example| (example, format!("cluster: {{name: home}}\n{example}")))), [""; 0]);
}

/// The API server drops what it does not know of a custom resource; here it is found before.
#[test]
fn a_wrong_monitor_is_found_offline() {
    let monitor = json!({
        "apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor", "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"selector": {}, "endpoints": [{"port": "web", "intervall": "30s", "interval": "soon"}]},
    });
    let found = complaints([(
        "wrong",
        json!({"cluster": {"name": "home", "namespaces": [{"name": "shop"}]}, "monitoring": {}, "extraObjects": [monitor]}),
    )]);
    assert!(found[0].contains("intervall") && found[0].contains("soon"), "{found:?}");
}

/// The alerts of a release, as Prometheus reads them.
fn alerts(release: &Release) -> Vec<Value> {
    let rules = release.objects().iter().filter(|object| object.kind() == "PrometheusRule");
    rules.flat_map(|object| object.pointer("/spec/groups").and_then(Value::as_array).expect("groups").clone()).collect()
}

fn promtool(program: &Path, arguments: &[&str], folder: &Path) {
    let ran = Command::new(program).args(arguments).current_dir(folder).output().expect("promtool runs");
    assert!(ran.status.success(), "{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn prometheus_reads_every_alert() {
    let Some(program) = part("promtool") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    for (name, config) in variants().into_iter().filter(|(name, _)| *name != "annotations") {
        let groups = alerts(&release(&config));
        assert!(!groups.is_empty(), "{name}");
        fs::write(folder.path().join("rules.yaml"), json!({"groups": groups}).to_string()).expect("written");
        promtool(&program, &["check", "rules", "rules.yaml"], folder.path());
    }
}

/// The panels of a release's dashboards.
fn panels(release: &Release) -> Vec<Value> {
    let maps = release.objects().iter().filter(|object| object.pointer("/metadata/labels/grafana_dashboard") == Some(&json!("1")));
    let dashboards = maps.flat_map(|map| map.pointer("/data").and_then(Value::as_object).expect("data").values());
    let dashboards = dashboards.map(|dashboard| serde_json::from_str::<Value>(text(dashboard)).expect("JSON"));
    dashboards.flat_map(|dashboard| dashboard["panels"].as_array().expect("panels").clone()).collect()
}

#[test]
fn prometheus_reads_what_dashboards_ask() {
    let Some(program) = part("promtool") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let panels = panels(&release(&variants()[0].1));
    assert!(panels.len() > 15, "{}", panels.len());
    let record = |(number, panel): (usize, &Value)| json!({"record": format!("panel_{number}"), "expr": panel["targets"][0]["expr"]});
    let rules: Vec<Value> = panels.iter().enumerate().map(record).collect();
    fs::write(folder.path().join("rules.yaml"), json!({"groups": [{"name": "panels", "rules": rules}]}).to_string()).expect("written");
    promtool(&program, &["check", "rules", "rules.yaml"], folder.path());
}

/// One alert against made-up series, a value a minute: whether it fires at a time, and with which labels beside its severity.
type Case = (&'static str, Vec<(String, &'static str)>, &'static str, Option<Value>);

fn cases() -> Vec<Case> {
    let up = |job: &str, namespace: &str| format!("up{{job=\"{job}\",namespace=\"{namespace}\",pod=\"a\"}}");
    let nodes = |pod: &str| format!("headscale_nodestore_nodes{{namespace=\"headscale\",pod=\"{pod}\"}}");
    let app = |auto: &str, sync: &str, health: &str| {
        format!(
            "argocd_app_info{{namespace=\"argocd\",name=\"shop\",project=\"default\",autosync_enabled=\"{auto}\",sync_status=\"{sync}\",health_status=\"{health}\"}}"
        )
    };
    let certificate = |metric: &str, more: &str| {
        format!("certmanager_certificate_{metric}{{namespace=\"shop\",name=\"web\",issuer_name=\"internal\"{more}}}")
    };
    let ready = |condition: &str| certificate("ready_status", &format!(",condition=\"{condition}\""));
    let renewal = || certificate("renewal_timestamp_seconds", "");
    let job = |metric: &str| format!("kube_cronjob_{metric}{{namespace=\"headscale\",cronjob=\"headscale-backup\"}}");
    let (begun, done, next, off) =
        (job("status_last_schedule_time"), job("status_last_successful_time"), job("next_schedule_time"), job("spec_suspend"));
    let denied = |decision: &str| {
        format!(
            "pod_security_evaluations_total{{decision=\"{decision}\",mode=\"audit\",policy_level=\"restricted\",policy_version=\"v1.36\",request_operation=\"create\",resource=\"controller\",subresource=\"\"}}"
        )
    };
    let shop = || Some(json!({"namespace": "argocd", "name": "shop", "project": "default"}));
    let web = || Some(json!({"namespace": "shop", "name": "web"}));
    let backup = || Some(json!({"namespace": "headscale", "cronjob": "headscale-backup"}));
    let violation =
        || Some(json!({"mode": "audit", "policy_level": "restricted", "request_operation": "create", "resource": "controller"}));
    let volume =
        |what: &str| format!("kubelet_volume_stats_{what}_bytes{{namespace=\"shop\",persistentvolumeclaim=\"data\",job=\"kubelet\"}}");
    let full = || Some(json!({"namespace": "shop", "persistentvolumeclaim": "data"}));
    let cache = || "dagger_local_cache_total_disk_size_bytes{namespace=\"dagger\",pod=\"dagger-engine-0\"}".to_owned();
    vec![
        ("HeadscaleDown", vec![(up("headscale", "headscale"), "1x60")], "30m", None),
        ("HeadscaleDown", vec![(up("headscale", "headscale"), "1x10 0x50")], "30m", Some(json!({}))),
        ("HeadscaleDown", vec![(up("headscale", "another"), "1x60")], "30m", Some(json!({}))),
        // A fresh one has no nodes yet.
        ("HeadscaleNodesGone", vec![(nodes("a"), "0x90")], "80m", None),
        ("HeadscaleNodesGone", vec![(nodes("a"), "3x30 2x60")], "80m", None),
        ("HeadscaleNodesGone", vec![(nodes("a"), "3x30"), (nodes("b"), "_x31 0x60")], "80m", Some(json!({}))),
        ("ArgoCdDown", vec![(up("argocd-metrics", "argocd"), "1x60")], "30m", None),
        ("ArgoCdDown", vec![], "30m", Some(json!({}))),
        ("ArgoCdAppOutOfSync", vec![(app("true", "OutOfSync", "Healthy"), "1x90")], "80m", shop()),
        (
            "ArgoCdAppOutOfSync",
            vec![(app("true", "OutOfSync", "Healthy"), "1x50"), (app("true", "Synced", "Healthy"), "_x51 1x50")],
            "80m",
            None,
        ),
        ("ArgoCdAppOutOfSync", vec![(app("false", "OutOfSync", "Healthy"), "1x90")], "80m", None),
        ("ArgoCdAppUnhealthy", vec![(app("false", "Synced", "Degraded"), "1x90")], "80m", shop()),
        ("ArgoCdAppUnhealthy", vec![(app("true", "Synced", "Progressing"), "1x90")], "80m", None),
        ("CertificateNotReady", vec![(ready("False"), "1x90"), (ready("True"), "0x90")], "80m", web()),
        ("CertificateNotReady", vec![(ready("False"), "0x90"), (ready("True"), "1x90")], "80m", None),
        ("CertificateNotRenewed", vec![(renewal(), "600x200")], "80m", web()),
        ("CertificateNotRenewed", vec![(renewal(), "600x30 9999999x100")], "80m", None),
        // It was never issued.
        ("CertificateNotRenewed", vec![(renewal(), "0x200")], "80m", None),
        ("DaggerCacheFull", vec![(cache(), "50000000000x90")], "80m", Some(json!({"namespace": "dagger", "pod": "dagger-engine-0"}))),
        ("DaggerCacheFull", vec![(cache(), "40000000000x90")], "80m", None),
        (
            "BackupNotDone",
            vec![(begun.clone(), "60x300"), (done.clone(), "120x300"), (next.clone(), "86460x300"), (off.clone(), "0x300")],
            "4h",
            None,
        ),
        ("BackupNotDone", vec![(begun.clone(), "60x300"), (next.clone(), "86460x300"), (off.clone(), "0x300")], "4h", backup()),
        ("BackupNotDone", vec![(begun, "600x300"), (done, "120x300"), (next.clone(), "86460x300")], "4h", backup()),
        ("BackupNotDone", vec![(next, "60x300")], "4h", backup()),
        ("BackupNotDone", vec![(off, "1x300")], "4h", backup()),
        // The first violation, the next one, and none for a while.
        ("PodSecurityViolation", vec![(denied("deny"), "_x20 1x60")], "25m", violation()),
        ("PodSecurityViolation", vec![(denied("deny"), "3x20 4x60")], "25m", violation()),
        ("PodSecurityViolation", vec![(denied("deny"), "3x20 4x60")], "60m", None),
        ("PodSecurityViolation", vec![(denied("allow"), "3+1x60")], "40m", None),
        ("VolumeFull", vec![(volume("available"), "5x90"), (volume("capacity"), "100x90")], "80m", full()),
        ("VolumeFull", vec![(volume("available"), "50x90"), (volume("capacity"), "100x90")], "80m", None),
    ]
}

#[test]
fn alerts_fire_when_they_should() {
    let Some(program) = part("promtool") else { return };
    // It has all alerts, that for volumes too.
    let mut groups = alerts(&release(&config(json!({"stack": "external"}), json!({}))));
    let mut severities = std::collections::BTreeMap::new();
    for alert in groups.iter_mut().flat_map(|group| group["rules"].as_array_mut().expect("rules")) {
        // A test would have to repeat them word by word.
        alert.as_object_mut().expect("a rule").remove("annotations");
        severities.insert(text(&alert["alert"]).to_owned(), alert["labels"]["severity"].clone());
    }
    let tests: Vec<Value> = cases()
        .into_iter()
        .map(|(alert, series, at, expected)| {
            let severity = severities.get(alert).unwrap_or_else(|| panic!("there is no {alert}"));
            let series: Vec<Value> = series.iter().map(|(series, values)| json!({"series": series, "values": values})).collect();
            let expected: Vec<Value> =
                expected.iter().map(|labels| json!({"exp_labels": merged(labels, &json!({"severity": severity}))})).collect();
            let test = json!({"alertname": alert, "eval_time": at, "exp_alerts": expected});
            json!({"interval": "1m", "input_series": series, "alert_rule_test": [test]})
        })
        .collect();
    // Each alert is seen to fire.
    let fires = |name: &String| cases().iter().any(|(alert, _, _, expected)| alert == name && expected.is_some());
    assert_eq!(severities.keys().filter(|name| !fires(name)).collect::<Vec<_>>(), [""; 0]);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("rules.yaml"), json!({"groups": groups}).to_string()).expect("written");
    fs::write(
        folder.path().join("tests.yaml"),
        json!({"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests}).to_string(),
    )
    .expect("written");
    promtool(&program, &["test", "rules", "tests.yaml"], folder.path());
}

/// The alert asks for what the real Headscale of each minor has.
#[test]
fn headscales_metrics_are_named_as_the_alert_has_them() {
    for minor in MINORS {
        let Some(binary) = part(&format!("headscale-{minor}")) else { return };
        let cluster = headscale::cluster(&json!({"version": minor}));
        let server = Pod::new(&binary, &headscale::render(&cluster), &Values::new()).start();
        let metrics = server.get_metrics("/metrics").expect("an answer");
        let groups = alerts(&release(&config(json!({}), json!({"headscale": {"version": minor}}))));
        let group = groups.iter().find(|group| group["name"] == "headscale").expect("a group");
        let expression = text(&group["rules"][1]["expr"]);
        let metric = expression.trim_start_matches("sum(").split('{').next().expect("a metric");
        assert!(metrics.lines().any(|line| line.starts_with(&format!("{metric} "))), "{minor} {metric}: {metrics}");
    }
}

/// A real API server counts a violation as the alert has it.
#[test]
fn the_api_server_counts_violations() {
    let (Some(kubectl), Some(kubeconfig)) = (part("kubectl"), kubeconfig()) else { return };
    let run = |arguments: &[&str], input: &str| {
        let mut child = Command::new(&kubectl)
            .arg("--kubeconfig")
            .arg(kubeconfig)
            .args(arguments)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("kubectl runs");
        std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), input.as_bytes()).expect("written");
        let ran = child.wait_with_output().expect("kubectl ends");
        (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr))
    };
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "monitoring-violation", "labels": {
        "pod-security.kubernetes.io/enforce": "restricted"}}});
    let (good, said) = run(&["apply", "-f", "-"], &namespace.to_string());
    assert!(good, "{said}");
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "root", "namespace": "monitoring-violation"}, "spec": {
        "serviceAccountName": "default", "containers": [{"name": "a", "image": "example.com/a:1"}]}});
    let (good, said) = run(&["create", "--validate=false", "--dry-run=server", "-f", "-"], &pod.to_string());
    assert!(!good && said.contains("violates PodSecurity"), "{said}");
    let (good, metrics) = run(&["get", "--raw", "/metrics"], "");
    assert!(good);
    let has = |line: &str| {
        ["decision=\"deny\"", "mode=\"enforce\"", "policy_level=\"restricted\"", "request_operation=\"create\"", "resource=\"pod\""]
            .iter()
            .all(|label| line.contains(label))
    };
    let counted = metrics.lines().find(|line| line.starts_with("pod_security_evaluations_total{") && has(line));
    assert!(counted.is_some_and(|line| !line.ends_with(" 0")), "{counted:?}");
}

/// One deliverer for each definition: the chart's are off, and all of its own kinds come with the release, before it.
#[test]
fn definitions_come_before_the_chart() {
    let release = release(&variants()[0].1);
    let place = |kind: &str, name: &str| release.objects().iter().position(|object| object.kind() == kind && object.name() == name);
    let chart = place("Application", "kube-prometheus-stack").expect("a chart");
    for kind in ["alertmanagers", "prometheuses", "prometheusrules", "servicemonitors", "podmonitors"] {
        assert!(place("CustomResourceDefinition", &format!("{kind}.monitoring.coreos.com")).expect("a definition") < chart, "{kind}");
    }
    let chart = &release.objects()[chart];
    assert_eq!(chart.pointer("/spec/source/helm/valuesObject/crds"), Some(&json!({"enabled": false})));
}
