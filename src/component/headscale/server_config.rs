//! Headscale's own `config.yaml`, for the version that runs.
//!
//! Keys that only one minor knows are there for that minor only; `tests/it/headscale_keys.rs` holds the lists read in both sources.

use serde::Serialize;

use super::server_sections::{Cli, Database, Derp, Names, Node, Oidc, Policy, Prefixes, PrivateKey, Tuning};
use super::{Context, volumes};
use crate::config::headscale::{ChallengeType, Headscale, LetsEncrypt, Log, Minor, ServerUrl, Toggle};
use crate::config::{Cidr, GoDuration, Port};
use crate::diag::{Error, Result};

/// The whole file.
#[derive(Debug, Serialize)]
struct ServerConfig<'a> {
    server_url: String,
    listen_addr: String,
    metrics_listen_addr: String,
    grpc_listen_addr: String,
    grpc_allow_insecure: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_proxies: Option<&'a [Cidr]>,
    noise: PrivateKey,
    prefixes: Prefixes,
    derp: Derp<'a>,
    disable_check_updates: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    node: Option<Node<'a>>,
    /// Where 0.28 has `node.ephemeral.inactivity_timeout`.
    #[serde(skip_serializing_if = "Option::is_none")]
    ephemeral_node_inactivity_timeout: Option<&'a GoDuration>,
    database: Database<'a>,
    #[serde(flatten)]
    tls: Certificates<'a>,
    log: &'a Log,
    policy: Policy,
    dns: Names<'a>,
    unix_socket: &'a str,
    unix_socket_permission: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<Oidc<'a>>,
    logtail: Toggle,
    taildrop: Toggle,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_update: Option<Toggle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    randomize_client_port: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cli: Option<Cli<'a>>,
    #[serde(skip_serializing_if = "Tuning::is_empty")]
    tuning: Tuning<'a>,
}

/// Certificates, which are top-level keys.
#[derive(Debug, Default, Serialize)]
struct Certificates<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    acme_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acme_email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_letsencrypt_hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_letsencrypt_cache_dir: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_letsencrypt_challenge_type: Option<ChallengeType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_letsencrypt_listen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_cert_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_key_path: Option<String>,
}

impl<'a> Certificates<'a> {
    fn of(headscale: &'a Headscale) -> Self {
        let file = |name| headscale.tls.secret_name.as_ref().map(|_| format!("{}/{name}", volumes::TLS));
        let acme = headscale.tls.lets_encrypt.as_ref();
        Self {
            acme_url: acme.map(|acme| acme.acme_url.as_str()),
            acme_email: acme.and_then(|acme| acme.email.as_deref()),
            tls_letsencrypt_hostname: acme.map(|acme| acme.hostname.as_str()),
            tls_letsencrypt_cache_dir: acme.map(|_| format!("{}/cache", volumes::DATA)),
            tls_letsencrypt_challenge_type: acme.map(|acme| acme.challenge_type),
            tls_letsencrypt_listen: acme.map(|acme: &LetsEncrypt| address(headscale, acme.challenge_port)),
            tls_cert_path: file("tls.crt"),
            tls_key_path: file("tls.key"),
        }
    }
}

/// The address that a listener binds to.
pub(super) fn address(headscale: &Headscale, port: Port) -> String {
    let address = headscale.listen.address.as_str();
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// The file's text.
pub(super) fn to_yaml(context: Context<'_>) -> Result<String> {
    let config = server_config(context)?;
    crate::yaml::to_string(&config).map_err(|cause| Error::internal("the config of Headscale does not serialize").caused_by(cause))
}

fn server_config(context: Context<'_>) -> Result<ServerConfig<'_>> {
    let Context { cluster, headscale } = context;
    let url = ServerUrl::of(cluster, headscale)
        .ok_or_else(|| Error::usage("`headscale.serverUrl` is no HTTP URL").hint("write `https://HOST` or `http://HOST:PORT`"))?;
    let newer = headscale.version.minor() >= Minor::V29;
    Ok(ServerConfig {
        server_url: url.to_string(),
        listen_addr: address(headscale, headscale.listen.port),
        // An empty address turns the listener off.
        metrics_listen_addr: if headscale.metrics.enabled { address(headscale, headscale.metrics.port) } else { String::new() },
        grpc_listen_addr: address(headscale, headscale.grpc.port),
        grpc_allow_insecure: headscale.grpc.allow_insecure,
        trusted_proxies: Some(headscale.trusted_proxies.as_slice()).filter(|list| newer && !list.is_empty()),
        noise: PrivateKey::noise(headscale),
        prefixes: Prefixes::of(&headscale.prefixes),
        derp: Derp::of(headscale),
        disable_check_updates: headscale.disable_check_updates,
        node: newer.then(|| Node::of(&headscale.node)),
        ephemeral_node_inactivity_timeout: (!newer).then_some(&headscale.node.ephemeral.inactivity_timeout),
        database: Database::of(&headscale.database),
        tls: Certificates::of(headscale),
        log: &headscale.log,
        policy: Policy::of(&headscale.policy),
        dns: Names::of(&headscale.dns),
        unix_socket: headscale.unix_socket.path.as_str(),
        unix_socket_permission: headscale.unix_socket.permission.as_str(),
        oidc: headscale.oidc.as_ref().map(|oidc| Oidc::of(headscale, oidc, newer)),
        logtail: headscale.logtail,
        taildrop: headscale.taildrop,
        auto_update: headscale.auto_update.filter(|_| newer),
        randomize_client_port: headscale.randomize_client_port.filter(|_| !newer),
        cli: headscale.cli.as_ref().map(Cli::of),
        tuning: Tuning::of(&headscale.tuning, newer),
    })
}
