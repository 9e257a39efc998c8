//! What the pod may talk to, in clusters whose namespaces deny the rest.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::{Context, NAME, Output, at};
use crate::component::traffic::{addresses, dns, named_namespace, namespaces, port};
use crate::config::headscale::{ChallengeType, DatabaseType};
use crate::config::{Host, HttpUrl, Port};
use crate::diag::Result;

/// Adds the policy, where the cluster has policies.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    if context.cluster.cluster.security.network_policies {
        out.object(at([]), &policy(context))?;
    }
    Ok(())
}

fn policy(context: Context<'_>) -> NetworkPolicy {
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector { match_labels: Some(context.selector()), match_expressions: None }),
        policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
        ingress: Some(ingress(context)),
        egress: Some(egress(context)),
    };
    NetworkPolicy { metadata: context.metadata(NAME), spec: Some(spec) }
}

fn ingress(context: Context<'_>) -> Vec<NetworkPolicyIngressRule> {
    let headscale = context.headscale;
    let mut open = vec![port("TCP", headscale.listen.port.0)];
    if headscale.derp.server.enabled {
        open.push(port("UDP", headscale.stun_port().0));
    }
    if let Some(acme) = headscale.tls.lets_encrypt.as_ref().filter(|acme| acme.challenge_type == ChallengeType::Http01) {
        open.push(port("TCP", acme.challenge_port.0));
    }
    let mut rules = vec![NetworkPolicyIngressRule { from: None, ports: Some(open) }];
    let mut inside = |number: u16, node_port: Option<Port>, from: Vec<NetworkPolicyPeer>| {
        // Who comes through a NodePort has an address outside of the cluster.
        let from = Some(from).filter(|from| node_port.is_none() && !from.is_empty());
        rules.push(NetworkPolicyIngressRule { from, ports: Some(vec![port("TCP", number)]) });
    };
    if headscale.metrics.enabled {
        let named = &headscale.metrics.from_namespaces;
        // Where no namespace is named, all may.
        let prometheus = context.cluster.monitoring.as_ref().map(|monitoring| &monitoring.namespace);
        let prometheus = prometheus.filter(|namespace| !named.is_empty() && !named.contains(namespace));
        let from = named.iter().chain(prometheus).map(|name| named_namespace(name.as_str())).collect();
        inside(headscale.metrics.port.0, headscale.metrics.node_port, from);
    }
    if headscale.serves_grpc() {
        inside(headscale.grpc.port.0, headscale.grpc.node_port, vec![namespaces(LabelSelector::default())]);
    }
    rules
}

fn egress(context: Context<'_>) -> Vec<NetworkPolicyEgressRule> {
    let headscale = context.headscale;
    let mut rules = vec![dns()];
    if headscale.database.r#type == DatabaseType::Postgres
        && let Some(host) = &headscale.database.postgres.host
    {
        let to = postgres_peer(context, host).map(|peer| vec![peer]);
        rules.push(NetworkPolicyEgressRule { to, ports: Some(vec![port("TCP", headscale.database.postgres.port.0)]) });
    }
    let mut web: Vec<u16> = web_urls(context).filter_map(HttpUrl::parts).map(|(_, _, port)| port).collect();
    if !headscale.disable_check_updates {
        web.push(443);
    }
    web.sort_unstable();
    web.dedup();
    if !web.is_empty() {
        let ports = web.into_iter().map(|number| port("TCP", number)).collect();
        rules.push(NetworkPolicyEgressRule { to: None, ports: Some(ports) });
    }
    rules
}

/// An address, or the namespace of a Service of this cluster; none for a name outside of it, whose address nobody knows yet.
fn postgres_peer(context: Context<'_>, host: &Host) -> Option<NetworkPolicyPeer> {
    if let Some(address) = host.address() {
        let cidr = ipnet::IpNet::from(address).to_string();
        return Some(addresses(cidr));
    }
    let domain = format!(".{}", context.cluster.cluster.network.domain);
    let name = host.as_str().strip_suffix(&domain).unwrap_or(host.as_str());
    let namespace = match name.split('.').collect::<Vec<_>>()[..] {
        [_] => context.headscale.namespace.as_str(),
        [_, namespace, "svc"] => namespace,
        // `postgres.databases` is a Service as well as a name outside; the search list tries the Service first.
        _ => return None,
    };
    Some(named_namespace(namespace))
}

/// What the server itself fetches over HTTP. Relays are for clients only.
fn web_urls(context: Context<'_>) -> impl Iterator<Item = &HttpUrl> {
    let headscale = context.headscale;
    let acme = headscale.tls.lets_encrypt.as_ref().map(|acme| &acme.acme_url);
    let oidc = headscale.oidc.as_ref().map(|oidc| &oidc.issuer);
    headscale.derp.urls.iter().chain(acme).chain(oidc)
}
