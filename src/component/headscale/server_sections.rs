//! The sections of Headscale's `config.yaml`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{DERP_FILE, POLICY_FILE, secrets, server_config, volumes};
use crate::config::headscale::{
    self as config, Allocation, DatabaseType, DayDuration, Ephemeral, ExtraRecord, Gorm, HaRoutes, Headscale, Pkce, PkceMethod, PolicyMode,
    SslMode,
};
use crate::config::{Cidr, DnsName, GoDuration, HttpUrl, IpAddress, Port};

/// A key that Headscale generates where the file is not there.
#[derive(Debug, Serialize)]
pub(super) struct PrivateKey {
    private_key_path: String,
}

impl PrivateKey {
    pub(super) fn noise(headscale: &Headscale) -> Self {
        Self { private_key_path: secrets::key_path(headscale, "noise_private.key") }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Prefixes {
    #[serde(skip_serializing_if = "Option::is_none")]
    v4: Option<Cidr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    v6: Option<Cidr>,
    allocation: Allocation,
}

impl Prefixes {
    pub(super) fn of(prefixes: &config::Prefixes) -> Self {
        let (v4, v6) = prefixes.ranges();
        Self { v4, v6, allocation: prefixes.allocation }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Derp<'a> {
    server: DerpServer<'a>,
    /// Written even when empty: this is where Headscale's own example names the public relays.
    urls: &'a [HttpUrl],
    paths: Vec<String>,
    auto_update_enabled: bool,
    update_frequency: &'a GoDuration,
}

#[derive(Debug, Serialize)]
struct DerpServer<'a> {
    enabled: bool,
    /// Left out when it is off: Headscale reads none of it then.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    region: Option<DerpServerRegion<'a>>,
}

#[derive(Debug, Serialize)]
struct DerpServerRegion<'a> {
    region_id: u16,
    region_code: &'a str,
    region_name: &'a str,
    verify_clients: bool,
    stun_listen_addr: String,
    private_key_path: String,
    automatically_add_embedded_derp_region: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv4: Option<&'a IpAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ipv6: Option<&'a IpAddress>,
}

impl<'a> Derp<'a> {
    pub(super) fn of(headscale: &'a Headscale) -> Self {
        let config::Derp { server, urls, map, auto_update_enabled, update_frequency } = &headscale.derp;
        let region = || DerpServerRegion {
            region_id: server.region_id,
            region_code: &server.region_code,
            region_name: &server.region_name,
            verify_clients: server.verify_clients,
            stun_listen_addr: server_config::address(headscale, headscale.stun_port()),
            private_key_path: secrets::key_path(headscale, "derp_server_private.key"),
            automatically_add_embedded_derp_region: server.automatically_add_embedded_derp_region,
            ipv4: server.ipv4.as_ref(),
            ipv6: server.ipv6.as_ref(),
        };
        Self {
            server: DerpServer { enabled: server.enabled, region: server.enabled.then(region) },
            urls,
            paths: map.iter().map(|_| format!("{}/{DERP_FILE}", volumes::CONFIG)).collect(),
            auto_update_enabled: *auto_update_enabled,
            update_frequency,
        }
    }
}

/// From 0.29; before, the timeout is a key of its own.
#[derive(Debug, Serialize)]
pub(super) struct Node<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<&'a DayDuration>,
    ephemeral: EphemeralNode<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routes: Option<Routes<'a>>,
}

#[derive(Debug, Serialize)]
struct EphemeralNode<'a> {
    inactivity_timeout: &'a GoDuration,
}

#[derive(Debug, Serialize)]
struct Routes<'a> {
    ha: Ha<'a>,
}

#[derive(Debug, Serialize)]
struct Ha<'a> {
    probe_interval: &'a GoDuration,
    probe_timeout: &'a GoDuration,
}

impl<'a> Node<'a> {
    pub(super) fn of(node: &'a config::NodeLifecycle) -> Self {
        let Ephemeral { inactivity_timeout } = &node.ephemeral;
        let routes = |routes: &'a config::Routes| {
            let HaRoutes { probe_interval, probe_timeout } = &routes.ha;
            Routes { ha: Ha { probe_interval, probe_timeout } }
        };
        Self { expiry: node.expiry.as_ref(), ephemeral: EphemeralNode { inactivity_timeout }, routes: node.routes.as_ref().map(routes) }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Database<'a> {
    r#type: DatabaseType,
    debug: bool,
    gorm: GormSection,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqlite: Option<Sqlite>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postgres: Option<Postgres<'a>>,
}

#[derive(Debug, Serialize)]
struct GormSection {
    prepare_stmt: bool,
    parameterized_queries: bool,
    skip_err_record_not_found: bool,
    slow_threshold: u32,
}

#[derive(Debug, Serialize)]
struct Sqlite {
    path: String,
    write_ahead_log: bool,
    wal_autocheckpoint: u32,
}

/// Without `pass`: the password comes from the environment, which Headscale reads for every key.
#[derive(Debug, Serialize)]
struct Postgres<'a> {
    host: &'a str,
    port: Port,
    name: &'a str,
    user: &'a str,
    ssl: SslMode,
    max_open_conns: u32,
    max_idle_conns: u32,
    conn_max_idle_time_secs: u32,
}

