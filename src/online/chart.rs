//! Repositories of Helm charts, asked for their `index.yaml`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use semver::Version;
use ureq::config::RedirectAuthHeaders;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy};

use crate::config::application::{RepositoryUse, has_parameters};
use crate::config::repository_url::without_password;
use crate::diag::{Finding, did_you_mean};
use crate::source::Sources;
use crate::yaml::{self, Limits, Value};

use super::way::{Login, Way};
use super::{CHART, PATIENCE, Range, broken, version};

/// The longest index of a public repository has about 20 MiB.
const LONGEST: u64 = 64 << 20;

/// The charts of a repository with their versions.
#[derive(Debug)]
pub(super) struct Charts(BTreeMap<String, Vec<String>>);

/// Asks a repository.
pub(super) fn charts(url: &str, way: &Way) -> Result<Charts, String> {
    let agent = agent(way)?;
    if let Some(key) = way.login.as_ref().and_then(Login::broken) {
        return Err(broken(key));
    }
    let (address, query) = url.split_once('?').map_or((url, String::new()), |(address, query)| (address, format!("?{query}")));
    let index = format!("{}/index.yaml{query}", address.trim_end_matches('/'));
    let mut request = agent.get(&index);
    if let Some((login, password)) = way.login.as_ref().and_then(|login| Some((login, login.text("password")?))) {
        let pair = format!("{}:{password}", login.text("username").unwrap_or_default());
        request = request.header("Authorization", format!("Basic {}", BASE64_STANDARD.encode(pair)));
    }
    let mut answer = request.call().map_err(|error| error.to_string().replace(url, &without_password(url)))?;
    let text = answer.body_mut().with_config().limit(LONGEST).lossy_utf8(true).read_to_string().map_err(|error| error.to_string())?;
    read(&text).ok_or_else(|| "its index.yaml is none of a repository of charts".to_owned())
}

fn agent(way: &Way) -> Result<Agent, String> {
    let roots = match &way.certificates {
        None => RootCerts::PlatformVerifier,
        Some(pem) => {
            let certificates = chain(pem).ok_or("what `argocd.tlsCertificates` has for it is no certificate")?;
            RootCerts::new_with_certs(&certificates)
        }
    };
    let pair = way.login.as_ref().and_then(|login| Some((login, login.text("tlsClientCertData")?, login.text("tlsClientCertKey")?)));
    let client = pair.map(|(login, certificate, key)| {
        client_certificate(certificate, key).ok_or_else(|| format!("the client certificate of Secret `{}` cannot be read", login.secret))
    });
    let tls = TlsConfig::builder().root_certs(roots).disable_verification(way.insecure).client_cert(client.transpose()?).build();
    // As Go's client does: a redirect to another host does not get the password.
    let config =
        Agent::config_builder().timeout_global(Some(PATIENCE)).tls_config(tls).redirect_auth_headers(RedirectAuthHeaders::SameHost);
    let config = match &way.proxy {
        Some(proxy) => config.proxy(Some(Proxy::new(proxy).map_err(|error| error.to_string())?)),
        None => config,
    };
    Ok(config.build().into())
}

fn chain(pem: &str) -> Option<Vec<Certificate<'static>>> {
    let certificates: Option<Vec<_>> = parse_pem(pem.as_bytes())
        .map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    certificates.filter(|certificates| !certificates.is_empty())
}

fn client_certificate(certificate: &str, key: &str) -> Option<ClientCert> {
    Some(ClientCert::new_with_certs(&chain(certificate)?, PrivateKey::from_pem(key.as_bytes()).ok()?))
}

fn read(text: &str) -> Option<Charts> {
    let source = Sources::new().add("index.yaml", String::new());
    let documents = yaml::parse(source, text, Limits { nodes: 20_000_000, ..Limits::MANIFESTS }).ok()?;
    let Value::Map(entries) = &documents.first()?.get("entries")?.value else { return None };
    let versions = |node: &yaml::Node| match &node.value {
        Value::Seq(items) => items.iter().filter_map(|item| written(item.get("version")?)).collect(),
        _ => Vec::new(),
    };
    Some(Charts(entries.iter().map(|entry| (entry.key.text.clone(), versions(&entry.value))).collect()))
}

/// A version that nobody quoted may look like a number.
fn written(node: &yaml::Node) -> Option<String> {
    match &node.value {
        Value::Scalar(scalar) => Some(scalar.text.clone()),
        Value::Seq(_) | Value::Map(_) => None,
    }
}

impl Charts {
    /// What is wrong with what is wanted of this repository.
    pub(super) fn judge(&self, wanted: &RepositoryUse) -> Option<Finding> {
        let chart = wanted.chart.as_deref().filter(|chart| !has_parameters(chart))?;
        let url = without_password(&wanted.url);
        let Some(versions) = self.0.get(chart) else {
            let hint = match did_you_mean(chart, self.0.keys().map(String::as_str)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("it has {} others", self.0.len()),
            };
            let text = format!("`{url}` has no chart `{chart}`");
            return Some(Finding::error(CHART, text).with_hint(hint).with_config_path(wanted.path.key(wanted.chart_key)));
        };
        let wanted_version = wanted.revision.as_deref().filter(|version| *version != "HEAD" && !has_parameters(version))?;
        let known: Vec<Version> = versions.iter().filter_map(|known| version(known)).collect();
        // Helm takes a whole version for a range, too, when no chart has just that text.
        let is_there = |range: Range| known.iter().any(|version| range.holds(version));
        if versions.iter().any(|known| known == wanted_version) || Range::parse(wanted_version).is_some_and(is_there) {
            return None;
        }
        let newest = known.iter().filter(|version| version.pre.is_empty()).max().or_else(|| known.iter().max());
        let hint = newest.map_or_else(|| "it has none".to_owned(), |newest| format!("its newest is `{newest}`"));
        let text = format!("the chart `{chart}` of `{url}` has no version `{wanted_version}`");
        Some(Finding::error(CHART, text).with_hint(hint).with_config_path(wanted.at_revision()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_read() {
        let charts = read("apiVersion: v1\nentries:\n  a:\n  - version: 1.0.0\n  - version: 0.9\n  b: []\n").expect("an index");
        assert_eq!(charts.0["a"], ["1.0.0", "0.9"]);
        assert!(charts.0.contains_key("b"));
        assert!(read("<html></html>").is_none());
        assert!(read("entries: 3").is_none());
    }
}
