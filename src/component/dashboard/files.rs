//! Homepage's own config: the content of the ConfigMap.
//!
//! Homepage copies a file that is missing from its skeleton, and ends when it cannot write there. So all of them are given, and the
//! folder is the ConfigMap itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Context, registry};
use crate::config::dashboard::RouteKind;
use crate::diag::{Error, Result};
use crate::yaml;

/// All files, by name.
pub(super) fn files(context: Context<'_>) -> Result<BTreeMap<String, String>> {
    let text = |value: &Value| {
        yaml::to_string(value).map_err(|cause| Error::internal("a file of the dashboard cannot be written as YAML").caused_by(cause))
    };
    let css = &context.dashboard.customizations.branding.css;
    Ok([
        ("settings.yaml", text(&settings(context))?),
        ("services.yaml", text(&registry::services(context))?),
        ("widgets.yaml", text(&widgets(context))?),
        ("kubernetes.yaml", text(&kubernetes(context))?),
        ("bookmarks.yaml", text(&json!([]))?),
        ("docker.yaml", text(&json!({}))?),
        ("proxmox.yaml", text(&json!({}))?),
        ("custom.css", css.clone()),
        ("custom.js", String::new()),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .into())
}

/// The look. The page shows no version check, because a cluster without internet could not ask.
fn settings(context: Context<'_>) -> Value {
    let look = &context.dashboard.customizations;
    let title = look.branding.title.clone().unwrap_or_else(|| context.cluster.cluster.name.to_string());
    let mut settings: Map<String, Value> = [("title".to_owned(), Value::from(title))].into_iter().collect();
    if let Some(favicon) = &look.branding.favicon {
        settings.insert("favicon".to_owned(), favicon.as_str().into());
    }
    settings.insert("disableUpdateCheck".to_owned(), true.into());
    settings.extend(look.theme.clone());
    settings.into()
}

fn widgets(context: Context<'_>) -> Value {
    let look = &context.dashboard.customizations;
    let mut widgets = Vec::new();
    if let Some(logo) = &look.branding.logo {
        widgets.push(json!({"logo": {"icon": logo}}));
    }
    if look.metrics.enabled {
        let shown = json!({"show": true, "cpu": true, "memory": true, "showLabel": true});
        let mut cluster = shown.clone();
        cluster["label"] = context.cluster.cluster.name.as_str().into();
        widgets.push(json!({"kubernetes": {"cluster": cluster, "nodes": shown}}));
    }
    widgets.into()
}

fn kubernetes(context: Context<'_>) -> Value {
    if !context.reads_the_cluster() {
        return json!({"mode": "disabled"});
    }
    let discovery = &context.dashboard.service_discovery;
    let looks_for = |kind: RouteKind| discovery.enabled && discovery.routes.contains(&kind);
    json!({
        "mode": "cluster",
        "ingress": looks_for(RouteKind::Ingress),
        "traefik": looks_for(RouteKind::Traefik),
        "gateway": looks_for(RouteKind::Gateway),
    })
}
