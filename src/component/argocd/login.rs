//! Log-in: accounts, providers, and what people may do.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Context;
use super::settings::to_yaml;
use crate::config::GoDuration;
use crate::config::argocd::{Oidc, policy_field};
use crate::config::headscale::SecretKey;
use crate::diag::Result;

/// The Secret that Argo CD keeps its own keys and passwords in. A `$KEY` without a Secret's name is one of it.
pub(super) const OWN_SECRET: &str = "argocd-secret";

/// Adds the keys of `argocd-cm` about log-in.
pub(super) fn add(context: Context<'_>, data: &mut BTreeMap<String, String>) -> Result<()> {
    let argocd = context.argocd;
    data.extend(argocd.url.iter().map(|url| ("url".to_owned(), url.to_string())));
    if !argocd.additional_urls.is_empty() {
        data.insert("additionalUrls".to_owned(), to_yaml(&argocd.additional_urls)?);
    }
    if !argocd.admin.enabled {
        data.insert("admin.enabled".to_owned(), "false".to_owned());
    }
    for account in &argocd.accounts {
        let uses = [account.api_key.then_some("apiKey"), account.login.then_some("login")];
        let uses = uses.into_iter().flatten().collect::<Vec<_>>().join(", ");
        data.insert(format!("accounts.{}", account.name), uses);
        if !account.enabled {
            data.insert(format!("accounts.{}.enabled", account.name), "false".to_owned());
        }
    }
    if argocd.anonymous {
        data.insert("users.anonymous.enabled".to_owned(), "true".to_owned());
    }
    // Argo CD reads one number with one unit here, and takes 24 hours for anything else (`ParseDuration` of argoproj/pkg).
    let session = argocd.session_duration.as_ref().and_then(GoDuration::duration);
    data.extend(session.map(|duration| ("users.session.duration".to_owned(), format!("{}s", duration.as_secs()))));
    if let Some(oidc) = &argocd.oidc {
        data.insert("oidc.config".to_owned(), to_yaml(&provider(oidc)?)?);
    }
    if !argocd.dex.connectors.is_empty() {
        data.insert("dex.config".to_owned(), to_yaml(&json!({"connectors": argocd.dex.connectors}))?);
    }
    Ok(())
}

/// The provider as Argo CD reads it: the same keys, but for the reference to the secret.
fn provider(oidc: &Oidc) -> Result<Map<String, Value>> {
    let broken = |cause| crate::diag::Error::internal("the OpenID Connect section does not serialize").caused_by(cause);
    let Value::Object(mut fields) = serde_json::to_value(oidc).map_err(broken)? else { return Ok(Map::new()) };
    // Upstream's own spelling of what is not set is to leave it out.
    fields.retain(|_, value| *value != Value::Bool(false));
    if let Some(secret) = &oidc.client_secret {
        fields.insert("clientSecret".to_owned(), reference(secret).into());
    }
    Ok(fields)
}

/// How a config of Argo CD names a key of a Secret.
fn reference(secret: &SecretKey) -> String {
    if secret.name.as_str() == OWN_SECRET { format!("${}", secret.key) } else { format!("${}:{}", secret.name, secret.key) }
}

/// The content of `argocd-rbac-cm`.
pub(super) fn policies(context: Context<'_>) -> BTreeMap<String, String> {
    let rbac = &context.argocd.rbac;
    let mut csv = String::new();
    for policy in &rbac.policies {
        let fields = [&policy.subject, policy.resource.as_str(), &policy.action, &policy.object, policy.effect.as_str()];
        line("p", &fields, &mut csv);
    }
    for binding in &rbac.bindings {
        line("g", &[&binding.subject, &binding.role], &mut csv);
    }
    if let Some(more) = &rbac.csv {
        csv.push_str(more);
        if !csv.ends_with('\n') {
            csv.push('\n');
        }
    }
    let mut data = BTreeMap::new();
    if !csv.is_empty() {
        data.insert("policy.csv".to_owned(), csv);
    }
    data.extend(rbac.default_role.iter().map(|role| ("policy.default".to_owned(), role.clone())));
    data.extend(rbac.match_mode.iter().map(|mode| ("policy.matchMode".to_owned(), mode.as_str().to_owned())));
    if !rbac.scopes.is_empty() {
        // A JSON list is a YAML list, too, and stays on one line.
        data.insert("scopes".to_owned(), json!(rbac.scopes).to_string());
    }
    data
}

fn line(kind: &str, fields: &[&str], csv: &mut String) {
    csv.push_str(kind);
    for field in fields {
        csv.push_str(", ");
        csv.push_str(&policy_field(field));
    }
    csv.push('\n');
}
