//! How the parts reach each other.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::part::{Labels, Part};
use super::redis_ha::COUNT;
use super::{Context, Output};
use crate::diag::Result;

/// A port of a Service: its name and number, where it leads to, and whether the protocol is said.
struct Port(&'static str, i32, Target, bool);

enum Target {
    Number(i32),
    Name(&'static str),
}

impl Port {
    const fn tcp(name: &'static str, port: i32) -> Self {
        Self(name, port, Target::Number(port), true)
    }

    const fn to(name: &'static str, port: i32, target: &'static str) -> Self {
        Self(name, port, Target::Name(target), true)
    }

    fn port(&self) -> ServicePort {
        ServicePort {
            name: Some(self.0.to_owned()),
            port: self.1,
            target_port: Some(match self.2 {
                Target::Number(number) => IntOrString::Int(number),
                Target::Name(name) => IntOrString::String(name.to_owned()),
            }),
            protocol: self.3.then(|| "TCP".to_owned()),
            ..ServicePort::default()
        }
    }
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for part in context.parts() {
        for service in of(context, part) {
            out.object(part.origin(), &service)?;
        }
    }
    Ok(())
}

fn of(context: Context<'_>, part: Part) -> Vec<Service> {
    let own = |ports: &[Port]| service(context, part, part.name(), part.labels(), ports);
    let named = |name: &str, labels: Labels<'_>, ports: &[Port]| service(context, part, name, labels, ports);
    match part {
        Part::Controller => {
            // The one Service whose component is its purpose.
            let labels = Labels { component: Some("metrics"), name: "argocd-metrics" };
            vec![named("argocd-metrics", labels, &[Port::tcp("metrics", 8082)])]
        }
        Part::ApplicationSet => vec![own(&[Port::to("webhook", 7000, "webhook"), Port::to("metrics", 8080, "metrics")])],
        Part::Dex => vec![dex(own(&[Port::tcp("http", 5556), Port::tcp("grpc", 5557), Port::tcp("metrics", 5558)]))],
        Part::Notifications => {
            let name = "argocd-notifications-controller-metrics";
            vec![named(name, Labels { name, ..part.labels() }, &[Port::tcp("metrics", 9001)])]
        }
        Part::Redis => vec![own(&[Port("tcp-redis", 6379, Target::Number(6379), false)])],
        Part::RedisHa => redis_ha(context),
        Part::HaProxy => {
            vec![with_type(own(&[Port::to("tcp-haproxy", 6379, "redis"), Port::to("http-exporter-port", 9101, "metrics-port")]))]
        }
        Part::RepoServer => vec![own(&[Port::tcp("server", 8081), Port::tcp("metrics", 8084)])],
        Part::Server => {
            let both = [Port("http", 80, Target::Number(8080), true), Port("https", 443, Target::Number(8080), true)];
            let name = "argocd-server-metrics";
            vec![own(&both), named(name, Labels { name, ..part.labels() }, &[Port::tcp("metrics", 8083)])]
        }
    }
}

/// One Service for all Redis, and one for each, whose address it announces to the others.
fn redis_ha(context: Context<'_>) -> Vec<Service> {
    let part = Part::RedisHa;
    let ports = [Port::to("tcp-server", 6379, "redis"), Port::to("tcp-sentinel", 26379, "sentinel")];
    let mut all = with_type(service(context, part, part.name(), part.labels(), &ports));
    if let Some(spec) = &mut all.spec {
        spec.cluster_ip = Some("None".to_owned());
    }
    let announce = |index: i32| {
        let mut one = with_type(service(context, part, &format!("argocd-redis-ha-announce-{index}"), part.labels(), &ports));
        if let Some(spec) = &mut one.spec {
            spec.publish_not_ready_addresses = Some(true);
            let pod = ("statefulset.kubernetes.io/pod-name".to_owned(), format!("argocd-redis-ha-server-{index}"));
            spec.selector.get_or_insert_with(Default::default).extend([pod]);
        }
        one
    };
    [all].into_iter().chain((0..COUNT).map(announce)).collect()
}

fn service(context: Context<'_>, part: Part, name: &str, labels: Labels<'_>, ports: &[Port]) -> Service {
    let spec =
        ServiceSpec { ports: Some(ports.iter().map(Port::port).collect()), selector: Some(part.pod_labels()), ..ServiceSpec::default() };
    Service { metadata: context.metadata(name, labels), spec: Some(spec), status: None }
}

fn with_type(mut service: Service) -> Service {
    if let Some(spec) = &mut service.spec {
        spec.type_ = Some("ClusterIP".to_owned());
    }
    service
}

/// A mesh would take the port's name for plain HTTP, and Dex speaks TLS there.
fn dex(mut service: Service) -> Service {
    if let Some(port) = service.spec.as_mut().and_then(|spec| spec.ports.as_mut()).and_then(|ports| ports.first_mut()) {
        port.app_protocol = Some("TCP".to_owned());
    }
    service
}
