//! Who reads metrics: Prometheus, at the ports that ServiceMonitors, PodMonitors or annotations name.
//!
//! How monitors pick Services, pods and ports: `pkg/prometheus/promcfg.go` of prometheus-operator 0.93.1.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::visits::{peer, pod_ports, ports};
use super::{Release, policy};
use crate::component::PROMETHEUS;
use crate::config::Cluster;
use crate::config::monitoring::Stack;
use crate::diag::Result;
use crate::manifest::Object;
use crate::reference::{Field, Selector};
use crate::render::scraping::{PORT, SCRAPE};

/// The group of monitors.
const GROUP: &str = "monitoring.coreos.com";

/// What is read, by the number of the pods' template.
type Wanted<'a> = BTreeMap<usize, Pods<'a>>;

struct Pods<'a> {
    /// What asks for it first.
    by: &'a Object,
    /// The pods' own ports, as a policy names them.
    ports: Vec<Value>,
}

/// The policies that let Prometheus in, each for the pods of one workload: others may be closed on purpose.
pub(super) fn policies(release: &Release<'_>, cluster: &Cluster) -> Result<Vec<Object>> {
    let Some(monitoring) = &cluster.monitoring else { return Ok(Vec::new()) };
    let mut wanted = Wanted::new();
    for object in release.objects {
        match (object.group(), object.kind()) {
            (GROUP, "ServiceMonitor") => service_monitor(release, object, &mut wanted),
            (GROUP, "PodMonitor") => pod_monitor(release, object, &mut wanted),
            _ => {}
        }
    }
    if monitoring.stack == Stack::Annotations {
        annotated(release, &mut wanted);
    }
    let labels: Map<String, Value> = PROMETHEUS.map(|(key, value)| (key.to_owned(), value.into())).into_iter().collect();
    let prometheus = peer(monitoring.namespace.as_str(), Some(&labels));
    let mut policies = Vec::new();
    for (pod, Pods { by, ports }) in &wanted {
        let template = &release.graph.templates()[*pod];
        let is_open = !release.closed.contains(template.namespace) || release.speaks_for(*pod, |policy| policy.ingress);
        let Some(labels) = template.labels.filter(|labels| !labels.is_empty() && !is_open && !ports.is_empty()) else { continue };
        let rule = json!({"from": [prometheus], "ports": ports});
        let spec = json!({"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": [rule]});
        let name = format!("allow-metrics-{}-{}", template.kind.to_lowercase(), template.name);
        policies.push(policy(by.origin(), template.namespace, &name, &spec)?);
    }
    Ok(policies)
}

/// Whether a monitor looks into a namespace: its own, unless it says others.
fn looks_into(monitor: &Object, namespace: &str) -> bool {
    let names = monitor.pointer("/spec/namespaceSelector/matchNames").and_then(Value::as_array).filter(|names| !names.is_empty());
    match names {
        _ if monitor.pointer("/spec/namespaceSelector/any") == Some(&Value::Bool(true)) => true,
        Some(names) => names.iter().any(|name| name.as_str() == Some(namespace)),
        None => monitor.namespace() == Some(namespace),
    }
}

fn is_service(object: &Object) -> bool {
    object.group().is_empty() && object.kind() == "Service"
}

fn service_monitor<'a>(release: &Release<'a>, monitor: &'a Object, wanted: &mut Wanted<'a>) {
    let (Some(selector), Some(spec)) = (Field::of(monitor, &["spec", "selector"]), Field::of(monitor, &["spec"])) else { return };
    let selector = Selector::of_label_selector(selector);
    for (number, service) in release.objects.iter().enumerate().filter(|(_, object)| is_service(object)) {
        let labels = service.pointer("/metadata/labels").and_then(Value::as_object);
        if !looks_into(monitor, service.namespace().unwrap_or_default()) || !selector.takes(labels) {
            continue;
        }
        let of = |name: Option<&str>| {
            let is_it = |port: &Value| name.is_none_or(|name| port.get("name").and_then(Value::as_str) == Some(name));
            let own = ports(release, number).iter().enumerate();
            let places: BTreeSet<usize> = own.filter(|(_, port)| is_it(port)).map(|(place, _)| place).collect();
            pod_ports(release, number, &places)
        };
        for endpoint in spec.list("endpoints") {
            let found = match (endpoint.text("port"), endpoint.value.get("targetPort")) {
                (Some(name), _) => of(Some(name)),
                (None, Some(target)) => vec![pod_port(target)],
                (None, None) => of(None),
            };
            behind(release, monitor, number, &found, wanted);
        }
    }
}

fn pod_port(port: impl serde::Serialize) -> Value {
    json!({"port": port, "protocol": "TCP"})
}

/// The pods behind a Service.
fn behind<'a>(release: &Release<'a>, by: &'a Object, service: usize, ports: &[Value], wanted: &mut Wanted<'a>) {
    let object = &release.objects[service];
    let Some(selector) = Field::of(object, &["spec", "selector"]).map(Selector::of_map).filter(|selector| !selector.is_empty()) else {
        return;
    };
    for pod in release.graph.pods(object.namespace().unwrap_or_default(), &selector) {
        want(wanted, pod, by, ports);
    }
}

fn pod_monitor<'a>(release: &Release<'a>, monitor: &'a Object, wanted: &mut Wanted<'a>) {
    let (Some(selector), Some(spec)) = (Field::of(monitor, &["spec", "selector"]), Field::of(monitor, &["spec"])) else { return };
    let selector = Selector::of_label_selector(selector);
    let port = |endpoint: Field<'a>| ["port", "portNumber", "targetPort"].iter().find_map(|key| endpoint.value.get(key)).map(pod_port);
    let ports: Vec<Value> = spec.list("podMetricsEndpoints").filter_map(port).collect();
    for (pod, template) in release.graph.templates().iter().enumerate() {
        if looks_into(monitor, template.namespace) && selector.takes(template.labels) {
            want(wanted, pod, monitor, &ports);
        }
    }
}

/// Services and pods with annotations; the port is that of the pods.
fn annotated<'a>(release: &Release<'a>, wanted: &mut Wanted<'a>) {
    let port_in = |annotations: Option<&Value>| {
        let text = |key: &str| annotations?.get(key)?.as_str();
        let port: u16 = text(PORT).filter(|_| text(SCRAPE) == Some("true"))?.parse().ok()?;
        Some(pod_port(port))
    };
    for (number, object) in release.objects.iter().enumerate().filter(|(_, object)| is_service(object)) {
        if let Some(port) = port_in(object.pointer("/metadata/annotations")) {
            behind(release, object, number, &[port], wanted);
        }
    }
    for (pod, template) in release.graph.templates().iter().enumerate() {
        if let Some(port) = port_in(template.metadata.and_then(|metadata| metadata.value.get("annotations"))) {
            want(wanted, pod, &release.objects[template.object], &[port]);
        }
    }
}

/// Several may ask for the same pods.
fn want<'a>(wanted: &mut Wanted<'a>, pod: usize, by: &'a Object, ports: &[Value]) {
    let known = &mut wanted.entry(pod).or_insert_with(|| Pods { by, ports: Vec::new() }).ports;
    for port in ports {
        if !known.contains(port) {
            known.push(port.clone());
        }
    }
}
