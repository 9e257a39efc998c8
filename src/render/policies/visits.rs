//! Who comes to the Services of a release: the ingress controller by the routes that the component `ingress` made, everybody by the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Release, policy, policy_for};
use crate::config::Cluster;
use crate::diag::Result;
use crate::manifest::Object;
use crate::reference::{Answer, Edge, Field, Need, Part, Selector, Target};
use crate::source::ConfigPath;

/// The component whose routes its own controller answers.
const INGRESS: &str = "ingress";
/// Its policy for the pods that answer an authority's challenges.
const CHALLENGES: &str = "allow-acme-challenges";

/// The pods that come by routes of the component `ingress`.
struct Controller<'a> {
    namespace: String,
    /// Its own workload and the labels of its pods; none when something else runs it.
    own: Option<(&'a Object, &'a Map<String, Value>)>,
}

impl<'a> Controller<'a> {
    fn of(release: &Release<'a>, cluster: &Cluster) -> Option<Self> {
        let namespace = cluster.ingress.as_ref()?.namespace(cluster);
        let is_own = |object: &Object| object.component() == INGRESS && object.namespace() == Some(namespace.as_str());
        let mut workloads = release.objects.iter().enumerate().filter(|(_, object)| is_own(object));
        let own = workloads.find_map(|(number, object)| Some((object, release.pod(number)?.1)));
        Some(Self { namespace, own })
    }

    fn peer(&self) -> Value {
        peer(&self.namespace, self.own.map(|(_, labels)| labels))
    }
}

/// Ports of a Service, by their places in it, and who comes to them.
#[derive(Default)]
struct Visits {
    everybody: BTreeSet<usize>,
    controller: BTreeSet<usize>,
}

/// The policies for who comes to Services, and for the controller that goes to them.
pub(super) fn policies(release: &Release<'_>, cluster: &Cluster) -> Result<Vec<Object>> {
    let controller = Controller::of(release, cluster);
    let (visits, unknown) = visits(release, controller.is_some());
    let mut policies = Vec::new();
    let mut ways = Vec::new();
    for (service, visits) in &visits {
        policies.extend(to_service(release, *service, visits, controller.as_ref())?);
        ways.extend(way(release, *service, &visits.controller));
    }
    let Some(controller) = controller else { return Ok(policies) };
    for (namespace, origin) in &unknown {
        ways.push(json!({"to": [peer(namespace, None)]}));
        if release.closed.contains(namespace) {
            // Which pods are behind a Service only the Service knows.
            let spec = json!({"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [controller.peer()]}]});
            policies.push(policy(origin, namespace, "allow-ingress-controller", &spec)?);
        }
    }
    ways.extend(to_challenges(release));
    if let Some((workload, labels)) = controller.own.filter(|(workload, _)| !ways.is_empty() && release.is_closed(workload)) {
        let spec = json!({"podSelector": {"matchLabels": labels}, "policyTypes": ["Egress"], "egress": ways});
        policies.push(policy_for(workload, "allow-routes", &spec)?);
    }
    Ok(policies)
}

type Unknown<'a> = BTreeMap<&'a str, ConfigPath>;

/// Services that somebody outside of their pods comes to, by number; and the namespaces of Services that only the cluster has, with a route
/// that leads there.
fn visits<'a>(release: &Release<'a>, has_controller: bool) -> (BTreeMap<usize, Visits>, Unknown<'a>) {
    let mut visits: BTreeMap<usize, Visits> = BTreeMap::new();
    let mut unknown = Unknown::new();
    for edge in release.graph.edges().iter().filter(|edge| edge.need == Need::Service) {
        let from = &release.objects[edge.from];
        let by_controller = has_controller && from.component() == INGRESS;
        match (release.graph.answer(&edge.target), &edge.target) {
            (Answer::Object(service), _) => {
                let visits = visits.entry(service).or_default();
                let who = if by_controller { &mut visits.controller } else { &mut visits.everybody };
                who.extend(places(release, service, edge));
            }
            (_, Target::Object { namespace, .. }) if by_controller => {
                unknown.entry(*namespace).or_insert_with(|| from.origin().clone());
            }
            _ => {}
        }
    }
    for (number, object) in release.objects.iter().enumerate() {
        let kind = object.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default();
        if object.group().is_empty() && object.kind() == "Service" && matches!(kind, "NodePort" | "LoadBalancer") {
            visits.entry(number).or_default().everybody.extend(0..ports(release, number).len());
        }
    }
    (visits, unknown)
}

/// The places of the ports that an edge means.
fn places(release: &Release<'_>, service: usize, edge: &Edge<'_>) -> Vec<usize> {
    let is_meant = |port: &Value| match edge.part {
        Part::PortName(name) => port.get("name").and_then(Value::as_str) == Some(name),
        Part::PortNumber(number) => port.get("port").and_then(Value::as_i64) == Some(number),
        _ => false,
    };
    ports(release, service).iter().enumerate().filter(|(_, port)| is_meant(port)).map(|(place, _)| place).collect()
}

pub(super) fn ports<'a>(release: &Release<'a>, service: usize) -> &'a [Value] {
    release.objects[service].pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The pods' own ports behind those at the given places, as a policy names them.
