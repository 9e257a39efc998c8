//! The Traefik that k3s brings, told by its chart's values (<https://docs.k3s.io/helm#customizing-packaged-components-with-helmchartconfig>).
//!
//! Only keys that mean the same in the charts of k3s 1.33 to 1.37 (34 to 41) are used; everything else goes by arguments, which the chart
//! hands on as they are.

use serde_json::{Map, Value, json};

use super::arguments::providers;
use super::{Context, Output, TRAEFIK, at, resource};
use crate::component::values::merged;
use crate::config::headscale::ServiceType;
use crate::config::ingress::{Form, entry_point, inner_port};
use crate::diag::{Error, Result};
use crate::yaml;

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let values = merged(values(context), &context.ingress.controller.values);
    let text = yaml::to_string(&values)
        .map_err(|cause| Error::internal("the values of k3s' Traefik cannot be written").caused_by(cause.to_string()))?;
    let spec = json!({"valuesContent": text});
    out.object(at(["controller"]), &resource("helm.cattle.io/v1", "HelmChartConfig", "kube-system", TRAEFIK, spec))
}

fn values(context: Context<'_>) -> Map<String, Value> {
    let controller = &context.ingress.controller;
    let service = &controller.service;
    let mut ports = json!({
        "web": {"exposedPort": service.http_port},
        "websecure": {"exposedPort": service.https_port},
    });
    for (name, node_port) in [("web", service.http_node_port), ("websecure", service.https_node_port)] {
        if let Some(node_port) = node_port {
            ports[name]["nodePort"] = json!(node_port);
        }
    }
    for number in context.ingress.listen_ports() {
        ports[entry_point(number)] =
            json!({"port": inner_port(number), "exposedPort": number, "expose": {"default": true}, "protocol": "TCP"});
    }
    let mut values = Map::new();
    values.insert("ports".to_owned(), ports);
    values.insert("deployment".to_owned(), json!({"replicas": controller.replicas}));
    if service.r#type != ServiceType::LoadBalancer {
        values.insert("service".to_owned(), json!({"type": service.r#type.as_str()}));
    }
    if !service.annotations.is_empty() {
        values.entry("service").or_insert_with(|| json!({}))["annotations"] = json!(service.annotations);
    }
    if context.ingress.form() == Form::HttpRoute {
        values.insert("providers".to_owned(), json!({"kubernetesGateway": {"enabled": true}}));
        // The chart's own Gateway would have the name and listeners that it chooses.
        values.insert("gateway".to_owned(), json!({"enabled": false}));
    }
    let arguments: Vec<String> = providers(context)
        .into_iter()
        // The chart turns its providers on and publishes its Service itself. Traefik before 3.5 does not start with an argument that it does
        // not know, so the newer one is left to where it is needed.
        .filter(|argument| argument.contains(".allow") || (argument.contains(".strict") && context.ingress.form() == Form::Ingress))
        .chain(controller.arguments.iter().cloned())
        .collect();
    values.insert("additionalArguments".to_owned(), arguments.into());
    values
}
