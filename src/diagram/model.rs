//! Nodes and the arrows between them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Cluster;
use crate::manifest::{Object, Release};
use crate::reference::{Answer, Graph, Need};

use super::routes;

/// Workloads, which a component's node names.
const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "HelmChart"];

/// A picture: nodes, and arrows between them by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagram {
    /// The cluster's name.
    pub title: String,
    /// In a fixed order.
    pub nodes: Vec<Node>,
    /// In a fixed order, each once.
    pub arrows: Vec<Arrow>,
}

/// Something that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub shape: Shape,
    /// Lines of text, the first its name.
    pub lines: Vec<String>,
}

/// What a box is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Whoever comes from outside.
    Outside,
    /// A component.
    Component,
    /// An Application or an operator.
    Application,
    /// Something that the release needs and something else delivers.
    Delivered,
}

/// From one box to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The number of the node that needs, or comes.
    pub from: usize,
    /// The number of the node that is needed.
    pub to: usize,
    /// How it is drawn.
    pub line: Line,
    /// What is said about it, line by line.
    pub labels: Vec<String>,
}

/// How an arrow is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// One needs the other.
    Need,
    /// One waits for the other.
    Order,
    /// A route from outside.
    Route,
}

impl Diagram {
    /// The picture of a release and the config that it was made of.
    #[must_use]
    pub fn of(cluster: &Cluster, release: &Release) -> Self {
        let objects = release.objects();
        let graph = Graph::of(objects);
        let mut draft = Draft::default();
        let outside = draft.add(Shape::Outside, vec!["outside of the cluster".to_owned()]);
        let names: BTreeSet<&str> = objects.iter().map(Object::component).collect();
        let components: BTreeMap<&str, usize> =
            names.into_iter().map(|name| (name, draft.add(Shape::Component, about(name, objects)))).collect();
        let of = |number: usize| components[objects[number].component()];

        for (route, service) in routes::routes(objects, &graph) {
            draft.arrow(outside, of(service), Line::Route, route);
        }
        for edge in graph.edges() {
            // Every object is in a namespace; a picture of that would be a picture of nothing else.
            if matches!(edge.need, Need::Namespace | Need::PolicyPods | Need::BudgetPods | Need::ServicePods) {
                continue;
            }
            let (Answer::Object(to) | Answer::MadeBy(to)) = graph.answer(&edge.target) else { continue };
            if of(edge.from) != of(to) {
                let target = &objects[to];
                draft.arrow(of(edge.from), of(to), Line::Need, format!("{} {}", target.kind(), target.name()));
            }
        }
        for secret in release.secrets() {
            let Some(from) = components.get(secret.component) else { continue };
            let what = vec![format!("Secret {}/{}", secret.namespace, secret.name), "delivered apart from the release".to_owned()];
            let to = draft.add(Shape::Delivered, what);
            draft.arrow(*from, to, Line::Need, secret.keys.iter().cloned().collect::<Vec<_>>().join(", "));
        }
        applications(cluster, &components, &mut draft);
        draft.finish(cluster.cluster.name.as_str())
    }
}

/// A component's name, and what it runs.
fn about(component: &str, objects: &[Object]) -> Vec<String> {
    let own = || objects.iter().filter(|object| object.component() == component);
    let namespaces: BTreeSet<_> = own().filter_map(Object::namespace).collect();
    let mut lines = vec![component.to_owned()];
    // `base` is in all of them.
    if (1..=3).contains(&namespaces.len()) {
        lines.push(format!("in {}", namespaces.into_iter().collect::<Vec<_>>().join(", ")));
    }
    let workloads = own().filter(|object| WORKLOADS.contains(&object.kind()));
    lines.extend(workloads.map(|object| format!("{} {}", object.kind(), object.name())));
    let count = own().count();
    lines.push(format!("{count} {}", if count == 1 { "object" } else { "objects" }));
    lines
}

/// Applications and operators, which the release names and Argo CD or k3s installs, and what each waits for.
fn applications(cluster: &Cluster, components: &BTreeMap<&str, usize>, draft: &mut Draft) {
    let entries = cluster.applications.iter().map(|entry| {
        let before: Vec<String> = entry.depends_on.iter().map(ToString::to_string).collect();
        (entry.name.to_string(), entry.namespace.as_ref().map(ToString::to_string), before)
    });
    listed("application", &entries.collect::<Vec<_>>(), components, draft);
    let entries = cluster.operators.iter().map(|entry| {
        let before: Vec<String> = entry.dependencies.iter().map(ToString::to_string).collect();
        (entry.name.to_string(), Some(entry.namespace.to_string()), before)
    });
    listed("operators", &entries.collect::<Vec<_>>(), components, draft);
}

type Entry = (String, Option<String>, Vec<String>);

/// Entries of one section; each is made by the section's component.
fn listed(component: &str, entries: &[Entry], components: &BTreeMap<&str, usize>, draft: &mut Draft) {
    let Some(by) = components.get(component) else { return };
    let numbers: BTreeMap<String, usize> = entries
        .iter()
        .map(|(name, namespace, _)| {
            let lines = std::iter::once(name.clone()).chain(namespace.iter().map(|namespace| format!("in {namespace}")));
            (name.clone(), draft.add(Shape::Application, lines.collect()))
        })
        .collect();
    for (name, _, before) in entries {
        draft.arrow(*by, numbers[name], Line::Need, String::new());
        for other in before.iter().filter_map(|other| numbers.get(other)) {
            draft.arrow(numbers[name], *other, Line::Order, "waits for".to_owned());
        }
    }
}

#[derive(Default)]
struct Draft {
    nodes: Vec<Node>,
    arrows: BTreeMap<(usize, usize, Line), BTreeSet<String>>,
}

impl Draft {
    fn add(&mut self, shape: Shape, lines: Vec<String>) -> usize {
        self.nodes.push(Node { shape, lines });
        self.nodes.len() - 1
    }

    fn arrow(&mut self, from: usize, to: usize, line: Line, label: String) {
        let labels = self.arrows.entry((from, to, line)).or_default();
        if !label.is_empty() {
            labels.insert(label);
        }
    }

    /// Without a node that nothing leads to or from: nobody comes from outside where nothing is routed.
    fn finish(self, title: &str) -> Diagram {
        let arrows =
            self.arrows.into_iter().map(|((from, to, line), labels)| Arrow { from, to, line, labels: labels.into_iter().collect() });
        let arrows: Vec<Arrow> = arrows.collect();
        let used = |number: usize| arrows.iter().any(|arrow| arrow.from == number || arrow.to == number);
        let kept: Vec<usize> = (0..self.nodes.len()).filter(|at| self.nodes[*at].shape != Shape::Outside || used(*at)).collect();
        let new: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, old)| (*old, new)).collect();
        let arrows = arrows.iter().map(|arrow| Arrow { from: new[&arrow.from], to: new[&arrow.to], ..arrow.clone() }).collect();
        Diagram { title: title.to_owned(), nodes: kept.into_iter().map(|at| self.nodes[at].clone()).collect(), arrows }
    }
}
