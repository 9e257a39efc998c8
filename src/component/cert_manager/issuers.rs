//! Who signs certificates.

use serde_json::{Value, json};

use super::{Context, Output, at, resource};
use crate::component::ingress::GATEWAY;
use crate::config::cert_manager::{Acme, Issuer, SelfSignedCa};
use crate::config::ingress::Form;
use crate::diag::Result;
use crate::source::ConfigPath;

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for (number, issuer) in context.manager.issuers.iter().enumerate() {
        let origin = at(["issuers"]).index(number);
        let spec = if issuer.self_signed.is_some() {
            json!({"selfSigned": {}})
        } else if let Some(ca) = &issuer.self_signed_ca {
            chain(context, issuer, ca, &origin.key("selfSignedCa"), out)?;
            json!({"ca": {"secretName": ca_secret(issuer)}})
        } else if let Some(ca) = &issuer.ca {
            out.secret(origin.key("ca"), home(context, issuer), ca.secret_name.to_string(), ["tls.crt", "tls.key"]);
            json!({"ca": {"secretName": ca.secret_name}})
        } else if let Some(acme) = &issuer.acme {
            provider_secrets(context, issuer, acme, &origin, out);
            json!({"acme": self::acme(context, issuer, acme)})
        } else {
            continue;
        };
        out.object(origin, &of(issuer, issuer.name.as_str(), spec))?;
    }
    Ok(())
}

/// An Issuer or ClusterIssuer beside a given one.
fn of(issuer: &Issuer, name: &str, spec: Value) -> Value {
    match &issuer.namespace {
        Some(namespace) => resource("Issuer", Some(namespace.as_str()), name, spec),
        None => resource("ClusterIssuer", None, name, spec),
    }
}

/// Where cert-manager looks for the Secrets that an issuer names.
fn home(context: Context<'_>, issuer: &Issuer) -> String {
    issuer.namespace.as_ref().unwrap_or(&context.manager.namespace).to_string()
}

fn ca_secret(issuer: &Issuer) -> String {
    format!("{}-ca", issuer.name)
}

/// The first certificate of a CA signs itself; it lies where the issuer looks for it, and says that it is a CA.
fn chain(context: Context<'_>, issuer: &Issuer, ca: &SelfSignedCa, origin: &ConfigPath, out: &mut Output) -> Result<()> {
    let root = format!("{}-root", issuer.name);
    out.object(origin.clone(), &of(issuer, &root, json!({"selfSigned": {}})))?;
    let kind = if issuer.namespace.is_some() { "Issuer" } else { "ClusterIssuer" };
    let common_name = ca.common_name.clone().unwrap_or_else(|| format!("{} CA", context.cluster.cluster.name));
    let spec = json!({
        "isCA": true,
        "commonName": common_name,
        "secretName": ca_secret(issuer),
        "duration": ca.duration,
        "renewBefore": ca.renew_before,
        // Whoever trusts the CA goes on to do so after a renewal.
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Never"},
        "usages": ["cert sign", "crl sign", "digital signature"],
        "issuerRef": {"group": "cert-manager.io", "kind": kind, "name": root},
    });
    out.object(origin.clone(), &resource("Certificate", Some(&home(context, issuer)), &ca_secret(issuer), spec))
}

fn acme(context: Context<'_>, issuer: &Issuer, acme: &Acme) -> Value {
    let mut value = json!({
        "server": acme.server,
        "privateKeySecretRef": {"name": acme.private_key_secret(&issuer.name)},
        "solvers": [solver(context, acme)],
    });
    if let Some(email) = &acme.email {
        value["email"] = email.as_str().into();
    }
    value
}

fn solver(context: Context<'_>, acme: &Acme) -> Value {
    if let Some(provider) = &acme.dns01 {
        return json!({"dns01": provider});
    }
    let class = acme.http01.as_ref().and_then(|http01| http01.class.clone());
    match (&context.cluster.ingress, class) {
        (Some(ingress), None) if ingress.form() == Form::HttpRoute => {
            let (name, listener) = GATEWAY;
            let parent = json!({
                "group": "gateway.networking.k8s.io", "kind": "Gateway", "name": name, "namespace": ingress.namespace(context.cluster),
                "sectionName": listener,
            });
            json!({"http01": {"gatewayHTTPRoute": {"parentRefs": [parent]}}})
        }
        (Some(ingress), None) => json!({"http01": {"ingress": {"ingressClassName": ingress.controller.class()}}}),
        (_, class) => json!({"http01": {"ingress": {"ingressClassName": class}}}),
    }
}

/// The Secrets that a provider's settings name: mappings with `name` and `key` under a key that ends in `SecretRef`.
fn provider_secrets(context: Context<'_>, issuer: &Issuer, acme: &Acme, origin: &ConfigPath, out: &mut Output) {
    let Some(provider) = &acme.dns01 else { return };
    let mut found = Vec::new();
    for (key, value) in provider {
        references(key, value, &mut found);
    }
    for (name, key) in found {
        out.secret(origin.key("acme").key("dns01"), home(context, issuer), name, [key.as_str()]);
    }
}

fn references(key: &str, value: &Value, found: &mut Vec<(String, String)>) {
    let Some(fields) = value.as_object() else { return };
    let text = |field: &str| fields.get(field).and_then(Value::as_str).map(ToOwned::to_owned);
    if key.ends_with("SecretRef")
        && let (Some(name), Some(key)) = (text("name"), text("key"))
    {
        found.push((name, key));
        return;
    }
    for (key, value) in fields {
        references(key, value, found);
    }
}
