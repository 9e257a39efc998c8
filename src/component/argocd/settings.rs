//! The ConfigMap `argocd-cm`: what all parts know about log-in and resources.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Context, known_noise, login};
use crate::config::argocd::{Customization, Minor, TrackingMethod};
use crate::diag::{Error, Result};
use crate::yaml;

/// The health of an Application is the one that Argo CD wrote into its status. Without this an app of apps does not wait for its
/// children (argo-cd#16870; the check is in Argo CD's documentation of health, because 1.8 took it out of the program). Argo CD 2.13 does not know the
/// annotation that leaves an object out of the health of its Application; 3 acts on it before it asks here. From 3.4 on, what is missing
/// counts as healthy (argo-cd#25962): an Application whose sync has not been done is not, or the next wave would start too early. One that is not
/// synced by itself (`automated.enabled: false`, `IsAutomatedSyncEnabled` in `pkg/apis/application/v1alpha1/types.go`) would be waited for
/// for ever; so would one that lacks nothing and only holds what a sync does not prune (`prune: false`, `Prune=false`).
const APPLICATION_HEALTH: &str = "hs = {status = \"Progressing\", message = \"\"}
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  if obj.status.health.message ~= nil then
    hs.message = obj.status.health.message
  end
end
local automated = obj.spec.syncPolicy ~= nil and obj.spec.syncPolicy.automated or nil
if hs.status == \"Healthy\" and automated ~= nil and automated.enabled ~= false then
  local operation = obj.status.operationState
  local sync = obj.status.sync ~= nil and obj.status.sync.status or \"Unknown\"
  local undone = operation == nil or operation.phase == \"Running\"
  if automated.selfHeal == true then
    undone = undone or sync ~= \"OutOfSync\" or obj.status.resources == nil
    for _, resource in ipairs(obj.status.resources or {}) do
      undone = undone or (resource.status == \"OutOfSync\" and resource.requiresPruning ~= true)
    end
  end
  if undone and sync ~= \"Synced\" then
    hs.status = \"Progressing\"
    hs.message = \"waiting for the sync\"
  end
end
if obj.metadata.annotations ~= nil and obj.metadata.annotations[\"argocd.argoproj.io/ignore-healthcheck\"] == \"true\" then
  hs.status = \"Healthy\"
end
return hs
";

/// The content of `argocd-cm`.
pub(super) fn config(context: Context<'_>) -> Result<BTreeMap<String, String>> {
    let argocd = context.argocd;
    let mut data = BTreeMap::new();
    for (key, value) in &argocd.settings {
        data.insert(key.clone(), text(value)?);
    }
    login::add(context, &mut data)?;
    tracking(context, &mut data);
    resources(context, &mut data)?;
    let reconciliation = &argocd.reconciliation;
    for (key, value) in [
        ("timeout.reconciliation", &reconciliation.timeout),
        ("timeout.reconciliation.jitter", &reconciliation.jitter),
        ("timeout.hard.reconciliation", &reconciliation.hard_timeout),
    ] {
        data.extend(value.iter().map(|value| (key.to_owned(), value.to_string())));
    }
    Ok(data)
}

fn tracking(context: Context<'_>, data: &mut BTreeMap<String, String>) {
    let tracking = &context.argocd.tracking;
    // The label of 2.13's own default is one that every rendered object carries for another purpose.
    let method = tracking.method.or_else(|| (context.argocd.minor() == Minor::V213).then_some(TrackingMethod::Annotation));
    data.extend(method.map(|method| ("application.resourceTrackingMethod".to_owned(), method.as_str().to_owned())));
    data.extend(tracking.label_key.iter().map(|key| ("application.instanceLabelKey".to_owned(), key.to_string())));
    data.extend(tracking.installation_id.iter().map(|id| ("installationID".to_owned(), id.clone())));
}

fn resources(context: Context<'_>, data: &mut BTreeMap<String, String>) -> Result<()> {
    let argocd = context.argocd;
    let mut exclusions = argocd.exclusions.clone();
    if argocd.excludes_by_default() {
        exclusions.splice(0..0, known_noise::exclusions());
        for (kind, fields) in known_noise::updates() {
            data.insert(format!("resource.customizations.ignoreResourceUpdates.{kind}"), to_yaml(&fields)?);
        }
    }
    for (key, filters) in [("resource.exclusions", &exclusions), ("resource.inclusions", &argocd.inclusions)] {
        if !filters.is_empty() {
            data.insert(key.to_owned(), to_yaml(filters)?);
        }
    }
    if argocd.application_health {
        data.insert("resource.customizations.health.argoproj.io_Application".to_owned(), APPLICATION_HEALTH.to_owned());
    }
    for (kind, customization) in &argocd.customizations {
        customize(&kind.replace('/', "_"), customization, data)?;
    }
    // 2.13 looks at none of them unless it is told to.
    let ignores = data.keys().any(|key| key.starts_with("resource.customizations.ignoreResourceUpdates."));
    if argocd.minor() == Minor::V213 && ignores {
        data.entry("resource.ignoreResourceUpdatesEnabled".to_owned()).or_insert_with(|| "true".to_owned());
    }
    Ok(())
}

fn customize(kind: &str, custom: &Customization, data: &mut BTreeMap<String, String>) -> Result<()> {
    let mut add = |what: &str, text: String| data.insert(format!("resource.customizations.{what}.{kind}"), text);
    if let Some(health) = &custom.health {
        add("health", health.clone());
    }
    if let Some(open) = custom.use_open_libs {
        add("useOpenLibs", open.to_string());
    }
    if let Some(actions) = &custom.actions {
        add("actions", to_yaml(actions)?);
    }
    if let Some(fields) = &custom.ignore_differences {
        add("ignoreDifferences", to_yaml(fields)?);
    }
    if let Some(fields) = &custom.ignore_resource_updates {
        add("ignoreResourceUpdates", to_yaml(fields)?);
    }
    if !custom.known_type_fields.is_empty() {
        add("knownTypeFields", to_yaml(&json!(custom.known_type_fields))?);
    }
    Ok(())
}

/// The text of a value: what is no text, number or truth value is YAML.
pub(super) fn text(value: &Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => to_yaml(value),
    }
}

pub(super) fn to_yaml<T: Serialize>(value: &T) -> Result<String> {
    yaml::to_string(value).map_err(|cause| Error::internal("a value of the section `argocd` does not serialize").caused_by(cause))
}
