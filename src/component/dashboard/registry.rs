//! What the page shows without asking anybody: links of the config, and what the release itself knows the address of.
//!
//! It is there when discovery is off, and when it fails.

use serde_json::{Map, Value, json};

use super::Context;
use crate::config::dashboard::{HEADLAMP_PORT, Link};
use crate::config::headscale::ServerUrl;

/// Services under their headings, in the form of Homepage's `services.yaml`: headings and entries in the order in which they come.
pub(super) fn services(context: Context<'_>) -> Value {
    let mut groups: Vec<(String, Vec<Value>)> = Vec::new();
    let mut add = |group: &str, name: &str, entry: Value| {
        let entry = json!({name: entry});
        match groups.iter_mut().find(|(known, _)| known == group) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((group.to_owned(), vec![entry])),
        }
    };
    for (name, entry) in known(context) {
        add("Cluster", name, entry);
    }
    for link in &context.dashboard.customizations.links {
        add(&link.group, &link.name, of_link(link));
    }
    for source in &context.dashboard.customizations.metrics.sources {
        let metrics: Vec<_> = source.queries.iter().map(|query| json!({"label": query.label, "query": query.query})).collect();
        add("Metrics", &source.name, json!({"widget": {"type": "prometheusmetric", "url": source.url, "metrics": metrics}}));
    }
    groups.into_iter().map(|(group, entries)| json!({group: entries})).collect()
}

fn of_link(link: &Link) -> Value {
    let texts = [
        ("href", Some(link.href.as_str())),
        ("description", link.description.as_deref()),
        ("icon", link.icon.as_deref()),
        ("siteMonitor", link.health_check.as_ref().map(crate::config::HttpUrl::as_str)),
    ];
    texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), Value::from(text?)))).collect::<Map<_, _>>().into()
}

/// Programs of the release that have a page, by the addresses in their own sections; and what tells whether they are there.
fn known(context: Context<'_>) -> Vec<(&'static str, Value)> {
    let cluster = context.cluster;
    let domain = &cluster.cluster.network.domain;
    let mut known = Vec::new();
    if let Some(argocd) = &cluster.argocd
        && let Some(url) = &argocd.url
    {
        let monitor = format!("http://argocd-server.{}.svc.{domain}/healthz", argocd.namespace);
        let entry =
            json!({"href": url, "icon": "argo-cd.png", "description": "What the cluster is kept in step with", "siteMonitor": monitor});
        known.push(("Argo CD", entry));
    }
    if let Some(headlamp) = &context.dashboard.headlamp
        && let Some(url) = &headlamp.url
    {
        let name = context.dashboard.headlamp_name();
        let path = headlamp.base_path.as_deref().unwrap_or_default();
        let monitor = format!("http://{name}.{}.svc.{domain}:{HEADLAMP_PORT}{path}/", context.dashboard.namespace);
        known.push((
            "Headlamp",
            json!({"href": url, "icon": "headlamp.png", "description": "The cluster's objects", "siteMonitor": monitor}),
        ));
    }
    if let Some(headscale) = &cluster.headscale {
        let scheme = if headscale.serves_tls() { "https" } else { "http" };
        let monitor = format!("{scheme}://headscale.{}.svc.{domain}:{}/health", headscale.namespace, headscale.service.port);
        let mut entry = json!({"icon": "headscale.png", "description": "The mesh of the nodes", "siteMonitor": monitor});
        if let Some(url) = ServerUrl::of(cluster, headscale) {
            entry["href"] = format!("{url}/health").into();
        }
        known.push(("Headscale", entry));
    }
    known
}
