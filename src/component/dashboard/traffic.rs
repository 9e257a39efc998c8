//! What the pods may talk to, in clusters whose namespaces deny the rest. Who comes to the page follows from routes and NodePorts; to
//! Headlamp, where people log in, everybody may come, the page among them.

use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::{Context, Output, at};
use crate::component::traffic::{dns, port};
use crate::config::HttpUrl;
use crate::config::dashboard::HEADLAMP_PORT;
use crate::diag::Result;

/// The ports of the API server: of its Service, and of k3s behind it.
const API_SERVER: [u16; 2] = [443, 6443];

/// Adds the policies, where the cluster has policies.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    if !context.cluster.cluster.security.network_policies {
        return Ok(());
    }
    let page = policy(context, context.name(), "homepage", None, page_ports(context));
    out.object(at([]), &page)?;
    if context.dashboard.headlamp.is_some() {
        let name = context.dashboard.headlamp_name();
        out.object(at(["headlamp"]), &policy(context, &name, "headlamp", Some(HEADLAMP_PORT.0), API_SERVER.to_vec()))?;
    }
    Ok(())
}

fn policy(context: Context<'_>, name: &str, program: &str, own: Option<u16>, mut to: Vec<u16>) -> NetworkPolicy {
    to.sort_unstable();
    to.dedup();
    let mut egress = vec![dns()];
    if !to.is_empty() {
        egress.push(NetworkPolicyEgressRule { to: None, ports: Some(to.into_iter().map(|number| port("TCP", number)).collect()) });
    }
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector { match_labels: Some(context.selector(program)), match_expressions: None }),
        policy_types: Some(own.map(|_| "Ingress").into_iter().chain(["Egress"]).map(ToOwned::to_owned).collect()),
        ingress: own.map(|own| vec![NetworkPolicyIngressRule { from: None, ports: Some(vec![port("TCP", own)]) }]),
        egress: Some(egress),
    };
    NetworkPolicy { metadata: context.metadata(name), spec: Some(spec) }
}

/// The API server, and whatever is asked whether it is there, wherever it is.
fn page_ports(context: Context<'_>) -> Vec<u16> {
    let look = &context.dashboard.customizations;
    let checks = look.links.iter().filter_map(|link| link.health_check.as_ref());
    let urls = checks.chain(look.metrics.sources.iter().map(|source| &source.url));
    let mut ports: Vec<u16> = urls.filter_map(HttpUrl::parts).map(|(_, _, port)| port).collect();
    if context.reads_the_cluster() {
        ports.extend(API_SERVER);
    }
    // Pods behind the Services of the release: a policy sees the pod's own port.
    let cluster = context.cluster;
    ports.extend(cluster.argocd.as_ref().filter(|argocd| argocd.url.is_some()).map(|_| 8080));
    ports.extend(cluster.headscale.as_ref().map(|headscale| headscale.listen.port.0));
    ports.extend(context.dashboard.headlamp.as_ref().filter(|headlamp| headlamp.url.is_some()).map(|_| HEADLAMP_PORT.0));
    ports
}
