//! Annotations by which a Prometheus without an operator finds metrics.
//!
//! Services' are read by the job `kubernetes-service-endpoints` and pods' by `kubernetes-pods` of the chart prometheus 29 (`values.yaml`).
//! cert-manager's chart and k3s' Traefik set them by themselves.

use serde_json::{Map, Value, json};

use crate::component::{By, Target, targets};
use crate::config::Cluster;
use crate::config::monitoring::Stack;
use crate::manifest::Object;

/// Whether metrics are read.
pub(super) const SCRAPE: &str = "prometheus.io/scrape";
/// The pods' port.
pub(super) const PORT: &str = "prometheus.io/port";

/// Annotates what components made. The user's own objects stay as they were written.
pub(super) fn annotate(objects: &mut [Object], cluster: &Cluster) {
    if cluster.monitoring.as_ref().is_none_or(|monitoring| monitoring.stack != Stack::Annotations) {
        return;
    }
    for target in targets(cluster) {
        let is_near = |object: &&mut Object| object.namespace() == Some(target.namespace.as_str()) && object.component() != "extra";
        for object in objects.iter_mut().filter(is_near) {
            match target.by {
                By::Services => service(object, &target),
                By::Pods => pods(object, &target),
            }
        }
    }
}

fn service(object: &mut Object, target: &Target) {
    if !object.group().is_empty() || object.kind() != "Service" || !has_labels(object.pointer("/metadata/labels"), target) {
        return;
    }
    let port = named(object.pointer("/spec/ports"), target).and_then(|port| {
        // A target with a name has the number of the Service's port.
        port.get("targetPort").and_then(Value::as_i64).or_else(|| port.get("port")?.as_i64())
    });
    let Some(port) = port else { return };
    object.edit_metadata(|metadata| set(metadata, port));
}

fn pods(object: &mut Object, target: &Target) {
    let is_workload = matches!((object.group(), object.kind()), ("apps", "Deployment" | "StatefulSet" | "DaemonSet"));
    if !is_workload || !has_labels(object.pointer("/spec/template/metadata/labels"), target) {
        return;
    }
    let containers = object.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let port = containers.into_iter().flatten().find_map(|container| named(container.get("ports"), target)?.get("containerPort")?.as_i64());
    let Some(port) = port else { return };
    object.edit(|value| {
        let template = value.get_mut("spec").and_then(|spec| spec.get_mut("template")?.get_mut("metadata")?.as_object_mut());
        if let Some(metadata) = template {
            set(metadata, port);
        }
    });
}

fn has_labels(labels: Option<&Value>, target: &Target) -> bool {
    labels.is_some_and(|labels| target.labels.iter().all(|(key, value)| labels.get(key).and_then(Value::as_str) == Some(value.as_str())))
}

/// The first port with a name that the target has.
fn named<'a>(ports: Option<&'a Value>, target: &Target) -> Option<&'a Value> {
    let mut ports = ports.and_then(Value::as_array).into_iter().flatten();
    ports.find(|port| port.get("name").and_then(Value::as_str).is_some_and(|name| target.ports.contains(&name)))
}

fn set(metadata: &mut Map<String, Value>, port: i64) {
    let Value::Object(annotations) = metadata.entry("annotations").or_insert_with(|| Map::new().into()) else { return };
    for (key, value) in [(SCRAPE, "true"), (PORT, port.to_string().as_str()), ("prometheus.io/path", "/metrics")] {
        annotations.entry(key).or_insert_with(|| json!(value));
    }
}
