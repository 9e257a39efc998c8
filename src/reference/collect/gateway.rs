//! Gateways and their routes (<https://gateway-api.sigs.k8s.io/reference/spec/>).

use crate::manifest::Object;
use crate::reference::{Field, Need, Part, Target};

use super::{Needs, service};

const GROUP: &str = "gateway.networking.k8s.io";

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    let Some(spec) = Field::of(object, &["spec"]) else { return };
    if object.kind() == "Gateway" {
        needs.cluster_wide(Need::GatewayClass, (GROUP, "GatewayClass"), spec.get("gatewayClassName"));
        for certificate in spec.list("listeners").filter_map(|listener| listener.get("tls")).flat_map(|tls| tls.list("certificateRefs")) {
            if certificate.text("kind").is_none_or(|kind| kind == "Secret") {
                let namespace = certificate.text("namespace").unwrap_or(needs.namespace);
                needs.object(Need::Secret, ("", "Secret"), namespace, certificate.get("name"), Part::Whole, false);
            }
        }
    }
    if !object.kind().ends_with("Route") {
        return;
    }
    for parent in spec.list("parentRefs") {
        // A mesh hangs its routes on Services.
        if parent.text("group").is_some_and(|group| group != GROUP) || parent.text("kind").is_some_and(|kind| kind != "Gateway") {
            continue;
        }
        let namespace = parent.text("namespace").unwrap_or(needs.namespace);
        needs.object(Need::Gateway, (GROUP, "Gateway"), namespace, parent.get("name"), Part::Whole, false);
        if let (Some(name), Some(listener)) = (parent.text("name"), parent.get("sectionName"))
            && let Some(text) = listener.as_str()
        {
            let target = Target::Object { group: GROUP, kind: "Gateway", namespace, name };
            needs.target(Need::Gateway, target, listener, Part::Listener(text), false);
        }
    }
    for rule in spec.list("rules") {
        let mirrors = rule.list("filters").filter_map(|filter| filter.at(&["requestMirror", "backendRef"]));
        for to in rule.list("backendRefs").chain(mirrors) {
            if to.text("group").is_none() && to.text("kind").is_none_or(|kind| kind == "Service") {
                service::backend(to, to.get("port"), to.text("namespace").unwrap_or(needs.namespace), needs);
            }
        }
    }
}
