//! Reads the needs of objects, one file per area.

mod access;
mod cert_manager;
mod gateway;
mod ingress;
mod other;
mod pod;
mod policy;
mod service;
mod storage;
mod traefik;
mod webhook;

use crate::manifest::Object;

use super::{Edge, Field, Need, Part, Target, Template, is_builtin_group};

/// Takes the needs of one object.
struct Needs<'a, 'e> {
    from: usize,
    /// The object's namespace; empty when it has none.
    namespace: &'a str,
    edges: &'e mut Vec<Edge<'a>>,
}

/// A group and a kind.
type Kind<'a> = (&'a str, &'a str);

impl<'a> Needs<'a, '_> {
    /// The object that a field names, in the namespace of the object that needs it.
    fn named(&mut self, need: Need, kind: Kind<'a>, field: Option<Field<'a>>) {
        self.object(need, kind, self.namespace, field, Part::Whole, false);
    }

    /// The cluster-scoped object that a field names.
    fn cluster_wide(&mut self, need: Need, kind: Kind<'a>, field: Option<Field<'a>>) {
        self.object(need, kind, "", field, Part::Whole, false);
    }

    /// The object that a field names.
    fn object(
        &mut self,
        need: Need,
        (group, kind): Kind<'a>,
        namespace: &'a str,
        field: Option<Field<'a>>,
        part: Part<'a>,
        optional: bool,
    ) {
        let Some((field, name)) = field.and_then(|field| Some((field, field.as_str().filter(|name| !name.is_empty())?))) else { return };
        self.target(need, Target::Object { group, kind, namespace, name }, field, part, optional);
    }

    fn target(&mut self, need: Need, target: Target<'a>, field: Field<'a>, part: Part<'a>, optional: bool) {
        self.edges.push(Edge { from: self.from, pointer: field.pointer(), need, target, part, optional });
    }
}

/// All needs of all objects.
pub(super) fn edges<'a>(objects: &'a [Object], templates: &[Template<'a>]) -> Vec<Edge<'a>> {
    let mut edges = Vec::with_capacity(objects.len() * 2);
    let mut templates = templates.iter().peekable();
    for (from, object) in objects.iter().enumerate() {
        let mut needs = Needs { from, namespace: object.namespace().unwrap_or_default(), edges: &mut edges };
        needs.cluster_wide(Need::Namespace, ("", "Namespace"), Field::of(object, &["metadata", "namespace"]));
        if let Some(template) = templates.next_if(|template| template.object == from) {
            pod::collect(template, &mut needs);
        }
        let group = object.group();
        if !is_builtin_group(group)
            && let Some(field) = Field::of(object, &["kind"])
        {
            needs.target(Need::Definition, Target::Definition { group, kind: object.kind() }, field, Part::Whole, false);
        }
        match group {
            "" => {
                service::collect(object, &mut needs);
                storage::collect(object, &mut needs);
                access::collect(object, &mut needs);
            }
            "apps" => {
                service::collect(object, &mut needs);
                storage::collect(object, &mut needs);
            }
            "rbac.authorization.k8s.io" => access::collect(object, &mut needs),
            "policy" | "networking.k8s.io" => {
                policy::collect(object, &mut needs);
                ingress::collect(object, &mut needs);
            }
            "gateway.networking.k8s.io" => gateway::collect(object, &mut needs),
            "traefik.io" => traefik::collect(object, &mut needs),
            "cert-manager.io" => cert_manager::collect(object, &mut needs),
            "admissionregistration.k8s.io" | "apiregistration.k8s.io" | "apiextensions.k8s.io" => webhook::collect(object, &mut needs),
            _ => other::collect(object, &mut needs),
        }
    }
    edges
}
