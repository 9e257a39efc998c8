//! Objects that a controller makes because of another object.

use std::collections::HashMap;

use crate::manifest::Object;

use super::{Field, Template};

/// An object that a controller makes.
#[derive(Debug)]
pub(super) struct Provided<'a> {
    /// The number of the object that asks for it.
    pub(super) by: usize,
    /// Its keys, where they are known.
    pub(super) keys: Option<Vec<&'a str>>,
}

/// By group, kind, namespace and name.
pub(super) type AllProvided<'a> = HashMap<(&'a str, &'a str, &'a str, &'a str), Provided<'a>>;

pub(super) fn provided_by<'a>(objects: &'a [Object], templates: &[Template<'a>]) -> AllProvided<'a> {
    let mut all = AllProvided::new();
    // Argo CD makes the password of its Redis itself (argo-cd cmd/argocd/commands/admin/redis_initial_password.go).
    for template in templates {
        let words = template.containers().flat_map(|container| container.list("command").chain(container.list("args")));
        if words.filter_map(|word| word.as_str()).any(|word| word == "redis-initial-password") {
            let made = Provided { by: template.object, keys: Some(vec!["auth"]) };
            all.entry(("", "Secret", template.namespace, "argocd-redis")).or_insert(made);
        }
    }
    for (by, object) in objects.iter().enumerate() {
        let namespace = object.namespace().unwrap_or_default();
        let mut add = |kind, namespace, name, keys| {
            all.entry(("", kind, namespace, name)).or_insert(Provided { by, keys });
        };
        match (object.group(), object.kind()) {
            // https://cert-manager.io/docs/usage/certificate/#target-secret; keystores and extra formats add keys.
            ("cert-manager.io", "Certificate") => {
                let Some(spec) = Field::of(object, &["spec"]) else { continue };
                let more = spec.get("keystores").is_some() || spec.get("additionalOutputFormats").is_some();
                let keys = (!more).then(|| vec!["tls.crt", "tls.key", "ca.crt"]);
                if let Some(name) = spec.text("secretName") {
                    add("Secret", namespace, name, keys);
                }
            }
            // The key of the ACME account (https://cert-manager.io/docs/configuration/acme/).
            ("cert-manager.io", "Issuer") => {
                let key = Field::of(object, &["spec", "acme", "privateKeySecretRef"]);
                if let Some(name) = key.and_then(|key| key.text("name")) {
                    add("Secret", namespace, name, None);
                }
            }
            // cert-manager's ingress-shim makes a Certificate for every TLS entry of an annotated Ingress.
            ("networking.k8s.io", "Ingress") if annotated(object, "cert-manager.io/") => {
                for tls in Field::of(object, &["spec"]).into_iter().flat_map(|spec| spec.list("tls")) {
                    if let Some(name) = tls.text("secretName") {
                        add("Secret", namespace, name, None);
                    }
                }
            }
            ("gateway.networking.k8s.io", "Gateway") if annotated(object, "cert-manager.io/") => {
                for listener in Field::of(object, &["spec"]).into_iter().flat_map(|spec| spec.list("listeners")) {
                    for certificate in listener.get("tls").into_iter().flat_map(|tls| tls.list("certificateRefs")) {
                        if let Some(name) = certificate.text("name") {
                            add("Secret", certificate.text("namespace").unwrap_or(namespace), name, None);
                        }
                    }
                }
            }
            // https://github.com/bitnami-labs/sealed-secrets: same namespace and name, unless the template says otherwise.
            ("bitnami.com", "SealedSecret") => {
                let template = Field::of(object, &["spec", "template", "metadata"]);
                let name = template.and_then(|template| template.text("name")).unwrap_or(object.name());
                add("Secret", namespace, name, None);
            }
            // https://external-secrets.io/latest/api/externalsecret/: `target.name` defaults to the object's own name.
            ("external-secrets.io", "ExternalSecret") => {
                let target = Field::of(object, &["spec", "target"]);
                let name = target.and_then(|target| target.text("name")).unwrap_or(object.name());
                add("Secret", namespace, name, None);
            }
            // k3s' Helm controller makes the namespace only when told so (https://docs.k3s.io/helm).
            ("helm.cattle.io", "HelmChart") => {
                let Some(spec) = Field::of(object, &["spec"]) else { continue };
                if let (true, Some(name)) = (spec.flag("createNamespace"), spec.text("targetNamespace")) {
                    add("Namespace", "", name, None);
                }
            }
            ("argoproj.io", "Application") => {
                let Some(spec) = Field::of(object, &["spec"]) else { continue };
                let options = spec.get("syncPolicy").into_iter().flat_map(|policy| policy.list("syncOptions"));
                let creates = options.filter_map(|option| option.as_str()).any(|option| option == "CreateNamespace=true");
                let destination = spec.get("destination").and_then(|destination| destination.text("namespace"));
                if let (true, Some(name)) = (creates, destination) {
                    add("Namespace", "", name, None);
                }
            }
            _ => {}
        }
    }
    all
}

fn annotated(object: &Object, prefix: &str) -> bool {
    Field::of(object, &["metadata", "annotations"]).is_some_and(|annotations| annotations.entries().any(|(key, _)| key.starts_with(prefix)))
}
