//! Secrets: two that Argo CD itself fills, and those that something else delivers.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Secret;

use super::login::OWN_SECRET;
use super::part::{Labels, Part};
use super::{Context, Output, at};
use crate::diag::Result;
use crate::source::ConfigPath;

const NOTIFICATIONS: &str = "argocd-notifications-secret";

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let argocd = context.argocd;
    // Argo CD writes the key that signs log-ins and the admin's password into it, and it does not start where it is not there.
    out.object(at([]), &empty(context, OWN_SECRET, Labels::shared(OWN_SECRET)))?;
    if context.has(Part::Notifications) {
        let keys = &argocd.notifications.secret_keys;
        let part = Part::Notifications;
        if keys.is_empty() {
            out.object(part.origin(), &empty(context, NOTIFICATIONS, part.labels()))?;
        } else {
            let origin = at(["notifications", "secretKeys"]);
            out.secret(origin, argocd.namespace.as_str(), NOTIFICATIONS, keys.iter().map(String::as_str));
        }
    }
    declare(context, out);
    Ok(())
}

fn empty(context: Context<'_>, name: &str, labels: Labels<'_>) -> Secret {
    Secret { metadata: context.metadata(name, labels), type_: Some("Opaque".to_owned()), ..Secret::default() }
}

/// Declares what configs refer to. The keys of Argo CD's own Secret are put there by people.
fn declare(context: Context<'_>, out: &mut Output) {
    let argocd = context.argocd;
    let mut secrets: BTreeMap<&str, (ConfigPath, Vec<&str>)> = BTreeMap::new();
    let oidc = argocd.oidc.iter().filter_map(|oidc| oidc.client_secret.as_ref());
    let used = oidc.map(|secret| (at(["oidc", "clientSecret"]), secret));
    let used = used.chain(argocd.dex.secrets.iter().map(|secret| (at(["dex", "secrets"]), secret)));
    for (origin, secret) in used.filter(|(_, secret)| secret.name.as_str() != OWN_SECRET) {
        secrets.entry(secret.name.as_str()).or_insert_with(|| (origin, Vec::new())).1.push(&secret.key);
    }
    if argocd.server.tls_secret {
        secrets.insert("argocd-server-tls", (at(["server", "tlsSecret"]), vec!["tls.crt", "tls.key"]));
    }
    for (name, (origin, keys)) in secrets {
        out.secret(origin, argocd.namespace.as_str(), name, keys);
    }
}
