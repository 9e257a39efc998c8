//! Definitions of Traefik's and the Gateway API's kinds, and the classes that our Traefik answers to. The definitions are data: see
//! `data/crds`.

use k8s_openapi::api::networking::v1::{IngressClass, IngressClassSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::arguments::has_raw_routes;
use super::{Context, Output, at};
use crate::config::ingress::Form;
use crate::data;
use crate::diag::Result;

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let is_gateway = context.ingress.form() == Form::HttpRoute;
    let groups: &[&str] = if is_gateway { &[".traefik.io", ".gateway.networking.k8s.io"] } else { &[".traefik.io"] };
    let wanted = data::embedded_crds().iter().filter(|crd| groups.iter().any(|group| crd.name.ends_with(group)));
    for crd in wanted {
        let mut value = crd.object().clone();
        if has_raw_routes(context) && matches!(crd.name, "tcproutes.gateway.networking.k8s.io" | "tlsroutes.gateway.networking.k8s.io") {
            serve_old_version(&mut value);
        }
        out.value(at(["controller", "type"]), value)?;
    }
    if is_gateway {
        let class = json!({
            "apiVersion": "gateway.networking.k8s.io/v1", "kind": "GatewayClass", "metadata": {"name": context.ingress.controller.class()},
            "spec": {"controllerName": "traefik.io/gateway-controller"},
        });
        out.object(at(["controller", "class"]), &class)?;
    }
    let class = IngressClass {
        metadata: ObjectMeta {
            name: Some(context.ingress.controller.class().to_string()),
            // As k3s' own Traefik has it.
            annotations: Some([("ingressclass.kubernetes.io/is-default-class".to_owned(), "true".to_owned())].into()),
            ..ObjectMeta::default()
        },
        spec: Some(IngressClassSpec { controller: Some("traefik.io/ingress-controller".to_owned()), parameters: None }),
    };
    out.object(at(["controller", "class"]), &class)
}

/// Traefik 3.6 asks for these two kinds as `v1alpha2`, which the Gateway API defines but no longer serves by default. While it gets no
/// answer it routes nothing at all.
fn serve_old_version(crd: &mut Value) {
    for version in crd.pointer_mut("/spec/versions").and_then(Value::as_array_mut).into_iter().flatten() {
        if version["name"] == "v1alpha2" {
            version["served"] = true.into();
        }
    }
}
