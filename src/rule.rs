//! What an API server lets through and a cluster does not run on: one file per rule.
//!
//! [`check()`] runs all rules of [`ALL`] over a set of objects. A rule is its page too: why, a bad example and a good one, which a
//! test runs. Rules judge what `reference` finds; they never look outside of the set.

mod allowance;
mod annotation;
mod argocd;
mod cert_manager;
mod check;
mod collision;
mod context;
mod external;
mod facts;
mod gateway;
mod headscale;
mod homepage;
mod level;
mod page;
mod pod;
mod reference;
mod report;
mod security;
mod size;
mod storage;
mod traefik;

pub use allowance::ANNOTATION;
pub use check::check;
pub use context::{Context, Input};
pub use external::External;
pub use level::{Level, Levels};
pub use page::{find, page, pages};
pub use report::Report;

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// `room/name`.
    pub id: &'static str,
    /// How strictly it is taken unless somebody asks otherwise. A rule that denies may warn about what it cannot know for certain.
    pub level: Level,
    /// What it finds, as a noun.
    pub summary: &'static str,
    /// What goes wrong, and what the rule looks at.
    pub why: &'static str,
    /// Manifests that this rule alone finds something in. `<N KiB>` stands for that much text.
    pub bad: &'static str,
    /// The same, made right: manifests that no rule finds anything in.
    pub good: &'static str,
    /// Looks for it.
    pub check: fn(&Context<'_>, &mut Report<'_>),
}

/// All rules, by room.
pub const ALL: &[Rule] = &[
    reference::certificate_issuer::RULE,
    reference::config_map::RULE,
    reference::config_map_key::RULE,
    reference::custom_resource_definition::RULE,
    reference::gateway::RULE,
    reference::gateway_class::RULE,
    reference::governing_service::RULE,
    reference::helm_chart::RULE,
    reference::ingress_class::RULE,
    reference::listener::RULE,
    reference::namespace::RULE,
    reference::persistent_volume::RULE,
    reference::persistent_volume_claim::RULE,
    reference::policy_pods::RULE,
    reference::priority_class::RULE,
    reference::probe_port::RULE,
    reference::project::RULE,
    reference::role::RULE,
    reference::runtime_class::RULE,
    reference::scale_target::RULE,
    reference::secret::RULE,
    reference::secret_key::RULE,
    reference::service::RULE,
    reference::service_account::RULE,
    reference::service_pods::RULE,
    reference::service_port::RULE,
    reference::storage_class::RULE,
    reference::target_port::RULE,
    reference::traefik::RULE,
    collision::default_class::RULE,
    collision::disruption_budget::RULE,
    collision::host_port::RULE,
    collision::ingress_path::RULE,
    collision::name::RULE,
    collision::node_port::RULE,
    collision::scale_target::RULE,
    collision::traefik_match::RULE,
    security::pod_security::RULE,
    pod::autoscaled_requests::RULE,
    pod::duplicate_env::RULE,
    pod::duplicate_port::RULE,
    pod::image_tag::RULE,
    pod::requests::RULE,
    storage::dagger_cache::RULE,
    storage::shared_claim::RULE,
    size::annotation::RULE,
    size::content::RULE,
    headscale::base_domain::RULE,
    headscale::config_file::RULE,
    headscale::database::RULE,
    headscale::derp::RULE,
    headscale::ephemeral_timeout::RULE,
    headscale::extra_records::RULE,
    headscale::listen_address::RULE,
    headscale::name_servers::RULE,
    headscale::noise_key::RULE,
    headscale::prefixes::RULE,
    headscale::removed_key::RULE,
    headscale::replicas::RULE,
    headscale::server_url::RULE,
    headscale::tls::RULE,
    headscale::trusted_proxies::RULE,
    argocd::server_insecure::RULE,
    argocd::waves::RULE,
    gateway::listener_port::RULE,
    gateway::reference_grant::RULE,
    traefik::entry_point::RULE,
    traefik::host_sni::RULE,
    cert_manager::ca_flag::RULE,
    cert_manager::ca_secret_namespace::RULE,
    homepage::allowed_hosts::RULE,
    homepage::route_href::RULE,
    annotation::allow::RULE,
];
