//! What rules know about a set of objects.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::manifest::{DeclaredSecret, Object};
use crate::reference::{Answer, Graph, Part, Target, is_builtin_group, is_system_namespace};

use super::External;
use super::facts::headscale::Headscale;

/// What there is to check.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The objects.
    pub objects: &'a [Object],
    /// What lives elsewhere, as declared in the config.
    pub external: &'a [External],
    /// The Secrets that a release declares.
    pub secrets: &'a [DeclaredSecret],
    /// Whether the objects and what is declared are all that the cluster gets, as a release is, and not some files of it. What is
    /// missing in a whole is an error more often than a warning.
    pub complete: bool,
    /// Whether the objects are applied by server-side apply, which writes no annotation with the whole object.
    pub server_side_apply: bool,
}

/// What rules know about a set of objects.
#[derive(Debug)]
pub struct Context<'a> {
    /// What there is to check.
    pub input: Input<'a>,
    /// The objects.
    pub objects: &'a [Object],
    /// Who needs what.
    pub graph: Graph<'a>,
    /// The namespaces that the set defines.
    defined: HashSet<&'a str>,
    /// The namespaces into which something puts objects that the set does not show.
    filled: HashSet<&'a str>,
    headscale: OnceLock<Vec<Headscale<'a>>>,
}

impl<'a> Context<'a> {
    /// Reads the references of all objects.
    #[must_use]
    pub fn new(input: Input<'a>) -> Self {
        let objects = input.objects;
        let (mut defined, mut filled) = (HashSet::new(), HashSet::new());
        for object in objects {
            match (object.group(), object.kind()) {
                ("", "Namespace") => _ = defined.insert(object.name()),
                ("helm.cattle.io", "HelmChart") => {
                    let target = object.pointer("/spec/targetNamespace").and_then(serde_json::Value::as_str);
                    filled.insert(target.or(object.namespace()).unwrap_or_default());
                }
                ("argoproj.io", "Application") => {
                    let target = object.pointer("/spec/destination/namespace").and_then(serde_json::Value::as_str);
                    filled.insert(target.unwrap_or_default());
                }
                (group, kind) if makes_unseen_objects(group, kind) => _ = filled.insert(object.namespace().unwrap_or_default()),
                _ => {}
            }
        }
        Self { input, objects, graph: Graph::of(objects), defined, filled, headscale: OnceLock::new() }
    }

    /// Whether all that a namespace holds is in the set: the set defines the namespace, or is complete, and nothing in it (a chart,
    /// an Application, a custom resource of an operator) makes objects that the set does not show.
    #[must_use]
    pub fn is_settled(&self, namespace: &str) -> bool {
        (self.input.complete || self.defined.contains(namespace)) && !namespace.is_empty() && !self.is_filled_elsewhere(namespace)
    }

    /// Whether all cluster-scoped objects are in the set.
    #[must_use]
    pub fn is_cluster_settled(&self) -> bool {
        self.input.complete && self.filled.is_empty()
    }

    /// Whether something puts objects into a namespace that the set does not show.
    #[must_use]
    pub fn is_filled_elsewhere(&self, namespace: &str) -> bool {
        is_system_namespace(namespace) || self.filled.contains(namespace)
    }

    /// Whether the set defines any namespace at all.
    #[must_use]
    pub fn defines_namespaces(&self) -> bool {
        !self.defined.is_empty()
    }

    /// Whether a target is in the set, is made by what is in it, is in every cluster, or is declared to live elsewhere.
    #[must_use]
    pub fn exists(&self, target: &Target<'a>) -> bool {
        if self.graph.answer(target) != Answer::Missing {
            return true;
        }
        match target {
            Target::Object { kind, namespace, name, .. } => {
                // Charts do not come with a distribution, but for those that `reference` knows.
                (is_system_namespace(namespace) && *kind != "HelmChart") || self.declared(kind, namespace, name).next().is_some() || {
                    *kind == "Secret" && self.declared_secret(namespace, name).is_some()
                }
            }
            Target::Definition { group, kind } => {
                self.declared("CustomResourceDefinition", "", &format!("{kind}.{group}")).next().is_some()
            }
            Target::Pods { .. } => false,
        }
    }

    /// Whether a target has a part; none when the target is missing or its parts are not known.
    #[must_use]
    pub fn has_part(&self, target: &Target<'a>, part: Part<'a>) -> Option<bool> {
        let known = self.graph.has_part(target, part);
        let (Target::Object { kind, namespace, name, .. }, Part::Key(key)) = (target, part) else { return known };
        // A declaration may add keys to an object that the set has.
        let mut declared = self.declared(kind, namespace, name).filter(|external| !external.keys.is_empty()).peekable();
        let secret = if *kind == "Secret" { self.declared_secret(namespace, name) } else { None };
        if known.is_none() && declared.peek().is_none() && secret.is_none() {
            return None;
        }
        let elsewhere = declared.any(|external| external.keys.contains(key)) || secret.is_some_and(|secret| secret.keys.contains(key));
        Some(known == Some(true) || elsewhere)
    }

    /// The Headscale servers of the set with their configs, read once.
    pub(super) fn headscale(&self) -> &[Headscale<'a>] {
        self.headscale.get_or_init(|| Headscale::all(&self.graph))
    }

    fn declared<'b>(&self, kind: &'b str, namespace: &'b str, name: &'b str) -> impl Iterator<Item = &'a External> + use<'a, 'b> {
        self.input.external.iter().filter(move |external| external.is(kind, namespace, name))
    }

    fn declared_secret(&self, namespace: &str, name: &str) -> Option<&'a DeclaredSecret> {
        self.input.secrets.iter().find(|secret| secret.name == name && (secret.namespace == namespace || namespace.is_empty()))
    }
}

/// Custom resources stand for an operator that may make anything of them, but for kinds that are known to make nothing that a rule
/// looks for, or whose objects [`Graph`] knows.
fn makes_unseen_objects(group: &str, kind: &str) -> bool {
    let harmless = ["cert-manager.io", "gateway.networking.k8s.io", "traefik.io", "bitnami.com", "external-secrets.io"];
    let monitors = ["ServiceMonitor", "PodMonitor", "PrometheusRule", "Probe", "AppProject", "HelmChartConfig"];
    !is_builtin_group(group) && !harmless.contains(&group) && !monitors.contains(&kind)
}
