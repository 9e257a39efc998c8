//! Repositories: a Secret each, because that is where Argo CD looks for them.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;

use super::part::Labels;
use super::{Context, NAME, Output, at};
use crate::config::argocd::{Repository, RepositoryType};
use crate::diag::Result;

/// The label that makes a Secret a repository.
const TYPE: &str = "argocd.argoproj.io/secret-type";

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let argocd = context.argocd;
    let namespace = argocd.namespace.as_str();
    for (index, repository) in argocd.repositories.iter().enumerate() {
        let origin = at(["repositories"]).index(index);
        match repository.credentials {
            Some(credentials) => {
                let fields = fields(repository);
                let keys = fields.iter().map(|(key, _)| *key).chain(credentials.keys().iter().copied());
                out.secret(origin, namespace, repository.secret(), keys);
            }
            None => out.object(origin, &secret(context, repository))?,
        }
    }
    for (index, template) in argocd.credential_templates.iter().enumerate() {
        let r#type = (template.r#type != RepositoryType::Git).then_some("type");
        let keys = ["url"].into_iter().chain(r#type).chain(template.credentials.keys().iter().copied());
        out.secret(at(["credentialTemplates"]).index(index), namespace, template.secret(), keys);
    }
    Ok(())
}

/// What the Secret holds besides credentials.
fn fields(repository: &Repository) -> Vec<(&'static str, String)> {
    let on = |key: &'static str, is_on: bool| is_on.then(|| (key, "true".to_owned()));
    let fields = [
        Some(("name", repository.name.to_string())),
        Some(("url", repository.url.clone())),
        Some(("type", repository.r#type.as_str().to_owned())).filter(|_| repository.r#type != RepositoryType::Git),
        repository.project.clone().map(|project| ("project", project)),
        repository.proxy.clone().map(|proxy| ("proxy", proxy)),
        on("insecure", repository.insecure),
        on("enableOCI", repository.enable_oci),
        on("enableLfs", repository.enable_lfs),
    ];
    fields.into_iter().flatten().collect()
}

/// Nothing in it is secret.
fn secret(context: Context<'_>, repository: &Repository) -> Secret {
    let data: BTreeMap<String, ByteString> =
        fields(repository).into_iter().map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes()))).collect();
    let mut metadata = context.metadata(&repository.secret(), Labels::shared(NAME));
    metadata.labels.get_or_insert_with(BTreeMap::new).insert(TYPE.to_owned(), "repository".to_owned());
    Secret { metadata, data: Some(data), type_: Some("Opaque".to_owned()), ..Secret::default() }
}
