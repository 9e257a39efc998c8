//! NetworkPolicies as an engine reads them, and what the objects of a release ask for: both from the plain objects, without the
//! project's own graph.

use std::collections::{BTreeMap, BTreeSet};

use manifestgen::manifest::Object;
use serde_json::{Map, Value, json};

use crate::headscale::{list, text};

/// A description of pods.
pub(crate) struct Pods {
    pub(crate) namespace: String,
    pub(crate) name: String,
    labels: Map<String, Value>,
    account: String,
    /// Ports of the containers: name, number, protocol.
    ports: Vec<(String, i64, String)>,
    replicas: i64,
    governing: Option<String>,
}

/// Who sends or is sent to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    /// Any address that is no pod of the release: people, nodes, the API server.
    Outside,
    /// Pods of the release, by number.
    Pods(usize),
    /// A pod in a namespace that the release does not know.
    Stranger,
    /// Prometheus, which a chart of the release brings.
    Prometheus,
}

/// From, to, port of the receiver.
pub(crate) type Flow = (Peer, Peer, i64);

/// What objects ask for: what receivers have to let in, and what senders have to let out. Who comes from everywhere is asked for nothing.
#[derive(Default)]
pub(crate) struct Asked {
    pub(crate) received: BTreeSet<Flow>,
    pub(crate) sent: BTreeSet<Flow>,
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn name(object: &Object) -> (String, String) {
    (object.namespace().unwrap_or_default().to_owned(), object.name().to_owned())
}

/// All descriptions of pods.
pub(crate) fn pods(objects: &[Object]) -> Vec<Pods> {
    let mut all = Vec::new();
    for object in objects {
        let template = match object.kind() {
            "Deployment" | "StatefulSet" | "DaemonSet" | "Job" => "/spec/template",
            "CronJob" => "/spec/jobTemplate/spec/template",
            _ => continue,
        };
        let template = object.pointer(template).expect("a template");
        let containers = list(&template["spec"]["containers"]).iter();
        let ports = containers.flat_map(|container| container["ports"].as_array().cloned().unwrap_or_default()).map(|port| {
            (
                string(&port["name"]),
                port["containerPort"].as_i64().expect("a number"),
                port["protocol"].as_str().unwrap_or("TCP").to_owned(),
            )
        });
        let (namespace, name) = name(object);
        all.push(Pods {
            namespace,
            name,
            labels: template["metadata"]["labels"].as_object().cloned().unwrap_or_default(),
            account: string(&template["spec"]["serviceAccountName"]),
            ports: ports.collect(),
            replicas: object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1),
            governing: object.pointer("/spec/serviceName").map(string),
        });
    }
    all
}

/// What is looked at.
pub(crate) struct World<'a> {
    pub(crate) objects: &'a [Object],
    pub(crate) pods: Vec<Pods>,
}

impl<'a> World<'a> {
    pub(crate) fn of(objects: &'a [Object]) -> Self {
        Self { objects, pods: pods(objects) }
    }

