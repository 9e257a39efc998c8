//! Repositories: a Secret each, because that is where Argo CD looks for them.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;

use super::part::Labels;
use super::{Context, NAME, Output, at};
use crate::config::argocd::{Repository, SECRET_TYPE};
use crate::diag::Result;

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let argocd = context.argocd;
    let namespace = argocd.namespace.as_str();
    for (index, repository) in argocd.repositories.iter().enumerate() {
        let origin = at(["repositories"]).index(index);
        match repository.credentials {
            Some(credentials) => {
                let settings = repository.settings();
                let keys = settings.iter().map(|(key, _)| *key).chain(credentials.keys(argocd.minor()).iter().copied());
                out.secret(origin, namespace, repository.secret(), keys);
            }
            None => out.object(origin, &secret(context, repository))?,
        }
    }
    for (index, template) in argocd.credential_templates.iter().enumerate() {
        let settings = template.settings();
        let keys = settings.iter().map(|(key, _)| *key).chain(template.credentials.keys(argocd.minor()).iter().copied());
        out.secret(at(["credentialTemplates"]).index(index), namespace, template.secret(), keys);
    }
    Ok(())
}

/// Nothing in it is secret.
fn secret(context: Context<'_>, repository: &Repository) -> Secret {
    let data: BTreeMap<String, ByteString> =
        repository.settings().into_iter().map(|(key, value)| (key.to_owned(), ByteString(value.into_bytes()))).collect();
    let mut metadata = context.metadata(&repository.secret(), Labels::shared(NAME));
    metadata.labels.get_or_insert_with(BTreeMap::new).insert(SECRET_TYPE.to_owned(), "repository".to_owned());
    Secret { metadata, data: Some(data), type_: Some("Opaque".to_owned()), ..Secret::default() }
}
