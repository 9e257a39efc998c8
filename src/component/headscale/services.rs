//! How the pod is reached.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Context, NAME, Output, at};
use crate::config::Port;
use crate::config::headscale::{ChallengeType, ServiceType};
use crate::diag::Result;

/// Adds one Service for each way to the pod that the setup has.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let headscale = context.headscale;
    out.object(at(["service"]), &main(context))?;
    if headscale.derp.server.enabled && headscale.service.r#type != ServiceType::LoadBalancer {
        out.object(at(["derp", "server"]), &stun(context))?;
    }
    if headscale.metrics.enabled {
        let port = port("metrics", headscale.metrics.port, headscale.metrics.node_port);
        out.object(at(["metrics"]), &internal(context, "headscale-metrics", port))?;
    }
    if headscale.serves_grpc() {
        let node_port = headscale.grpc.node_port.filter(|_| headscale.service.r#type == ServiceType::NodePort);
        out.object(at(["grpc"]), &internal(context, "headscale-grpc", port("grpc", headscale.grpc.port, node_port)))?;
    }
    Ok(())
}

fn service(context: Context<'_>, name: &str, r#type: ServiceType, ports: Vec<ServicePort>) -> Service {
    let spec = ServiceSpec {
        type_: Some(r#type.as_str().to_owned()),
        selector: Some(context.selector()),
        ports: Some(ports),
        ..ServiceSpec::default()
    };
    Service { metadata: context.metadata(name), spec: Some(spec), status: None }
}

/// A port that leads to the container's port of the same name.
fn port(name: &str, port: Port, node_port: Option<Port>) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: port.as_i32(),
        target_port: Some(IntOrString::String(name.to_owned())),
        node_port: node_port.map(Port::as_i32),
        protocol: Some("TCP".to_owned()),
        app_protocol: None,
    }
}

fn stun_port(context: Context<'_>) -> ServicePort {
    let headscale = context.headscale;
    let node_port = (headscale.service.r#type == ServiceType::NodePort).then_some(headscale.service.stun_node_port);
    ServicePort { protocol: Some("UDP".to_owned()), ..port("stun", headscale.stun_port(), node_port) }
}

/// The mesh protocol, the API and DERP; and port 80 for Let's Encrypt.
fn main(context: Context<'_>) -> Service {
    let headscale = context.headscale;
    let config = &headscale.service;
    let on_nodes = |number: Port| (config.r#type == ServiceType::NodePort).then_some(number);
    let mut ports = vec![port("http", config.port, on_nodes(config.node_port))];
    if let Some(acme) = headscale.tls.lets_encrypt.as_ref().filter(|acme| acme.challenge_type == ChallengeType::Http01) {
        ports.push(port("acme", Port(80), on_nodes(acme.challenge_node_port)));
    }
    let balanced_stun = config.r#type == ServiceType::LoadBalancer && headscale.derp.server.enabled;
    if balanced_stun {
        // In the same Service, because clients ask for STUN at the address of the server's URL.
        ports.push(stun_port(context));
    }
    let mut service = self::service(context, NAME, config.r#type, ports);
    service.metadata.annotations = annotations(context);
    if let Some(spec) = service.spec.as_mut().filter(|_| balanced_stun) {
        spec.external_traffic_policy = Some("Local".to_owned());
    }
    service
}

/// STUN tells a client the address that it comes from; only with `Local` is that not the address of a node in between.
fn stun(context: Context<'_>) -> Service {
    let r#type = context.headscale.service.r#type;
    let mut service = service(context, "headscale-stun", r#type, vec![stun_port(context)]);
    service.metadata.annotations = annotations(context);
    if let Some(spec) = service.spec.as_mut().filter(|_| r#type == ServiceType::NodePort) {
        spec.external_traffic_policy = Some("Local".to_owned());
    }
    service
}

/// A Service inside of the cluster, unless its port has a NodePort.
fn internal(context: Context<'_>, name: &str, port: ServicePort) -> Service {
    let r#type = if port.node_port.is_some() { ServiceType::NodePort } else { ServiceType::ClusterIP };
    service(context, name, r#type, vec![port])
}

fn annotations(context: Context<'_>) -> Option<BTreeMap<String, String>> {
    Some(context.headscale.service.annotations.clone()).filter(|annotations| !annotations.is_empty())
}
