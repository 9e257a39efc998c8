//! Ingresses.

use crate::manifest::Object;
use crate::reference::{Field, Need, Part};

use super::{Needs, service};

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    if object.kind() != "Ingress" {
        return;
    }
    let Some(spec) = Field::of(object, &["spec"]) else { return };
    needs.cluster_wide(Need::IngressClass, ("networking.k8s.io", "IngressClass"), spec.get("ingressClassName"));
    for tls in spec.list("tls") {
        needs.object(Need::Secret, ("", "Secret"), needs.namespace, tls.get("secretName"), Part::Whole, false);
    }
    let paths = spec.list("rules").filter_map(|rule| rule.get("http")).flat_map(|http| http.list("paths"));
    let backends = paths.filter_map(|path| path.get("backend")).chain(spec.get("defaultBackend"));
    for to in backends.filter_map(|backend| backend.get("service")) {
        let port = to.get("port").and_then(|port| port.get("number").or_else(|| port.get("name")));
        service::backend(to, port, needs.namespace, needs);
    }
}
