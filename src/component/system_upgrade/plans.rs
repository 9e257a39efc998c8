//! Plans: servers first, then agents.

use k8s_openapi::api::core::v1::Toleration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement, ObjectMeta};
use serde::Serialize;

use super::{ACCOUNT, Context, Output, at};
use crate::config::NodeRole;
use crate::config::system_upgrade::{NodeStep, Target, Window};
use crate::diag::Result;

const SERVER: &str = "k3s-server";
const AGENT: &str = "k3s-agent";

/// `Plan` of `upgrade.cattle.io/v1`, as far as it is used.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Plan<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: PlanSpec<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanSpec<'a> {
    concurrency: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    node_selector: LabelSelector,
    service_account_name: &'static str,
    tolerations: Vec<Toleration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<&'a Window>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prepare: Option<PlanContainer>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cordon: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    drain: Option<Drain>,
    upgrade: PlanContainer,
}

#[derive(Serialize)]
struct PlanContainer {
    image: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    args: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Drain {
    force: bool,
    ignore_daemon_sets: bool,
    delete_emptydir_data: bool,
    skip_wait_for_delete_timeout: u16,
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    out.object(at(["servers"]), &plan(context, NodeRole::Server))?;
    // A cluster may get agents that the config does not name.
    out.object(at(["agents"]), &plan(context, NodeRole::Agent))
}

fn plan(context: Context<'_>, role: NodeRole) -> Plan<'_> {
    let upgrade = context.upgrade;
    let is_server = role == NodeRole::Server;
    let (name, step): (_, &NodeStep) = if is_server { (SERVER, &upgrade.servers) } else { (AGENT, &upgrade.agents) };
    let (version, channel) = match upgrade.target(context.cluster) {
        Target::Version(version) => (Some(version), None),
        Target::Channel(url) => (None, Some(url)),
    };
    let drains = step.drain.unwrap_or(!is_server);
    let image = || upgrade.upgrade_image.clone();
    let requirement = LabelSelectorRequirement {
        key: "node-role.kubernetes.io/control-plane".to_owned(),
        operator: if is_server { "Exists" } else { "DoesNotExist" }.to_owned(),
        values: None,
    };
    let labels: std::collections::BTreeMap<_, _> =
        upgrade.node_selector.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    Plan {
        api_version: "upgrade.cattle.io/v1",
        kind: "Plan",
        metadata: context.metadata(name),
        spec: PlanSpec {
            concurrency: step.concurrency,
            version,
            channel,
            node_selector: LabelSelector {
                match_labels: Some(labels).filter(|labels| !labels.is_empty()),
                match_expressions: Some(vec![requirement]),
            },
            service_account_name: ACCOUNT,
            // Every node is upgraded, whatever its taints keep away.
            tolerations: vec![Toleration { operator: Some("Exists".to_owned()), ..Toleration::default() }],
            window: upgrade.window.as_ref(),
            // Waits until the other Plan is done: a kubelet must not be newer than its API server.
            prepare: (!is_server).then(|| PlanContainer { image: image(), args: vec!["prepare", SERVER] }),
            cordon: !drains,
            // Without `force` a bare pod stops the upgrade for ever.
            drain: drains.then_some(Drain {
                force: true,
                ignore_daemon_sets: true,
                delete_emptydir_data: true,
                skip_wait_for_delete_timeout: step.drain_seconds,
            }),
            upgrade: PlanContainer { image: image(), args: Vec::new() },
        },
    }
}
