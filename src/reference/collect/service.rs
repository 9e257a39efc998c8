//! Services, and the Service that governs a `StatefulSet`.

use crate::manifest::Object;
use crate::reference::{Field, Need, Part, Selector, Target};

use super::Needs;

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    match (object.group(), object.kind()) {
        ("", "Service") => {
            let Some(spec) = Field::of(object, &["spec"]) else { return };
            // Without a selector somebody else writes the endpoints; an ExternalName Service has none at all.
            let Some(field) = spec.get("selector").filter(|_| spec.text("type") != Some("ExternalName")) else { return };
            let selector = Selector::of_map(field);
            if !selector.is_empty() {
                let target = Target::Pods { namespace: needs.namespace, selector };
                needs.target(Need::ServicePods, target, field, Part::Whole, false);
            }
        }
        ("apps", "StatefulSet") => {
            needs.named(Need::GoverningService, ("", "Service"), Field::of(object, &["spec", "serviceName"]));
        }
        _ => {}
    }
}

/// A backend with `name` and `port`, the port being a number, a name, or a mapping with one of both.
pub(super) fn backend<'a>(backend: Field<'a>, port: Option<Field<'a>>, namespace: &'a str, needs: &mut Needs<'a, '_>) {
    needs.object(Need::Service, ("", "Service"), namespace, backend.get("name"), Part::Whole, false);
    let (Some(name), Some(port)) = (backend.text("name"), port) else { return };
    let wanted = match (port.value.as_i64(), port.as_str()) {
        (Some(number), _) => Part::PortNumber(number),
        // Traefik takes a number in quotes as a number.
        (None, Some(text)) => text.parse().map_or(Part::PortName(text), Part::PortNumber),
        (None, None) => return,
    };
    let target = Target::Object { group: "", kind: "Service", namespace, name };
    needs.target(Need::Service, target, port, wanted, false);
}
