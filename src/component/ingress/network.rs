//! How our own Traefik is reached.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::arguments::{WEB, WEB_SECURE};
use super::{Context, Output, TRAEFIK, at};
use crate::config::ingress::entry_point;
use crate::diag::Result;

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    out.object(at(["controller", "service"]), &service(context))?;
    if context.ingress.controller.replicas > 1 {
        let spec = PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            selector: Some(LabelSelector { match_labels: Some(context.selector()), match_expressions: None }),
            ..PodDisruptionBudgetSpec::default()
        };
        let budget = PodDisruptionBudget { metadata: context.metadata(TRAEFIK), spec: Some(spec), status: None };
        out.object(at(["controller", "replicas"]), &budget)?;
    }
    Ok(())
}

fn service(context: Context<'_>) -> Service {
    let settings = &context.ingress.controller.service;
    let port = |name: &str, number: u16, node_port: Option<u16>| ServicePort {
        name: Some(name.to_owned()),
        port: number.into(),
        target_port: Some(IntOrString::String(name.to_owned())),
        node_port: node_port.map(Into::into),
        protocol: Some("TCP".to_owned()),
        ..ServicePort::default()
    };
    let fixed = [
        port(WEB.0, settings.http_port.0, settings.http_node_port.map(|port| port.0)),
        port(WEB_SECURE.0, settings.https_port.0, settings.https_node_port.map(|port| port.0)),
    ];
    let own = context.ingress.listen_ports().into_iter().map(|number| port(&entry_point(number), number, None));
    let mut metadata = context.metadata(TRAEFIK);
    metadata.annotations = Some(settings.annotations.clone()).filter(|annotations| !annotations.is_empty());
    let spec = ServiceSpec {
        type_: Some(settings.r#type.as_str().to_owned()),
        selector: Some(context.selector()),
        ports: Some(fixed.into_iter().chain(own).collect()),
        // Nodes on both families are reached by both.
        ip_family_policy: Some("PreferDualStack".to_owned()),
        ..ServiceSpec::default()
    };
    Service { metadata, spec: Some(spec), status: None }
}
