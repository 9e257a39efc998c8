//! The keys of Headscale's own config: a version gets only keys that it knows, and every key can be set.

use std::collections::BTreeSet;

use manifestgen::config::{Cluster, ConfigFile, LoadRequest, load};
use manifestgen::source::Sources;
use serde_json::{Value, json};

use crate::headscale::{MINORS, Rendered, cluster, list, merged, problems, render, said, text};

/// The keys that both versions read: every name in a `viper.Get…`, `viper.IsSet` or `viper.SetDefault` of `hscontrol/types/config.go`
/// and `hscontrol/util/file.go` in headscale v0.28.0 and v0.29.0, and those in `config-example.yaml`.
const BOTH: &[&str] = &[
    "acme_email",
    "acme_url",
    "cli.address",
    "cli.api_key",
    "cli.insecure",
    "cli.timeout",
    "database.debug",
    "database.gorm.parameterized_queries",
    "database.gorm.prepare_stmt",
    "database.gorm.skip_err_record_not_found",
    "database.gorm.slow_threshold",
    "database.postgres.conn_max_idle_time_secs",
    "database.postgres.host",
    "database.postgres.max_idle_conns",
    "database.postgres.max_open_conns",
    "database.postgres.name",
    "database.postgres.pass",
    "database.postgres.port",
    "database.postgres.ssl",
    "database.postgres.user",
    "database.sqlite.path",
    "database.sqlite.wal_autocheckpoint",
    "database.sqlite.write_ahead_log",
    "database.type",
    "derp.auto_update_enabled",
    "derp.paths",
    "derp.server.automatically_add_embedded_derp_region",
    "derp.server.enabled",
    "derp.server.ipv4",
    "derp.server.ipv6",
    "derp.server.private_key_path",
    "derp.server.region_code",
    "derp.server.region_id",
    "derp.server.region_name",
    "derp.server.stun_listen_addr",
    "derp.server.verify_clients",
    "derp.update_frequency",
    "derp.urls",
    "disable_check_updates",
    "dns.base_domain",
    "dns.extra_records",
    "dns.extra_records_path",
    "dns.magic_dns",
    "dns.nameservers.global",
    "dns.nameservers.split",
    "dns.override_local_dns",
    "dns.search_domains",
    "grpc_allow_insecure",
    "grpc_listen_addr",
    "listen_addr",
    "log.format",
    "log.level",
    "logtail.enabled",
    "metrics_listen_addr",
    "noise.private_key_path",
    "oidc.allowed_domains",
    "oidc.allowed_groups",
    "oidc.allowed_users",
    "oidc.client_id",
    "oidc.client_secret",
    "oidc.client_secret_path",
    "oidc.email_verified_required",
    "oidc.extra_params",
    "oidc.issuer",
    "oidc.only_start_if_oidc_is_available",
    "oidc.pkce.enabled",
    "oidc.pkce.method",
    "oidc.scope",
    "oidc.use_expiry_from_token",
    "policy.mode",
    "policy.path",
    "prefixes.allocation",
    "prefixes.v4",
    "prefixes.v6",
    "server_url",
    "taildrop.enabled",
    "tls_cert_path",
    "tls_key_path",
    "tls_letsencrypt_cache_dir",
    "tls_letsencrypt_challenge_type",
    "tls_letsencrypt_hostname",
    "tls_letsencrypt_listen",
    "tuning.batch_change_delay",
    "tuning.batcher_workers",
    "tuning.node_mapsession_buffered_chan_size",
    "tuning.node_store_batch_size",
    "tuning.node_store_batch_timeout",
    "tuning.notifier_send_timeout",
    "tuning.register_cache_expiration",
    "unix_socket",
    "unix_socket_permission",
];

/// Keys of 0.28 only. 0.29 still reads the first, with a warning; the others are gone, and two of them keep it from starting.
const ONLY_28: &[&str] = &["ephemeral_node_inactivity_timeout", "oidc.expiry", "randomize_client_port", "tuning.register_cache_cleanup"];

/// Keys of 0.29 only.
const ONLY_29: &[&str] = &[
    "auto_update.enabled",
    "node.ephemeral.inactivity_timeout",
    "node.expiry",
    "node.routes.ha.probe_interval",
    "node.routes.ha.probe_timeout",
    "trusted_proxies",
    "tuning.register_cache_max_entries",
];

