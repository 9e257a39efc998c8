//! How the pods are reached.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Context, Output, at};
use crate::config::Port;
use crate::config::dagger::WorkloadKind;
use crate::config::headscale::ServiceType;
use crate::diag::Result;

/// The name of the port.
pub(super) const PORT: &str = "dagger";

/// The Service that gives each pod of a StatefulSet a name.
pub(super) fn governing(context: Context<'_>) -> String {
    format!("{}-pods", context.name())
}

/// Adds the Service of all engines, and that of each.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    out.object(at(["service"]), &main(context))?;
    if context.dagger.kind == WorkloadKind::StatefulSet {
        let spec = ServiceSpec {
            cluster_ip: Some("None".to_owned()),
            selector: Some(context.selector()),
            ports: Some(vec![port(context, None)]),
            ..ServiceSpec::default()
        };
        out.object(at(["service"]), &Service { metadata: context.metadata(governing(context)), spec: Some(spec), status: None })?;
    }
    Ok(())
}

fn port(context: Context<'_>, node_port: Option<Port>) -> ServicePort {
    ServicePort {
        name: Some(PORT.to_owned()),
        port: context.dagger.service.port.as_i32(),
        target_port: Some(IntOrString::String(PORT.to_owned())),
        node_port: node_port.map(Port::as_i32),
        protocol: Some("TCP".to_owned()),
        app_protocol: None,
    }
}

fn main(context: Context<'_>) -> Service {
    let config = &context.dagger.service;
    let is_outside = config.r#type != ServiceType::ClusterIP;
    let spec = ServiceSpec {
        type_: Some(config.r#type.as_str().to_owned()),
        selector: Some(context.selector()),
        ports: Some(vec![port(context, (config.r#type == ServiceType::NodePort).then_some(config.node_port))]),
        // All connections of a session have to reach the engine that began it.
        session_affinity: (context.dagger.replicas > 1).then(|| "ClientIP".to_owned()),
        // Otherwise a connection seems to come from a node, and the NetworkPolicy could not tell clients apart.
        external_traffic_policy: (is_outside && context.dagger.tls.is_none()).then(|| "Local".to_owned()),
        ..ServiceSpec::default()
    };
    let mut metadata = context.metadata(context.name());
    metadata.annotations = Some(config.annotations.clone()).filter(|annotations| !annotations.is_empty());
    Service { metadata, spec: Some(spec), status: None }
}
