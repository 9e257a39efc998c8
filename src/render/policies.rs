//! What a namespace that denies everything has to allow, read from the references between the objects of the release.
//!
//! | what the objects say | what is allowed |
//! | --- | --- |
//! | a route, a webhook or an API service names a Service's port | everybody to that port of its pods: who comes through an ingress controller or the API server has no address that a policy could name |
//! | a Service is a NodePort or LoadBalancer | everybody to its ports |
//! | a Service governs a StatefulSet | its pods to each other |
//! | a role is bound to the pods' ServiceAccount | the pods to the API server |
//!
//! Nothing is derived for pods that a policy of their own speaks for in that direction: policies add up, and one more could open what
//! somebody wanted closed. Names may be looked up everywhere (`allow-dns` of `base`).

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value, json};

use crate::diag::Result;
use crate::manifest::Object;
use crate::reference::{Answer, Field, Graph, Need, Part, Selector, Target};

/// The component that findings and labels name: the one that denies.
const COMPONENT: &str = "base";
/// The policies of `base` in every namespace.
const DENY: &str = "default-deny";
const DNS: &str = "allow-dns";
/// The ports of the API server: of its Service, and of k3s behind it.
const API_SERVER: [u16; 2] = [443, 6443];

/// The policies that the objects of a release need beside their own.
pub(super) fn derived(objects: &[Object]) -> Result<Vec<Object>> {
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
    let mut policies = Vec::new();
    for (service, ports) in release.open_services() {
        policies.extend(release.to_service(service, &ports)?);
    }
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
    /// Services that somebody outside of their namespace comes to, by number, and the places of their ports.
    fn open_services(&self) -> BTreeMap<usize, BTreeSet<usize>> {
        let mut open: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for edge in self.graph.edges().iter().filter(|edge| edge.need == Need::Service) {
            let Answer::Object(service) = self.graph.answer(&edge.target) else { continue };
            let is_meant = |port: &Value| match edge.part {
                Part::PortName(name) => port.get("name").and_then(Value::as_str) == Some(name),
                Part::PortNumber(number) => port.get("port").and_then(Value::as_i64) == Some(number),
                _ => false,
            };
            let places = self.ports(service).iter().enumerate().filter(|(_, port)| is_meant(port)).map(|(place, _)| place);
            open.entry(service).or_default().extend(places);
        }
        for (number, object) in
            self.objects.iter().enumerate().filter(|(_, object)| object.group().is_empty() && object.kind() == "Service")
        {
            let kind = object.pointer("/spec/type").and_then(Value::as_str).unwrap_or_default();
            if matches!(kind, "NodePort" | "LoadBalancer") {
                open.entry(number).or_default().extend(0..self.ports(number).len());
            }
        }
        open.retain(|_, places| !places.is_empty());
        open
    }

    fn ports(&self, service: usize) -> &'a [Value] {
        self.objects[service].pointer("/spec/ports").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    fn to_service(&self, service: usize, places: &BTreeSet<usize>) -> Result<Option<Object>> {
        let object = &self.objects[service];
        let Some(field) = Field::of(object, &["spec", "selector"]) else { return Ok(None) };
        let selector = Selector::of_map(field);
        let pods = self.graph.pods(object.namespace().unwrap_or_default(), &selector);
        let is_settled = selector.is_empty() || pods.iter().all(|pod| self.speaks_for(*pod, |policy| policy.ingress));
        if is_settled || !self.is_closed(object) {
            return Ok(None);
        }
        let chosen = self.ports(service).iter().enumerate().filter(|(place, _)| places.contains(place));
        let ports: Vec<Value> = chosen
            .map(|(_, port)| {
                // A policy sees the pod's own port.
                let target = port.get("targetPort").or_else(|| port.get("port")).cloned().unwrap_or_default();
                json!({"port": target, "protocol": port.get("protocol").cloned().unwrap_or_else(|| "TCP".into())})
            })
            .collect();
        let spec = json!({"podSelector": {"matchLabels": field.value}, "policyTypes": ["Ingress"], "ingress": [{"ports": ports}]});
        policy(object, &format!("allow-to-{}", object.name()), &spec).map(Some)
    }

    /// Pods of a StatefulSet look each other up by the Service that governs them.
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
            policies.push(policy(object, &format!("allow-peers-{}", object.name()), &spec)?);
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
            policies.push(policy(object, &format!("allow-api-server-{}", object.name()), &spec)?);
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
fn policy(object: &Object, name: &str, spec: &Value) -> Result<Object> {
    // The name of an object has up to 253 characters, and so may another's be.
    let name: String = name.chars().take(253).collect();
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), name.trim_end_matches(['-', '.']).into());
    metadata.extend(object.namespace().map(|namespace| ("namespace".to_owned(), namespace.into())));
    let value = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec});
    Object::new(COMPONENT, object.origin().clone(), &value)
}