    pub(crate) fn policies(&self) -> Vec<&'a Object> {
        self.objects.iter().filter(|object| object.kind() == "NetworkPolicy").collect()
    }

    /// The policies that speak for pods in a direction.
    pub(crate) fn speaking<'p>(&self, policies: &[&'p Object], pods: usize, direction: &str) -> Vec<&'p Object> {
        let pods = &self.pods[pods];
        let speaks = |policy: &&&Object| {
            let types = policy.pointer("/spec/policyTypes").map(list).unwrap_or_default();
            policy.namespace() == Some(pods.namespace.as_str())
                && types.iter().any(|kind| kind == direction)
                && selects(policy.pointer("/spec/podSelector").expect("a selector"), &pods.labels)
        };
        policies.iter().filter(speaks).copied().collect()
    }

    /// Whether a policy's peer takes somebody in; `own` is the policy's namespace.
    fn is_peer(&self, peer: &Value, who: &Peer, own: &str) -> bool {
        let (empty, prometheus) = (Map::new(), Map::from_iter([("app.kubernetes.io/name".to_owned(), "prometheus".into())]));
        let (namespace, labels) = match who {
            Peer::Pods(number) => (self.pods[*number].namespace.as_str(), &self.pods[*number].labels),
            Peer::Stranger => ("stranger", &empty),
            Peer::Prometheus => ("monitoring", &prometheus),
            // No policy of the release names addresses but for everybody's.
            Peer::Outside => return peer.get("ipBlock").is_some(),
        };
        if peer.get("ipBlock").is_some() {
            return false;
        }
        let of_namespace = json!({"kubernetes.io/metadata.name": namespace});
        let right_namespace = match peer.get("namespaceSelector") {
            Some(selector) => selects(selector, of_namespace.as_object().expect("a map")),
            None => namespace == own,
        };
        right_namespace && peer.get("podSelector").is_none_or(|selector| selects(selector, labels))
    }

    /// Whether one side lets a flow through: the receiver's `Ingress` or the sender's `Egress`.
    pub(crate) fn lets_through(&self, policies: &[&Object], (from, to, port): &Flow, direction: &str) -> bool {
        let (subject, other, rules, peers) = match direction {
            "Ingress" => (to, from, "/spec/ingress", "from"),
            _ => (from, to, "/spec/egress", "to"),
        };
        let Peer::Pods(subject) = subject else { return true };
        let speaking = self.speaking(policies, *subject, direction);
        let names = |number: &Peer| match number {
            Peer::Pods(number) => self.pods[*number].ports.iter().find(|(_, own, _)| own == port).map(|(name, ..)| name.as_str()),
            _ => None,
        };
        speaking.is_empty()
            || speaking.iter().any(|policy| {
                policy.pointer(rules).map(list).unwrap_or_default().iter().any(|rule| {
                    let peer = rule
                        .get(peers)
                        .is_none_or(|all| list(all).iter().any(|peer| self.is_peer(peer, other, policy.namespace().unwrap_or_default())));
                    let right_port = rule.get("ports").is_none_or(|ports| {
                        list(ports).iter().any(|wanted| match wanted.get("port") {
                            None => true,
                            Some(Value::String(name)) => names(to) == Some(name.as_str()),
                            Some(number) => number.as_i64() == Some(*port),
                        })
                    });
                    peer && right_port
                })
            })
    }

    /// Pods behind a Service.
    fn behind(&self, service: &Object) -> Vec<usize> {
        let Some(selector) = service.pointer("/spec/selector").and_then(Value::as_object).filter(|labels| !labels.is_empty()) else {
            return Vec::new();
        };
        let selector = json!({"matchLabels": selector});
        let of = |pods: &Pods| Some(pods.namespace.as_str()) == service.namespace() && selects(&selector, &pods.labels);
        self.pods.iter().enumerate().filter(|(_, pods)| of(pods)).map(|(number, _)| number).collect()
    }

    /// Flows from somebody to a port of a Service; all of its ports without one.
    fn to_service(&self, from: &[Peer], namespace: &str, service: &str, port: Option<&Value>, flows: &mut Asked) {
        let is = |object: &&Object| {
            object.kind() == "Service" && object.group().is_empty() && name(object) == (namespace.to_owned(), service.to_owned())
        };
        let Some(object) = self.objects.iter().find(is) else { return };
        for own in object.pointer("/spec/ports").map(list).unwrap_or_default() {
            let wanted =
                port.is_none_or(|port| *port == own["port"] || *port == own["name"] || port.as_str() == Some(&own["port"].to_string()));
            if !wanted {
                continue;
            }
            let target = own.get("targetPort").unwrap_or(&own["port"]);
            for pods in self.behind(object) {
                let number = match target.as_str() {
                    Some(name) => self.pods[pods].ports.iter().find(|(own, ..)| own == name).map(|(_, number, _)| *number),
                    None => target.as_i64(),
                };
                let Some(number) = number else { continue };
                let to = || from.iter().map(|from| (from.clone(), Peer::Pods(pods), number));
                flows.received.extend(to());
                if !from.contains(&Peer::Outside) {
                    flows.sent.extend(to());
                }
            }
        }
    }

    /// What the objects ask for.
    pub(crate) fn asked(&self) -> Asked {
        let mut flows = Asked::default();
        let everybody = || {
            let pods = (0..self.pods.len()).map(Peer::Pods);
            pods.chain([Peer::Outside, Peer::Stranger, Peer::Prometheus]).collect::<Vec<_>>()
        };
        let traefik: Vec<Peer> = (0..self.pods.len()).filter(|number| self.pods[*number].name == "traefik").map(Peer::Pods).collect();
        for object in self.objects {
            let own = object.namespace().unwrap_or_default();
            // Routes of the component come by its Traefik, those of others by whatever answers them.
            let visitors = if object.component() == "ingress" { traefik.clone() } else { everybody() };
            match (object.group(), object.kind()) {
                ("traefik.io", "IngressRoute" | "IngressRouteTCP") => {
                    for route in object.pointer("/spec/routes").map(list).unwrap_or_default() {
                        for service in route.get("services").map(list).unwrap_or_default() {
                            if service.get("kind").is_none_or(|kind| kind == "Service") {
                                let namespace = service.get("namespace").map_or(own, text);
                                self.to_service(&visitors, namespace, text(&service["name"]), service.get("port"), &mut flows);
                            }
                        }
                    }
                }
                ("networking.k8s.io", "Ingress") => {
                    for rule in object.pointer("/spec/rules").map(list).unwrap_or_default() {
                        for path in list(&rule["http"]["paths"]) {
                            let service = &path["backend"]["service"];
                            let port = service["port"].get("number").or_else(|| service["port"].get("name"));
                            self.to_service(&visitors, own, text(&service["name"]), port, &mut flows);
                        }
                    }
                }
                ("", "Service") if object.pointer("/spec/type").is_some_and(|kind| kind == "NodePort" || kind == "LoadBalancer") => {
                    self.to_service(&everybody(), own, object.name(), None, &mut flows);
                }
                ("admissionregistration.k8s.io", _) => {
                    for webhook in object.pointer("/webhooks").map(list).unwrap_or_default() {
                        let service = &webhook["clientConfig"]["service"];
                        if service.is_object() {
                            let port = service.get("port").cloned().unwrap_or_else(|| 443.into());
                            self.to_service(&everybody(), text(&service["namespace"]), text(&service["name"]), Some(&port), &mut flows);
                        }
                    }
                }
                _ => {}
            }
        }
        self.peers(&mut flows);
        self.to_api_server(&mut flows);
        self.to_metrics(&mut flows);
        flows
    }

    /// Prometheus comes to the ports that monitors name.
    fn to_metrics(&self, flows: &mut Asked) {
        for monitor in self.objects.iter().filter(|object| object.group() == "monitoring.coreos.com") {
            let spec = |key: &str| monitor.value()["spec"].get(key).cloned().unwrap_or_default();
            let of = spec("namespaceSelector");
            let sees = |namespace: &str| match of.get("matchNames") {
                Some(names) => list(names).iter().any(|name| name == namespace),
                None => of.get("any").is_some() || monitor.namespace() == Some(namespace),
            };
            match monitor.kind() {
                "ServiceMonitor" => {
                    for service in self.objects.iter().filter(|object| object.kind() == "Service" && object.group().is_empty()) {
                        let (namespace, name) = name(service);
                        let labels = service.pointer("/metadata/labels").and_then(Value::as_object).cloned().unwrap_or_default();
                        for endpoint in list(&spec("endpoints")).iter().filter(|_| sees(&namespace) && selects(&spec("selector"), &labels))
                        {
                            self.to_service(&[Peer::Prometheus], &namespace, &name, Some(&endpoint["port"]), flows);
                        }
                    }
                }
                "PodMonitor" => {
                    for (number, pods) in self.pods.iter().enumerate() {
                        for endpoint in list(&spec("podMetricsEndpoints")) {
                            let port = pods.ports.iter().find(|(name, ..)| *name == text(&endpoint["port"]));
                            let port = port.filter(|_| sees(&pods.namespace) && selects(&spec("selector"), &pods.labels));
                            flows.received.extend(port.map(|(_, port, _)| (Peer::Prometheus, Peer::Pods(number), *port)));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// Pods of a StatefulSet talk to each other at every port.
    fn peers(&self, flows: &mut Asked) {
        for (number, pods) in self.pods.iter().enumerate() {
            if pods.replicas > 1 && pods.governing.is_some() {
                let to_each_other: Vec<Flow> =
                    self.probed(number).into_iter().map(|port| (Peer::Pods(number), Peer::Pods(number), port)).collect();
                flows.received.extend(to_each_other.iter().cloned());
                flows.sent.extend(to_each_other);
            }
        }
    }

    /// Pods whose account a role is bound to talk to the API server.
    fn to_api_server(&self, flows: &mut Asked) {
        let bindings = self.objects.iter().filter(|object| object.kind().ends_with("RoleBinding"));
        let subjects = bindings.flat_map(|binding| binding.pointer("/subjects").map(list).unwrap_or_default().iter());
        let bound: BTreeSet<(String, String)> = subjects
            .filter(|subject| subject["kind"] == "ServiceAccount")
            .map(|subject| (string(&subject["namespace"]), string(&subject["name"])))
            .collect();
        for (number, pods) in self.pods.iter().enumerate() {
            if bound.contains(&(pods.namespace.clone(), pods.account.clone())) {
                flows.sent.extend([443, 6443].map(|port| (Peer::Pods(number), Peer::Outside, port)));
            }
        }
    }

    /// Ports that are tried at pods: their own, and one that nobody has.
    fn probed(&self, number: usize) -> Vec<i64> {
        let own: BTreeSet<i64> = self.pods[number].ports.iter().map(|(_, port, _)| *port).collect();
        own.into_iter().chain([12_345]).collect()
    }

    /// Every flow that there could be: between any two of the pods, from outside and to outside.
    pub(crate) fn thinkable(&self) -> BTreeSet<Flow> {
        let senders = || (0..self.pods.len()).map(Peer::Pods).chain([Peer::Outside, Peer::Stranger, Peer::Prometheus]);
        let mut flows = BTreeSet::new();
        for number in 0..self.pods.len() {
            for port in self.probed(number) {
                flows.extend(senders().map(|from| (from, Peer::Pods(number), port)));
            }
            for port in [22, 80, 443, 6443, 8080, 12_345] {
                flows.insert((Peer::Pods(number), Peer::Outside, port));
            }
        }
        flows
    }

    /// A flow for people.
    pub(crate) fn said(&self, (from, to, port): &Flow) -> String {
        let who = |peer: &Peer| match peer {
            Peer::Outside => "outside".to_owned(),
            Peer::Stranger => "a stranger".to_owned(),
            Peer::Prometheus => "prometheus".to_owned(),
            Peer::Pods(number) => format!("{}/{}", self.pods[*number].namespace, self.pods[*number].name),
        };
        format!("{} -> {}:{port}", who(from), who(to))
    }

    /// Flows for people, those from everybody as one.
    pub(crate) fn list(&self, flows: &BTreeSet<Flow>) -> Vec<String> {
        let mut to: BTreeMap<(&Peer, i64), BTreeSet<&Peer>> = BTreeMap::new();
        for (from, receiver, port) in flows {
            to.entry((receiver, *port)).or_default().insert(from);
        }
        let everybody = self.pods.len() + 3;
        let mut lines = Vec::new();
        for ((receiver, port), senders) in to {
            let flow = |from: &Peer| self.said(&(from.clone(), receiver.clone(), port));
            let every_pod = senders.len() + 1 == everybody && !senders.contains(&Peer::Outside);
            if senders.len() == everybody {
                lines.push(flow(&Peer::Outside).replacen("outside", "everybody", 1));
            } else if every_pod {
                lines.push(flow(&Peer::Outside).replacen("outside", "every pod", 1));
            } else {
                lines.extend(senders.into_iter().map(flow));
            }
        }
        lines.sort();
        lines
    }
}

/// Whether a label selector takes labels; an empty one takes all.
fn selects(selector: &Value, labels: &Map<String, Value>) -> bool {
    let plain = selector.get("matchLabels").and_then(Value::as_object);
    let expressions = selector.get("matchExpressions").map(list).unwrap_or_default();
    plain.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && expressions.iter().all(|expression| {
            let found = labels.get(text(&expression["key"]));
            let is_in = || found.is_some_and(|found| list(&expression["values"]).contains(found));
            match text(&expression["operator"]) {
                "In" => is_in(),
                "NotIn" => !is_in(),
                "Exists" => found.is_some(),
                "DoesNotExist" => found.is_none(),
                other => panic!("operator {other}"),
            }
        })
}
