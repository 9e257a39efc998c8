//! Who may reach the pods.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::part::{Labels, Part};
use super::{Context, NAME, Output, at};
use crate::diag::Result;

const ANY_TCP: Option<&str> = Some("TCP");

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for part in context.parts() {
        let name = match part {
            Part::HaProxy => "argocd-redis-ha-proxy-network-policy".to_owned(),
            Part::RedisHa => "argocd-redis-ha-server-network-policy".to_owned(),
            _ => format!("{}-network-policy", part.name()),
        };
        let egress = (part == Part::RedisHa).then(redis_ha_egress);
        let types = if egress.is_some() { vec!["Ingress", "Egress"] } else { vec!["Ingress"] };
        let spec = NetworkPolicySpec {
            pod_selector: Some(part.selector()),
            policy_types: Some(types.into_iter().map(ToOwned::to_owned).collect()),
            ingress: Some(ingress(context, part)),
            egress,
        };
        out.object(part.origin(), &NetworkPolicy { metadata: context.metadata(&name, part.labels()), spec: Some(spec) })?;
    }
    if context.cluster.cluster.security.network_policies {
        out.object(at([]), &egress(context))?;
    }
    Ok(())
}

fn ingress(context: Context<'_>, part: Part) -> Vec<NetworkPolicyIngressRule> {
    let everybody = || vec![NetworkPolicyPeer { namespace_selector: Some(LabelSelector::default()), ..NetworkPolicyPeer::default() }];
    let pods = |parts: &[Part]| parts.iter().filter(|part| context.has(**part)).map(|part| peer(*part)).collect::<Vec<_>>();
    let readers = [Part::Server, Part::RepoServer, Part::Controller];
    match part {
        // Its metrics are the one port upstream gives no protocol, as the repo server's.
        Part::Controller => vec![rule(everybody(), &[8082], None)],
        Part::ApplicationSet => vec![rule(everybody(), &[7000, 8080], ANY_TCP)],
        Part::Dex => vec![rule(pods(&[Part::Server]), &[5556, 5557], ANY_TCP), rule(everybody(), &[5558], ANY_TCP)],
        Part::Notifications => vec![rule(everybody(), &[9001], ANY_TCP)],
        Part::Redis => vec![rule(pods(&readers), &[6379], ANY_TCP)],
        Part::RedisHa => vec![rule(pods(&[Part::HaProxy, Part::RedisHa]), &[6379, 26379], ANY_TCP)],
        Part::HaProxy => vec![rule(pods(&readers), &[6379, 26379], ANY_TCP), rule(everybody(), &[9101], ANY_TCP)],
        Part::RepoServer => {
            let clients = [Part::Server, Part::Controller, Part::Notifications, Part::ApplicationSet];
            vec![rule(pods(&clients), &[8081], ANY_TCP), rule(everybody(), &[8084], None)]
        }
        Part::Server => vec![NetworkPolicyIngressRule::default()],
    }
}

fn peer(part: Part) -> NetworkPolicyPeer {
    NetworkPolicyPeer { pod_selector: Some(part.selector()), ..NetworkPolicyPeer::default() }
}

fn rule(from: Vec<NetworkPolicyPeer>, numbers: &[i32], protocol: Option<&str>) -> NetworkPolicyIngressRule {
    NetworkPolicyIngressRule { from: Some(from), ports: Some(ports(numbers, protocol)) }
}

fn ports(numbers: &[i32], protocol: Option<&str>) -> Vec<NetworkPolicyPort> {
    let port = |number: &i32| NetworkPolicyPort {
        port: Some(IntOrString::Int(*number)),
        protocol: protocol.map(ToOwned::to_owned),
        end_port: None,
    };
    numbers.iter().map(port).collect()
}

fn redis_ha_egress() -> Vec<NetworkPolicyEgressRule> {
    let names = ["UDP", "TCP"].into_iter().flat_map(|protocol| ports(&[53], Some(protocol))).collect();
    vec![
        NetworkPolicyEgressRule { to: Some(vec![peer(Part::RedisHa)]), ports: Some(ports(&[6379, 26379], ANY_TCP)) },
        NetworkPolicyEgressRule { to: None, ports: Some(names) },
    ]
}

/// The namespace denies traffic that no policy allows, and Argo CD has to reach the API server, repositories, registries, identity
/// providers and other clusters, wherever they are. Upstream has no such policy, because it denies nothing.
fn egress(context: Context<'_>) -> NetworkPolicy {
    // The Redis of high availability have a policy of their own.
    let names = context.parts().filter(|part| *part != Part::RedisHa).map(|part| part.name().to_owned()).collect();
    let requirement = LabelSelectorRequirement { key: "app.kubernetes.io/name".to_owned(), operator: "In".to_owned(), values: Some(names) };
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector { match_expressions: Some(vec![requirement]), match_labels: None }),
        policy_types: Some(vec!["Egress".to_owned()]),
        ingress: None,
        egress: Some(vec![NetworkPolicyEgressRule::default()]),
    };
    NetworkPolicy { metadata: context.metadata("argocd-egress", Labels::shared(NAME)), spec: Some(spec) }
}
