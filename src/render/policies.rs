//! What a namespace that denies everything has to allow, read from the references between the objects of the release.
//!
//! | what the objects say | what is allowed |
//! | --- | --- |
//! | a route of the component `ingress` leads to a Service's port | its controller to that port of the Service's pods; to the whole namespace where the release does not have the Service |
//! | a route of one's own, a webhook or an API service names a Service's port | everybody to that port of its pods: who comes through some controller or the API server has no address that a policy could name |
//! | a Service is a `NodePort` or `LoadBalancer` | everybody to its ports |
//! | a Service governs a `StatefulSet` | its pods to each other |
//! | a ServiceMonitor, a PodMonitor or an annotation names a port | Prometheus' pods to that port of the pods |
//! | a role is bound to the pods' `ServiceAccount` | the pods to the API server |
//!
//! Nothing is derived for pods that a policy of their own speaks for in that direction: policies add up, and one more could open what
//! somebody wanted closed. Names may be looked up everywhere (`allow-dns` of `base`).

mod scrapes;
mod visits;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::config::Cluster;
use crate::diag::Result;
use crate::manifest::Object;
use crate::reference::{Answer, Field, Graph, Need, Selector, Target};
use crate::source::ConfigPath;

/// The component that findings and labels name: the one that denies.
const COMPONENT: &str = "base";
/// The policies of `base` in every namespace.
const DENY: &str = "default-deny";
const DNS: &str = "allow-dns";
/// The ports of the API server: of its Service, and of k3s behind it.
const API_SERVER: [u16; 2] = [443, 6443];

/// The policies that the objects of a release need beside their own.
pub(super) fn derived(objects: &[Object], cluster: &Cluster) -> Result<Vec<Object>> {
    let closed: HashSet<&str> = objects.iter().filter(|object| is_bases(object, DENY)).filter_map(Object::namespace).collect();
    if closed.is_empty() {
        return Ok(Vec::new());
    }
    let graph = Graph::of(objects);
    let templates = graph.templates().iter().enumerate().map(|(at, template)| (template.object, at)).collect();
    let mut own: HashMap<&str, Vec<OwnPolicy<'_>>> = HashMap::new();
    for object in objects.iter().filter(|object| is_policy(object) && !is_bases(object, DENY) && !is_bases(object, DNS)) {
        own.entry(object.namespace().unwrap_or_default()).or_default().extend(OwnPolicy::of(object));
    }
    let release = Release { objects, graph: &graph, closed, templates, own };
    let mut policies = visits::policies(&release, cluster)?;
    policies.extend(scrapes::policies(&release, cluster)?);
    policies.extend(release.between_peers()?);
    policies.extend(release.to_api_server()?);
    Ok(policies)
}

/// What the derivation looks at.
struct Release<'a> {
    objects: &'a [Object],
    graph: &'a Graph<'a>,
    /// The namespaces that `base` closes.
    closed: HashSet<&'a str>,
    /// The numbers of templates by those of their objects.
    templates: HashMap<usize, usize>,
    /// Policies that are not of every namespace, by namespace.
    own: HashMap<&'a str, Vec<OwnPolicy<'a>>>,
}

/// Whom a policy speaks for, and in which directions.
struct OwnPolicy<'a> {
    selector: Selector<'a>,
    ingress: bool,
    egress: bool,
}

impl<'a> OwnPolicy<'a> {
    fn of(object: &'a Object) -> Option<Self> {
        let selector = Selector::of_label_selector(Field::of(object, &["spec", "podSelector"])?);
        let types = object.pointer("/spec/policyTypes").and_then(Value::as_array);
        let has = |direction: &str| types.is_some_and(|types| types.iter().any(|kind| kind.as_str() == Some(direction)));
        // Without `policyTypes` it is for incoming traffic, and for outgoing where it has rules for that.
        let (ingress, egress) = match types {
            Some(_) => (has("Ingress"), has("Egress")),
            None => (true, object.pointer("/spec/egress").is_some()),
        };
        Some(Self { selector, ingress, egress })
    }
}

fn is_policy(object: &Object) -> bool {
    (object.group(), object.kind()) == ("networking.k8s.io", "NetworkPolicy")
}

