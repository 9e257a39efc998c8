//! What our own Traefik is told (<https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/>).

use super::{Context, TRAEFIK};
use crate::config::ingress::{Form, entry_point, inner_port};

/// The entry point of plain HTTP, and its port inside of the pod.
pub(super) const WEB: (&str, u16) = ("web", 8000);
/// The one of HTTPS.
pub(super) const WEB_SECURE: (&str, u16) = ("websecure", 8443);
/// The one of health checks and metrics, which no Service leads to.
pub(super) const INTERNAL: (&str, u16) = (TRAEFIK, 9100);

/// Entry points and the ports that they listen on.
pub(super) fn entry_points(context: Context<'_>) -> Vec<(String, u16)> {
    let fixed = [WEB, WEB_SECURE, INTERNAL].map(|(name, port)| (name.to_owned(), port));
    let own = context.ingress.listen_ports().into_iter().map(|port| (entry_point(port), inner_port(port)));
    fixed.into_iter().chain(own).collect()
}

pub(super) fn arguments(context: Context<'_>) -> Vec<String> {
    let controller = &context.ingress.controller;
    let mut arguments: Vec<String> =
        entry_points(context).into_iter().map(|(name, port)| format!("--entryPoints.{name}.address=:{port}/tcp")).collect();
    let mut add = |argument: &str| arguments.push(argument.to_owned());
    // Routes of others that name no entry point, such as those of cert-manager's challenges, are not for ports of routes.
    for (name, _) in [WEB, WEB_SECURE] {
        add(&format!("--entryPoints.{name}.asDefault=true"));
    }
    add("--ping=true");
    add("--metrics.prometheus=true");
    add("--api.dashboard=false");
    add("--global.checkNewVersion=false");
    add("--global.sendAnonymousUsage=false");
    for argument in providers(context) {
        add(&argument);
    }
    add(&format!("--log.level={}", controller.log_level.as_str()));
    if controller.access_log {
        add("--accessLog=true");
    }
    arguments.extend(controller.arguments.iter().cloned());
    arguments
}

/// The objects that Traefik reads, and how: also for the one that k3s brings.
pub(super) fn providers(context: Context<'_>) -> Vec<String> {
    // A Service without ready pods is answered with 503, as behind the Gateway API; otherwise its route would be gone and with 404.
    let mut arguments = vec!["--providers.kubernetesCRD=true".to_owned(), "--providers.kubernetesCRD.allowEmptyServices=true".to_owned()];
    if context.routes.iter().any(|route| route.namespace != route.service.namespace) && context.ingress.form() == Form::IngressRoute {
        arguments.push("--providers.kubernetesCRD.allowCrossNamespace=true".to_owned());
    }
    arguments.push("--providers.kubernetesIngress=true".to_owned());
    arguments.push("--providers.kubernetesIngress.allowEmptyServices=true".to_owned());
    // Without it `/argocdx` belongs to the path `/argocd` of an Ingress, too.
    arguments.push("--providers.kubernetesIngress.strictPrefixMatching=true".to_owned());
    let service = format!("{}/{TRAEFIK}", context.namespace());
    // Argo CD waits for the address of an Ingress (argo-cd#14607).
    arguments.push(format!("--providers.kubernetesIngress.ingressEndpoint.publishedService={service}"));
    if context.ingress.form() == Form::HttpRoute {
        arguments.push("--providers.kubernetesGateway=true".to_owned());
        if has_raw_routes(context) {
            // TCPRoute and TLSRoute, which Traefik 3.6 counts among the experimental kinds.
            arguments.push("--providers.kubernetesGateway.experimentalChannel=true".to_owned());
        }
        arguments.push(format!("--providers.kubernetesGateway.statusAddress.service.name={TRAEFIK}"));
        arguments.push(format!("--providers.kubernetesGateway.statusAddress.service.namespace={}", context.namespace()));
    }
    arguments
}

/// Whether a route takes connections as they are.
pub(super) fn has_raw_routes(context: Context<'_>) -> bool {
    context.routes.iter().any(crate::config::ingress::ResolvedRoute::is_raw)
}
