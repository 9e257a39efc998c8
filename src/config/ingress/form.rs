//! The objects that carry routes, and what they can carry.

use super::{Controller, ControllerType, Ingress, TraefikForm};
use crate::config::Cluster;

/// The objects that carry routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Kubernetes' Ingress.
    Ingress,
    /// Traefik's IngressRoute.
    IngressRoute,
    /// The Gateway API's HTTPRoute.
    HttpRoute,
}

impl Form {
    /// The form that a controller reads.
    #[must_use]
    pub const fn of(controller: &Controller) -> Self {
        match (controller.r#type, controller.form) {
            (ControllerType::Nginx, _) | (ControllerType::Traefik, TraefikForm::Ingress) => Self::Ingress,
            (ControllerType::Traefik, TraefikForm::IngressRoute) => Self::IngressRoute,
            (ControllerType::Gateway, _) => Self::HttpRoute,
        }
    }

    /// As a finding names it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Ingress => "an Ingress",
            Self::IngressRoute => "an IngressRoute",
            Self::HttpRoute => "an HTTPRoute",
        }
    }
}

/// What a route may ask for and not every form can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feature {
    /// A route for TCP.
    Tcp,
    /// TLS that the Service ends.
    Passthrough,
    /// A port of its own.
    ListenPort,
    /// A prefix that the Service does not see.
    StripPrefix,
    /// Middlewares of Traefik.
    Middlewares,
    /// Requests sent again.
    Retries,
    /// Pods left out because they failed.
    HealthCheck,
    /// A Service in another namespace than the route.
    OtherNamespace,
    /// gRPC beside other requests.
    Grpc,
    /// Plain HTTP left unanswered beside TLS.
    NoRedirect,
}

impl Feature {
    /// As a finding names it.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Tcp => "no TCP",
            Self::Passthrough => "no TLS that the Service ends",
            Self::ListenPort => "no port of its own",
            Self::StripPrefix => "no prefix that is stripped by whole path elements",
            Self::Middlewares => "no middlewares of Traefik",
            Self::Retries => "no retries",
            Self::HealthCheck => "no passive health checks",
            Self::OtherNamespace => "no Service in another namespace",
            Self::Grpc => "no way to tell gRPC from other requests",
            Self::NoRedirect => "no silence at plain HTTP",
        }
    }
}

/// The settings that are offered as a way out, in this order.
const OFFERS: [(&str, Form, bool); 3] = [
    ("`controller.type: traefik`", Form::IngressRoute, true),
    ("`controller.type: gateway`", Form::HttpRoute, true),
    ("`controller.type: traefik` with `form: ingress`", Form::Ingress, true),
];

impl Ingress {
    /// Whether the routes' form carries something.
    #[must_use]
    pub fn carries(&self, feature: Feature, cluster: &Cluster) -> bool {
        carries(self.form(), self.is_traefik(), cluster.k3s.bundled_traefik, feature)
    }

    /// The settings with which it is carried, for a hint.
    #[must_use]
    pub fn carried_by(&self, feature: Feature, cluster: &Cluster) -> String {
        let able = OFFERS.iter().filter(|(_, form, traefik)| carries(*form, *traefik, cluster.k3s.bundled_traefik, feature));
        let names: Vec<&str> = able.map(|(name, ..)| *name).take(2).collect();
        format!("use {}", names.join(" or "))
    }
}

const fn carries(form: Form, traefik: bool, bundled: bool, feature: Feature) -> bool {
    match (form, feature) {
        (Form::IngressRoute, _)
        | (Form::HttpRoute, Feature::OtherNamespace | Feature::Grpc | Feature::NoRedirect | Feature::ListenPort | Feature::StripPrefix) => {
            true
        }
        // k3s' chart brings the standard channel of Gateway API 1.4, which has neither TCPRoute nor TLSRoute.
        (Form::HttpRoute, Feature::Tcp | Feature::Passthrough) => !(traefik && bundled),
        (Form::HttpRoute, Feature::Middlewares | Feature::Retries) => traefik,
        (Form::Ingress, Feature::ListenPort | Feature::StripPrefix | Feature::Middlewares | Feature::Retries | Feature::NoRedirect) => {
            traefik
        }
        (Form::HttpRoute, Feature::HealthCheck)
        | (Form::Ingress, Feature::Tcp | Feature::Passthrough | Feature::HealthCheck | Feature::OtherNamespace | Feature::Grpc) => false,
    }
}