fn is_bases(object: &Object, name: &str) -> bool {
    object.component() == COMPONENT && object.name() == name && is_policy(object)
}

impl<'a> Release<'a> {
    /// Pods of a `StatefulSet` look each other up by the Service that governs them.
    fn between_peers(&self) -> Result<Vec<Object>> {
        let mut policies = Vec::new();
        for edge in self.graph.edges().iter().filter(|edge| edge.need == Need::GoverningService) {
            let object = &self.objects[edge.from];
            let is_alone = object.pointer("/spec/replicas").and_then(Value::as_i64).is_none_or(|replicas| replicas < 2);
            let Some((pod, labels)) = self.pod(edge.from).filter(|_| !is_alone && self.is_closed(object)) else { continue };
            if !matches!(self.graph.answer(&edge.target), Answer::Object(_)) || self.speaks_for(pod, |policy| policy.ingress) {
                continue;
            }
            let own = json!({"podSelector": {"matchLabels": labels}});
            let spec = json!({
                "podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [own]}], "egress": [{"to": [own]}],
            });
            policies.push(policy_for(object, &format!("allow-peers-{}", object.name()), &spec)?);
        }
        Ok(policies)
    }

    /// Pods whose ServiceAccount may do something are meant to do it.
    fn to_api_server(&self) -> Result<Vec<Object>> {
        let is_binding = |number: usize| self.objects[number].kind().ends_with("RoleBinding");
        let accounts = || self.graph.edges().iter().filter(|edge| edge.need == Need::ServiceAccount);
        let answer = |target: &Target<'a>| match self.graph.answer(target) {
            Answer::Object(account) => Some(account),
            _ => None,
        };
        let bound: HashSet<usize> = accounts().filter(|edge| is_binding(edge.from)).filter_map(|edge| answer(&edge.target)).collect();
        let mut policies = Vec::new();
        for edge in accounts().filter(|edge| !is_binding(edge.from)) {
            let object = &self.objects[edge.from];
            let may = answer(&edge.target).is_some_and(|account| bound.contains(&account));
            let Some((pod, labels)) = self.pod(edge.from).filter(|_| may && self.is_closed(object)) else { continue };
            if self.speaks_for(pod, |policy| policy.egress) {
                continue;
            }
            let ports = API_SERVER.map(|port| json!({"port": port, "protocol": "TCP"}));
            let spec = json!({"podSelector": {"matchLabels": labels}, "policyTypes": ["Egress"], "egress": [{"ports": ports}]});
            policies.push(policy_for(object, &format!("allow-api-server-{}", object.name()), &spec)?);
        }
        Ok(policies)
    }

    /// The template of an object, and the labels of its pods, where they have any.
    fn pod(&self, object: usize) -> Option<(usize, &'a Map<String, Value>)> {
        let pod = *self.templates.get(&object)?;
        let labels = self.graph.templates()[pod].labels.filter(|labels| !labels.is_empty())?;
        Some((pod, labels))
    }

    fn is_closed(&self, object: &Object) -> bool {
        self.closed.contains(object.namespace().unwrap_or_default())
    }

    /// Whether a policy that is not of every namespace speaks for the pods of a template.
    fn speaks_for(&self, pod: usize, direction: impl Fn(&OwnPolicy<'_>) -> bool) -> bool {
        let template = &self.graph.templates()[pod];
        let policies = self.own.get(template.namespace).into_iter().flatten();
        policies.into_iter().any(|policy| direction(policy) && policy.selector.matches(template))
    }
}

/// A policy in the namespace of the object that it is for.
fn policy_for(object: &Object, name: &str, spec: &Value) -> Result<Object> {
    policy(object.origin(), object.namespace().unwrap_or_default(), name, spec)
}

fn policy(origin: &ConfigPath, namespace: &str, name: &str, spec: &Value) -> Result<Object> {
    // The name of an object has up to 253 characters, and so may another's be.
    let name: String = name.chars().take(253).collect();
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), name.trim_end_matches(['-', '.']).into());
    if !namespace.is_empty() {
        metadata.insert("namespace".to_owned(), namespace.into());
    }
    let value = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec});
    Object::new(COMPONENT, origin.clone(), &value)
}
