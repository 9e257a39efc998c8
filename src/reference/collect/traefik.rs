//! Traefik's own routes (<https://doc.traefik.io/traefik/reference/routing-configuration/kubernetes/crd/http/ingressroute/>).

use crate::manifest::Object;
use crate::reference::{Field, Need, Part};

use super::{Needs, service};

const GROUP: &str = "traefik.io";

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    let Some(spec) = Field::of(object, &["spec"]) else { return };
    match object.kind() {
        "IngressRoute" | "IngressRouteTCP" | "IngressRouteUDP" => {
            let (middleware, transport) = match object.kind() {
                "IngressRoute" => ("Middleware", "ServersTransport"),
                _ => ("MiddlewareTCP", "ServersTransportTCP"),
            };
            for route in spec.list("routes") {
                for reference in route.list("middlewares") {
                    own(reference, middleware, needs);
                }
                services(route, transport, needs);
            }
            let Some(tls) = spec.get("tls") else { return };
            needs.object(Need::Secret, ("", "Secret"), needs.namespace, tls.get("secretName"), Part::Whole, false);
            for (key, kind) in [("options", "TLSOption"), ("store", "TLSStore")] {
                if let Some(reference) = tls.get(key).filter(|reference| reference.text("name") != Some("default")) {
                    own(reference, kind, needs);
                }
            }
        }
        "TraefikService" => {
            for list in ["weighted", "mirroring"].iter().filter_map(|key| spec.get(key)) {
                services(list, "ServersTransport", needs);
            }
        }
        "Middleware" => {
            for reference in spec.get("chain").into_iter().flat_map(|chain| chain.list("middlewares")) {
                own(reference, "Middleware", needs);
            }
            for key in ["basicAuth", "digestAuth"] {
                needs.named(Need::Secret, ("", "Secret"), spec.at(&[key, "secret"]));
            }
        }
        "TLSStore" => {
            needs.named(Need::Secret, ("", "Secret"), spec.at(&["defaultCertificate", "secretName"]));
        }
        _ => {}
    }
}

fn services<'a>(list: Field<'a>, transport: &'a str, needs: &mut Needs<'a, '_>) {
    for to in list.list("services").chain(list.list("mirrors")) {
        if to.text("kind") == Some("TraefikService") {
            own(to, "TraefikService", needs);
        } else if !elsewhere(to) {
            service::backend(to, to.get("port"), to.text("namespace").unwrap_or(needs.namespace), needs);
        }
        if let Some(name) = to.get("serversTransport").filter(|name| !name.as_str().unwrap_or_default().contains('@')) {
            needs.named(Need::Traefik, (GROUP, transport), Some(name));
        }
    }
}

/// An object of Traefik's own, in the namespace that the reference names.
fn own<'a>(reference: Field<'a>, kind: &'a str, needs: &mut Needs<'a, '_>) {
    if !elsewhere(reference) {
        let namespace = reference.text("namespace").unwrap_or(needs.namespace);
        needs.object(Need::Traefik, (GROUP, kind), namespace, reference.get("name"), Part::Whole, false);
    }
}

/// `name@provider` names something that another provider of Traefik knows.
fn elsewhere(reference: Field<'_>) -> bool {
    reference.text("name").is_some_and(|name| name.contains('@'))
}