pub(super) fn pod_ports(release: &Release<'_>, service: usize, places: &BTreeSet<usize>) -> Vec<Value> {
    let mut found = Vec::new();
    for (_, port) in ports(release, service).iter().enumerate().filter(|(place, _)| places.contains(place)) {
        let target = port.get("targetPort").or_else(|| port.get("port")).cloned().unwrap_or_default();
        let port = json!({"port": target, "protocol": port.get("protocol").cloned().unwrap_or_else(|| "TCP".into())});
        if !found.contains(&port) {
            found.push(port);
        }
    }
    found
}

fn to_service(release: &Release<'_>, service: usize, visits: &Visits, controller: Option<&Controller<'_>>) -> Result<Option<Object>> {
    let object = &release.objects[service];
    let Some(field) = Field::of(object, &["spec", "selector"]) else { return Ok(None) };
    let selector = Selector::of_map(field);
    let pods = release.graph.pods(object.namespace().unwrap_or_default(), &selector);
    let is_settled = selector.is_empty() || pods.iter().all(|pod| release.speaks_for(*pod, |policy| policy.ingress));
    if is_settled || !release.is_closed(object) {
        return Ok(None);
    }
    let mut rules = Vec::new();
    if !visits.everybody.is_empty() {
        rules.push(json!({"ports": pod_ports(release, service, &visits.everybody)}));
    }
    let rest: BTreeSet<usize> = visits.controller.difference(&visits.everybody).copied().collect();
    if let Some(controller) = controller.filter(|_| !rest.is_empty()) {
        rules.push(json!({"from": [controller.peer()], "ports": pod_ports(release, service, &rest)}));
    }
    if rules.is_empty() {
        return Ok(None);
    }
    let spec = json!({"podSelector": {"matchLabels": field.value}, "policyTypes": ["Ingress"], "ingress": rules});
    policy_for(object, &format!("allow-to-{}", object.name()), &spec).map(Some)
}

/// What the controller's own policy lets it send to.
fn way(release: &Release<'_>, service: usize, places: &BTreeSet<usize>) -> Option<Value> {
    let object = &release.objects[service];
    let labels = object.pointer("/spec/selector").and_then(Value::as_object).filter(|labels| !labels.is_empty())?;
    let ports = pod_ports(release, service, places);
    (!ports.is_empty()).then(|| json!({"to": [peer(object.namespace().unwrap_or_default(), Some(labels))], "ports": ports}))
}

/// cert-manager's pods that answer an authority by way of the controller.
fn to_challenges<'a>(release: &Release<'a>) -> impl Iterator<Item = Value> + use<'a> {
    let objects = release.objects.iter().filter(|object| object.component() == INGRESS && object.name() == CHALLENGES);
    objects.filter_map(|object| {
        let labels = object.pointer("/spec/podSelector/matchLabels")?.as_object()?;
        Some(json!({"to": [peer(object.namespace().unwrap_or_default(), Some(labels))], "ports": object.pointer("/spec/ingress/0/ports")?}))
    })
}

/// Pods of a namespace, by the label that the API server gives every namespace; all of them without labels.
pub(super) fn peer(namespace: &str, labels: Option<&Map<String, Value>>) -> Value {
    let mut peer = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}});
    if let Some(labels) = labels {
        peer["podSelector"] = json!({"matchLabels": labels});
    }
    peer
}
