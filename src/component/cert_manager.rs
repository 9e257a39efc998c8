//! cert-manager: its install by chart, the definitions of its kinds, issuers and certificates.
//!
//! Its programs run nowhere in the tests, because their Go modules cannot be built apart from its repository. What is rendered here is
//! checked against its own definitions, offline and by a real API server.

mod install;
mod issuers;

use serde_json::{Value, json};

use super::{Component, NamespaceNeed, Output};
use crate::config::cert_manager::{CertManager, Certificate, Install, KeyAlgorithm};
use crate::config::{Cluster, PodSecurity};
use crate::data;
use crate::diag::Result;
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const CERT_MANAGER: Component =
    Component { name: "cert-manager", enabled: |cluster| cluster.cert_manager.is_some(), namespaces: needed_namespaces, render };

const API_VERSION: &str = "cert-manager.io/v1";

/// What the parts work on.
#[derive(Clone, Copy)]
struct Context<'a> {
    cluster: &'a Cluster,
    manager: &'a CertManager,
}

fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["certManager"]), |path, key| path.key(key))
}

fn needed_namespaces(cluster: &Cluster) -> Vec<NamespaceNeed> {
    let need = |manager: &CertManager| NamespaceNeed {
        name: manager.namespace.to_string(),
        // Its chart's pods are that by default.
        pod_security: Some(PodSecurity::Restricted),
        origin: at(["namespace"]),
    };
    cluster.cert_manager.iter().map(need).collect()
}

fn render(cluster: &Cluster, out: &mut Output) -> Result<()> {
    let Some(manager) = &cluster.cert_manager else { return Ok(()) };
    let context = Context { cluster, manager };
    if manager.install != Install::None {
        definitions(out)?;
        install::render(context, out)?;
    }
    issuers::render(context, out)?;
    for (number, certificate) in manager.certificates.iter().enumerate() {
        out.object(at(["certificates"]).index(number), &self::certificate(context, certificate))?;
    }
    Ok(())
}

/// With the release and not with the chart, so that issuers can be applied before k3s or Argo CD got to the chart.
fn definitions(out: &mut Output) -> Result<()> {
    for crd in data::embedded_crds().iter().filter(|crd| crd.name.ends_with("cert-manager.io")) {
        out.value(at(["version"]), crd.object().clone())?;
    }
    Ok(())
}

fn resource(kind: &str, namespace: Option<&str>, name: &str, spec: Value) -> Value {
    let mut metadata = json!({"name": name});
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    let mut object = json!({"apiVersion": API_VERSION, "kind": kind, "metadata": metadata});
    object["spec"] = spec;
    object
}

fn certificate(context: Context<'_>, certificate: &Certificate) -> Value {
    let (algorithm, size) = match certificate.private_key.algorithm {
        KeyAlgorithm::Ecdsa => ("ECDSA", 256),
        KeyAlgorithm::Rsa => ("RSA", 2048),
    };
    let issuers = context.manager.issuers.iter();
    let kind = match issuers.clone().find(|issuer| issuer.name == certificate.issuer) {
        Some(issuer) if issuer.namespace.is_some() => "Issuer",
        _ => "ClusterIssuer",
    };
    let mut spec = json!({
        "secretName": certificate.secret_name(),
        "issuerRef": {"group": "cert-manager.io", "kind": kind, "name": certificate.issuer},
        "privateKey": {"algorithm": algorithm, "size": size, "rotationPolicy": certificate.private_key.rotation.as_str()},
    });
    let rows = [
        ("commonName", json!(certificate.common_name)),
        ("dnsNames", json!(certificate.dns_names)),
        ("ipAddresses", json!(certificate.ip_addresses)),
        ("duration", json!(certificate.duration)),
        ("renewBefore", json!(certificate.renew_before)),
    ];
    for (key, value) in rows {
        if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
            spec[key] = value;
        }
    }
    resource("Certificate", Some(certificate.namespace.as_str()), certificate.name.as_str(), spec)
}
