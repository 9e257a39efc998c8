//! The ConfigMaps: Argo CD finds each by its name.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;

use super::part::{Labels, Part};
use super::{Context, Output, at, login, notifications, parameters, redis_ha, settings};
use crate::data;
use crate::diag::{Error, Result};
use crate::source::ConfigPath;

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let argocd = context.argocd;
    let mut add = |name: &str, labels: Labels<'_>, origin: ConfigPath, data: BTreeMap<String, String>| {
        let data = Some(data).filter(|data| !data.is_empty());
        out.object(origin, &ConfigMap { metadata: context.metadata(name, labels), data, ..ConfigMap::default() })
    };
    let mut shared = |name: &str, origin: ConfigPath, data| add(name, Labels::shared(name), origin, data);
    shared("argocd-cm", at([]), settings::config(context)?)?;
    shared("argocd-cmd-params-cm", at([]), parameters::parameters(context)?)?;
    shared("argocd-gpg-keys-cm", at(["gpgKeys"]), argocd.gpg_keys.clone())?;
    shared("argocd-rbac-cm", at(["rbac"]), login::policies(context))?;
    shared("argocd-ssh-known-hosts-cm", at(["sshKnownHosts"]), known_hosts(context)?)?;
    let certificates = argocd.tls_certificates.iter().map(|(host, certificate)| (host.to_string(), certificate.clone())).collect();
    shared("argocd-tls-certs-cm", at(["tlsCertificates"]), certificates)?;
    if context.has(Part::Notifications) {
        let part = Part::Notifications;
        add("argocd-notifications-cm", part.labels(), part.origin(), notifications::config(context)?)?;
    }
    if argocd.ha {
        for name in [redis_ha::CONFIG, redis_ha::HEALTH] {
            add(name, Part::RedisHa.labels(), at(["ha"]), redis_ha::files(context, name)?)?;
        }
    }
    Ok(())
}

fn known_hosts(context: Context<'_>) -> Result<BTreeMap<String, String>> {
    let minor = context.argocd.minor().as_str();
    let known = data::argocd_known_hosts(minor, &context.argocd.ssh_known_hosts);
    known.ok_or_else(|| Error::internal(format!("the known hosts of {minor} are missing")))
}
