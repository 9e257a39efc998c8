//! Certificates of the engine and of its clients: from cert-manager, or from a Secret that something else delivers.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use super::{Context, Output, at, services};
use crate::config::Host;
use crate::config::dagger::{IssuerKind, IssuerRef};
use crate::diag::Result;

/// cert-manager's `Certificate`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Certificate {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: Spec,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    secret_name: String,
    issuer_ref: Issuer,
    common_name: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dns_names: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ip_addresses: Vec<String>,
    usages: [&'static str; 3],
    duration: &'static str,
    renew_before: &'static str,
}

#[derive(Serialize)]
struct Issuer {
    group: &'static str,
    kind: &'static str,
    name: String,
}

/// Adds the two certificates, or declares the Secret.
pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let Some(tls) = &context.dagger.tls else { return Ok(()) };
    let Some(issuer) = &tls.issuer_ref else {
        let keys = ["tls.crt", "tls.key", "ca.crt"];
        out.secret(at(["tls", "secretName"]), context.dagger.namespace.as_str(), tls.secret_name.as_str(), keys);
        return Ok(());
    };
    let (dns_names, ip_addresses) = server_names(context);
    let server = Spec { dns_names, ip_addresses, ..spec(issuer, tls.secret_name.as_str(), "dagger-engine", "server auth") };
    out.object(at(["tls"]), &certificate(context, tls.secret_name.as_str(), server))?;
    let client = spec(issuer, tls.client_secret_name.as_str(), "dagger-client", "client auth");
    out.object(at(["tls"]), &certificate(context, tls.client_secret_name.as_str(), client))
}

fn certificate(context: Context<'_>, name: &str, spec: Spec) -> Certificate {
    Certificate { api_version: "cert-manager.io/v1", kind: "Certificate", metadata: context.metadata(name), spec }
}

/// The engine reads its certificate once, at its start: a long life needs few restarts.
fn spec(issuer: &IssuerRef, secret: &str, common_name: &'static str, usage: &'static str) -> Spec {
    let kind = match issuer.kind {
        IssuerKind::ClusterIssuer => "ClusterIssuer",
        IssuerKind::Issuer => "Issuer",
    };
    Spec {
        secret_name: secret.to_owned(),
        issuer_ref: Issuer { group: "cert-manager.io", kind, name: issuer.name.to_string() },
        common_name,
        dns_names: Vec::new(),
        ip_addresses: Vec::new(),
        usages: ["digital signature", "key encipherment", usage],
        duration: "8760h",
        renew_before: "1440h",
    }
}

/// Every name and address that clients may use.
fn server_names(context: Context<'_>) -> (Vec<String>, Vec<String>) {
    let namespace = &context.dagger.namespace;
    let domain = &context.cluster.cluster.network.domain;
    let mut names = vec![
        context.name().to_owned(),
        format!("{}.{namespace}", context.name()),
        format!("{}.{namespace}.svc", context.name()),
        context.dagger.service_host(context.cluster),
        format!("*.{}.{namespace}.svc.{domain}", services::governing(context)),
    ];
    let mut addresses = Vec::new();
    if let Some((host, _)) = context.dagger.outside(context.cluster) {
        if Host::from(host).address().is_some() { &mut addresses } else { &mut names }.push(host.to_owned());
    }
    (names, addresses)
}