impl<'a> Database<'a> {
    pub(super) fn of(database: &'a config::Database) -> Self {
        let Gorm { prepare_stmt, parameterized_queries, skip_err_record_not_found, slow_threshold } = database.gorm;
        let sqlite = || Sqlite {
            path: format!("{}/db.sqlite", volumes::DATA),
            write_ahead_log: database.sqlite.write_ahead_log,
            wal_autocheckpoint: database.sqlite.wal_autocheckpoint,
        };
        let postgres = &database.postgres;
        let postgres = || Postgres {
            host: postgres.host.as_ref().map_or("", |host| host.as_str()),
            port: postgres.port,
            name: &postgres.name,
            user: &postgres.user,
            ssl: postgres.ssl,
            max_open_conns: postgres.max_open_conns,
            max_idle_conns: postgres.max_idle_conns,
            conn_max_idle_time_secs: postgres.conn_max_idle_time_secs,
        };
        Self {
            r#type: database.r#type,
            debug: database.debug,
            gorm: GormSection { prepare_stmt, parameterized_queries, skip_err_record_not_found, slow_threshold },
            sqlite: (database.r#type == DatabaseType::Sqlite).then(sqlite),
            postgres: (database.r#type == DatabaseType::Postgres).then(postgres),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Policy {
    mode: PolicyMode,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

impl Policy {
    pub(super) fn of(policy: &config::Policy) -> Self {
        let in_file = policy.mode == PolicyMode::File && !policy.is_empty();
        Self { mode: policy.mode, path: in_file.then(|| format!("{}/{POLICY_FILE}", volumes::CONFIG)) }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Names<'a> {
    magic_dns: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_domain: Option<DnsName>,
    override_local_dns: bool,
    nameservers: Nameservers<'a>,
    search_domains: &'a [DnsName],
    /// Left out when empty: even an empty list excludes `extra_records_path`.
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_records: Option<&'a [ExtraRecord]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_records_path: Option<String>,
}

#[derive(Debug, Serialize)]
struct Nameservers<'a> {
    global: &'a [String],
    split: &'a BTreeMap<String, Vec<String>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(dns: &'a config::Dns) -> Self {
        let from = dns.extra_records_from.as_ref();
        Self {
            magic_dns: dns.magic_dns,
            base_domain: dns.base_domain(),
            override_local_dns: dns.override_local_dns,
            nameservers: Nameservers { global: &dns.nameservers.global, split: &dns.nameservers.split },
            search_domains: &dns.search_domains,
            extra_records: Some(dns.extra_records.as_slice()).filter(|records| !records.is_empty()),
            extra_records_path: from.map(|from| format!("{}/{}", volumes::RECORDS, from.key)),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Oidc<'a> {
    only_start_if_oidc_is_available: bool,
    issuer: &'a str,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<&'a DayDuration>,
    use_expiry_from_token: bool,
    scope: &'a [String],
    email_verified_required: bool,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    extra_params: &'a BTreeMap<String, String>,
    allowed_domains: &'a [String],
    allowed_users: &'a [String],
    allowed_groups: &'a [String],
    pkce: PkceSection,
}

#[derive(Debug, Serialize)]
struct PkceSection {
    enabled: bool,
    method: PkceMethod,
}

impl<'a> Oidc<'a> {
    pub(super) fn of(headscale: &'a Headscale, oidc: &'a config::Oidc, newer: bool) -> Self {
        let Pkce { enabled, method } = oidc.pkce;
        Self {
            only_start_if_oidc_is_available: oidc.only_start_if_oidc_is_available,
            issuer: oidc.issuer.as_str(),
            client_id: &oidc.client_id,
            client_secret_path: secrets::oidc_secret(headscale).map(|_| secrets::mounted(secrets::OIDC_FILE)),
            expiry: oidc.expiry.as_ref().filter(|_| !newer),
            use_expiry_from_token: oidc.use_expiry_from_token,
            scope: &oidc.scope,
            email_verified_required: oidc.email_verified_required,
            extra_params: &oidc.extra_params,
            allowed_domains: &oidc.allowed_domains,
            allowed_users: &oidc.allowed_users,
            allowed_groups: &oidc.allowed_groups,
            pkce: PkceSection { enabled, method },
        }
    }
}

/// Without `api_key`, which comes from the environment.
#[derive(Debug, Serialize)]
pub(super) struct Cli<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<&'a GoDuration>,
    insecure: bool,
}

impl<'a> Cli<'a> {
    pub(super) fn of(cli: &'a config::Cli) -> Self {
        Self { address: cli.address.as_deref(), timeout: cli.timeout.as_ref(), insecure: cli.insecure }
    }
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Tuning<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    notifier_send_timeout: Option<&'a GoDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_change_delay: Option<&'a GoDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_mapsession_buffered_chan_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batcher_workers: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    register_cache_cleanup: Option<&'a GoDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    register_cache_expiration: Option<&'a GoDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    register_cache_max_entries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_store_batch_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_store_batch_timeout: Option<&'a GoDuration>,
}

impl<'a> Tuning<'a> {
    pub(super) fn of(tuning: &'a config::Tuning, newer: bool) -> Self {
        Self {
            notifier_send_timeout: tuning.notifier_send_timeout.as_ref(),
            batch_change_delay: tuning.batch_change_delay.as_ref(),
            node_mapsession_buffered_chan_size: tuning.node_mapsession_buffered_chan_size,
            batcher_workers: tuning.batcher_workers,
            register_cache_cleanup: tuning.register_cache_cleanup.as_ref().filter(|_| !newer),
            register_cache_expiration: tuning.register_cache_expiration.as_ref(),
            register_cache_max_entries: tuning.register_cache_max_entries.filter(|_| newer),
            node_store_batch_size: tuning.node_store_batch_size,
            node_store_batch_timeout: tuning.node_store_batch_timeout.as_ref(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