/// Keys whose values are secret: they reach Headscale in its environment or as a file, never in its config.
///
/// Left out of the lists altogether: `oidc.enabled` (it only decides whether `pkce.method` is looked at) and `derp.server.stun.enabled`
/// (it has a default and no reader).
const SECRET: &[(&str, &str)] = &[
    ("cli.api_key", "HEADSCALE_CLI_API_KEY"),
    ("database.postgres.pass", "HEADSCALE_DATABASE_POSTGRES_PASS"),
    ("oidc.client_secret", "oidc.client_secret_path"),
];

/// Keys whose values are maps or lists of the user's own.
const FREE: &[&str] = &["dns.nameservers.split", "oidc.extra_params"];

fn known(minor: &str) -> BTreeSet<String> {
    let own = if minor == "0.28" { ONLY_28 } else { ONLY_29 };
    BOTH.iter().chain(own).map(|key| (*key).to_owned()).collect()
}

/// The keys of a config, with dots.
pub(crate) fn keys(config: &Value) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, keys: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) if !FREE.contains(&path) => {
                for (key, value) in map {
                    walk(value, &if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, keys);
                }
            }
            _ => {
                keys.insert(path.to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(config, "", &mut found);
    found
}

/// Keys that this version does not know.
pub(crate) fn unknown_keys(rendered: &Rendered, minor: &str) -> Vec<String> {
    keys(&rendered.config()).difference(&known(minor)).cloned().collect()
}

/// The fixture with every key, as the command line reads it.
pub(crate) fn everything(minor: &str) -> (Cluster, Value) {
    let path = format!("{}/fixtures/headscale/everything-{minor}.yaml", env!("CARGO_MANIFEST_DIR"));
    let file = ConfigFile::read(path.as_ref()).expect("a fixture");
    let mut sources = Sources::new();
    let loaded = load(&LoadRequest { file: Some(file), ..LoadRequest::default() }, &mut sources);
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}: {:#?}", error.findings));
    (loaded.cluster().clone(), loaded.json()["headscale"].clone())
}

#[test]
fn each_key_of_each_version_can_be_set() {
    for minor in MINORS {
        let (first, section) = everything(minor);
        // What excludes each other, in a second config.
        let other = merged(
            &section,
            &json!({
                "database": {"type": "postgres", "postgres": {"host": "10.0.0.5", "passwordSecret": {"name": "pg", "key": "password"}}},
                "derp": {"urls": ["https://derp.example.com/map"]},
                "dns": {"extraRecords": [], "extraRecordsFrom": {"name": "records", "key": "records.json"}},
                "cli": {"address": "headscale.example.com:50443"},
            }),
        );
        let mut other = other;
        other["tls"] = json!({"letsEncrypt": {"hostname": "hs.example.com", "email": "ops@example.com"}});
        let other = cluster(&other);
        let mut set = BTreeSet::new();
        for cluster in [&first, &other] {
            let errors: Vec<_> =
                problems(cluster).into_iter().filter(|(severity, ..)| *severity == manifestgen::diag::Severity::Error).collect();
            assert_eq!(errors, [], "{minor}");
            let rendered = render(cluster);
            assert_eq!(unknown_keys(&rendered, minor), [""; 0], "{minor}");
            set.extend(keys(&rendered.config()));
            let pod = rendered.pod();
            let variables = list(&pod["spec"]["containers"][0]["env"]);
            set.extend(variables.iter().map(|variable| text(&variable["name"]).to_owned()));
        }
        for (key, by) in SECRET {
            assert!(!set.contains(*key) && set.remove(*by), "{minor}: {key}");
            set.insert((*key).to_owned());
            if key.starts_with("oidc") {
                set.insert((*by).to_owned());
            }
        }
        assert_eq!(set, known(minor), "{minor}");
    }
}

/// Each key of the one version is refused for the other, with the place where it went.
#[test]
fn keys_of_the_other_version_are_refused() {
    let refused = |fixture: &str, minor: &str| {
        let (_, section) = everything(fixture);
        said(&cluster(&merged(&section, &json!({"version": minor}))))
    };
    for minor in MINORS {
        assert_eq!(refused(minor, minor), "");
    }
    insta::assert_snapshot!(refused("0.29", "0.28"), @"
    Error headscale.tuning.registerCacheMaxEntries config/headscale-version: `headscale.tuning.registerCacheMaxEntries` is a key of Headscale 0.29 and unknown to 0.28
      -> Headscale 0.28 cleans the cache by time: remove it, or set `headscale.tuning.registerCacheCleanup`
    Error headscale.node.expiry config/headscale-version: `headscale.node.expiry` is a key of Headscale 0.29 and unknown to 0.28
      -> Headscale 0.28 has it for OpenID Connect only: set `headscale.oidc.expiry`, or `headscale.version: 0.29.0`
    Error headscale.node.routes config/headscale-version: `headscale.node.routes` is a key of Headscale 0.29 and unknown to 0.28
      -> remove it, or set `headscale.version: 0.29.0`
    Error headscale.autoUpdate config/headscale-version: `headscale.autoUpdate` is a key of Headscale 0.29 and unknown to 0.28
      -> remove it, or set `headscale.version: 0.29.0`
    Error headscale.trustedProxies config/headscale-version: `headscale.trustedProxies` is a key of Headscale 0.29 and unknown to 0.28
      -> remove it, or set `headscale.version: 0.29.0`
    Error headscale.policy.grants config/headscale-version: `headscale.policy.grants` is a key of Headscale 0.29 and unknown to 0.28
      -> Headscale 0.28 has `acls` only: write it as an ACL, or set `headscale.version: 0.29.0`
    Error headscale.policy.nodeAttrs config/headscale-version: `headscale.policy.nodeAttrs` is a key of Headscale 0.29 and unknown to 0.28
      -> remove it, or set `headscale.version: 0.29.0`
    Error headscale.policy.tests config/headscale-version: `headscale.policy.tests` is a key of Headscale 0.29 and unknown to 0.28
      -> remove it, or set `headscale.version: 0.29.0`
    Error headscale.policy.sshTests config/headscale-version: `headscale.policy.sshTests` is a key of Headscale 0.29 and unknown to 0.28
      -> remove it, or set `headscale.version: 0.29.0`
    Error headscale.policy.randomizeClientPort config/headscale-version: `headscale.policy.randomizeClientPort` is a key of Headscale 0.29 and unknown to 0.28
      -> in Headscale 0.28 it is no part of the policy: set `headscale.randomizeClientPort`
    Error headscale.policy.ssh[0].acceptEnv config/headscale-version: `headscale.policy.ssh[0].acceptEnv` is a key of Headscale 0.29 and unknown to 0.28
      -> remove it, or set `headscale.version: 0.29.0`
    Error headscale.policy.ssh[2].checkPeriod config/headscale-version: `always` is a value of Headscale 0.29 and unknown to 0.28
      -> Headscale 0.28 takes a duration only, such as `1m`
    Error headscale.policy.acls[2].dst[0] config/headscale-policy: `autogroup:self:53` names ports, and only `tcp`, `udp` and `sctp` have ports
      -> write `autogroup:self:*`, or one of these names in `proto`
    Error headscale.policy.acls[2].dst[1] config/headscale-policy: `[fd7a:115c:a1e0::1]` is nothing that a rule can name
      -> write `*`, a user, `group:…`, `tag:…`, a host or an address
    Error headscale.policy.acls[2].dst[1] config/headscale-policy: `[fd7a:115c:a1e0::1]:53` names ports, and only `tcp`, `udp` and `sctp` have ports
      -> write `[fd7a:115c:a1e0::1]:*`, or one of these names in `proto`
    Error headscale.policy.acls[3].src[0] config/headscale-policy: `autogroup:danger-all` has no meaning here
      -> here it can be autogroup:member, autogroup:tagged
    ");
    insta::assert_snapshot!(refused("0.28", "0.29"), @"
    Error headscale.randomizeClientPort config/headscale-version: `headscale.randomizeClientPort` is a key of Headscale 0.28 and unknown to 0.29
      -> Headscale 0.29 moved it to the policy: set `headscale.policy.randomizeClientPort`
    Error headscale.oidc.expiry config/headscale-version: `headscale.oidc.expiry` is a key of Headscale 0.28 and unknown to 0.29
      -> Headscale 0.29 moved it: set `headscale.node.expiry`, which counts for every log-in
    Error headscale.tuning.registerCacheCleanup config/headscale-version: `headscale.tuning.registerCacheCleanup` is a key of Headscale 0.28 and unknown to 0.29
      -> Headscale 0.29 bounds the cache instead: remove it, or set `headscale.tuning.registerCacheMaxEntries`
    ");
}
