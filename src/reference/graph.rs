//! All needs of a set of objects, and what answers them.

use serde_json::Value;

use crate::manifest::Object;

use super::collect;
use super::index::Index;
use super::provided::{AllProvided, provided_by};
use super::well_known::{is_builtin_group, is_k3s_group, is_well_known};
use super::{Edge, Field, Part, Selector, Target, Template};

/// All needs of a set of objects, and what answers them.
#[derive(Debug)]
pub struct Graph<'a> {
    objects: &'a [Object],
    templates: Vec<Template<'a>>,
    edges: Vec<Edge<'a>>,
    index: Index<'a>,
    provided: AllProvided<'a>,
}

/// What a target turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An object of the set, by number.
    Object(usize),
    /// Something that a controller makes because of an object of the set, by number.
    MadeBy(usize),
    /// Pods that objects of the set make, by the numbers of their templates; at least one.
    Pods(Vec<usize>),
    /// Something that is there without a manifest, or that only the cluster's distribution knows.
    WellKnown,
    /// Nothing in the set.
    Missing,
}

impl<'a> Graph<'a> {
    /// Reads the needs of all objects.
    #[must_use]
    pub fn of(objects: &'a [Object]) -> Self {
        let templates: Vec<_> = objects.iter().enumerate().filter_map(|(number, object)| Template::of(number, object)).collect();
        let index = Index::of(objects, &templates);
        Self { edges: collect::edges(objects, &templates), provided: provided_by(objects, &templates), objects, templates, index }
    }

    /// The objects, by number.
    #[must_use]
    pub const fn objects(&self) -> &'a [Object] {
        self.objects
    }

    /// All needs, in the order of the objects that have them.
    #[must_use]
    pub fn edges(&self) -> &[Edge<'a>] {
        &self.edges
    }

    /// All descriptions of pods, in the order of their objects.
    #[must_use]
    pub fn templates(&self) -> &[Template<'a>] {
        &self.templates
    }

    /// The number of an object of the set.
    ///
    /// An object without a namespace will get one when it is applied, so it answers to every namespace; and an empty `namespace`
    /// finds the object in any.
    #[must_use]
    pub fn object(&self, group: &'a str, kind: &'a str, namespace: &'a str, name: &'a str) -> Option<usize> {
        self.index.object(group, kind, namespace, name)
    }

    /// The templates in a namespace whose pods fulfil a selector, by number; an empty namespace as in [`Self::object`].
    #[must_use]
    pub fn pods(&self, namespace: &'a str, selector: &Selector<'a>) -> Vec<usize> {
        self.index.pods(namespace, selector, &self.templates)
    }

    /// The templates in a namespace, by number.
    #[must_use]
    pub fn pods_in(&self, namespace: &str) -> &[usize] {
        self.index.pods_in(namespace)
    }

    /// What a target turns out to be.
    #[must_use]
    pub fn answer(&self, target: &Target<'a>) -> Answer {
        match target {
            Target::Pods { namespace, selector } => match self.pods(namespace, selector) {
                pods if pods.is_empty() => Answer::Missing,
                pods => Answer::Pods(pods),
            },
            Target::Definition { group, kind } => match self.index.definition(group, kind) {
                Some(number) => Answer::Object(number),
                None if is_builtin_group(group) || is_k3s_group(group) => Answer::WellKnown,
                None => Answer::Missing,
            },
            Target::Object { group, kind, namespace, name } => {
                if let Some(number) = self.index.object(group, kind, namespace, name) {
                    return Answer::Object(number);
                }
                let made = self.provided.get(&(group, kind, namespace, name)).or_else(|| self.provided.get(&(group, kind, "", name)));
                match made {
                    Some(made) => Answer::MadeBy(made.by),
                    None if is_well_known(group, kind, namespace, name) => Answer::WellKnown,
                    None => Answer::Missing,
                }
            }
        }
    }

    /// Whether what answers a target has a part; none when that cannot be known.
    ///
    /// A `ConfigMap` or Secret without any key is filled by somebody else while the cluster runs, so its keys are not known.
    #[must_use]
    pub fn has_part(&self, target: &Target<'a>, part: Part<'a>) -> Option<bool> {
        let Target::Object { group, kind, namespace, name } = target else { return None };
        let object = match self.answer(target) {
            Answer::Object(number) => &self.objects[number],
            Answer::MadeBy(_) => {
                let keys = self.provided.get(&(group, kind, namespace, name))?.keys.as_ref()?;
                return match part {
                    Part::Key(key) => Some(keys.contains(&key)),
                    _ => None,
                };
            }
            _ => return None,
        };
        match part {
            Part::Whole => Some(true),
            Part::Key(key) => has_key(object, key),
            Part::PortName(name) => has_port(object, |port| port.text("name") == Some(name)),
            Part::PortNumber(number) => has_port(object, |port| port.integer("port") == Some(number)),
            Part::Listener(name) => {
                Some(Field::of(object, &["spec"])?.list("listeners").any(|listener| listener.text("name") == Some(name)))
            }
        }
    }
}

fn has_key(object: &Object, key: &str) -> Option<bool> {
    let maps = ["data", "binaryData", "stringData"].map(|field| object.value().get(field).and_then(Value::as_object));
    // A token controller fills Secrets of this type (kubernetes pkg/controller/serviceaccount/tokens_controller.go).
    let filled = object.value().get("type").and_then(Value::as_str) == Some("kubernetes.io/service-account-token");
    let empty = maps.iter().flatten().all(|map| map.is_empty());
    (!empty && !filled).then(|| maps.iter().flatten().any(|map| map.contains_key(key)))
}

fn has_port(object: &Object, is_it: impl Fn(&Field<'_>) -> bool) -> Option<bool> {
    let spec = Field::of(object, &["spec"])?;
    // An ExternalName Service only is a name: its ports mean nothing.
    if spec.text("type") == Some("ExternalName") {
        return None;
    }
    Some(spec.list("ports").any(|port| is_it(&port)))
}
