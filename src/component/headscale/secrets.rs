//! Which secret values the server uses, where they come from, and how they reach it: as files where Headscale reads files, else
//! as environment variables from the Secret.

use std::collections::BTreeMap;

use super::{Output, at, volumes};
use crate::config::headscale::{DatabaseType, Headscale, SecretKey};
use crate::source::ConfigPath;

/// The file of the client secret.
pub(super) const OIDC_FILE: &str = "oidc_client_secret";

/// A secret value that is mounted as a file.
pub(super) struct SecretFile {
    pub(super) from: SecretKey,
    pub(super) file: &'static str,
}

/// A secret value in the environment.
pub(super) struct SecretVariable {
    pub(super) from: SecretKey,
    /// Headscale reads every key of its config from `HEADSCALE_` and the key in capitals, with `_` for `.`.
    pub(super) name: &'static str,
}

/// The path of a mounted secret file.
pub(super) fn mounted(file: &str) -> String {
    format!("{}/{file}", volumes::KEYS)
}

/// Where a private key lies: mounted, or in the storage, where Headscale generates it.
pub(super) fn key_path(headscale: &Headscale, file: &str) -> String {
    if headscale.use_agenix_secrets { mounted(file) } else { format!("{}/{file}", volumes::DATA) }
}

/// The secret values that are mounted.
pub(super) fn files(headscale: &Headscale) -> Vec<SecretFile> {
    let keys = &headscale.secrets.keys;
    let noise = shared(headscale, &keys.noise).map(|from| SecretFile { from, file: "noise_private.key" });
    let derp = shared(headscale, &keys.derp).filter(|_| headscale.derp.server.enabled);
    let derp = derp.map(|from| SecretFile { from, file: "derp_server_private.key" });
    let oidc = oidc_secret(headscale).map(|from| SecretFile { from, file: OIDC_FILE });
    [noise, derp, oidc].into_iter().flatten().collect()
}

/// The secret values in the environment.
pub(super) fn variables(headscale: &Headscale) -> Vec<SecretVariable> {
    let postgres = (headscale.database.r#type == DatabaseType::Postgres).then(|| {
        let own = headscale.database.postgres.password_secret.clone();
        own.or_else(|| shared(headscale, &headscale.secrets.keys.postgres_password))
    });
    let postgres = postgres.flatten().map(|from| SecretVariable { from, name: "HEADSCALE_DATABASE_POSTGRES_PASS" });
    let cli = headscale.cli.as_ref().and_then(|cli| cli.api_key_secret.clone());
    let cli = cli.map(|from| SecretVariable { from, name: "HEADSCALE_CLI_API_KEY" });
    [postgres, cli].into_iter().flatten().collect()
}

/// Where the client secret of OpenID Connect comes from.
pub(super) fn oidc_secret(headscale: &Headscale) -> Option<SecretKey> {
    let oidc = headscale.oidc.as_ref()?;
    oidc.client_secret.clone().or_else(|| shared(headscale, &headscale.secrets.keys.oidc_client_secret))
}

/// A key of the Secret that agenix delivers, where it does.
fn shared(headscale: &Headscale, key: &str) -> Option<SecretKey> {
    headscale.use_agenix_secrets.then(|| SecretKey { name: headscale.secrets.name.clone(), key: key.to_owned() })
}

/// Declares every Secret with the keys that are used.
pub(super) fn declare(headscale: &Headscale, out: &mut Output) {
    let files = files(headscale).into_iter().map(|file| file.from);
    let used = files.chain(variables(headscale).into_iter().map(|variable| variable.from));
    let mut secrets: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for SecretKey { name, key } in used {
        secrets.entry(name.0).or_default().push(key);
    }
    if let Some(tls) = &headscale.tls.secret_name {
        secrets.entry(tls.to_string()).or_default().extend(["tls.crt", "tls.key"].map(ToOwned::to_owned));
    }
    for (name, keys) in secrets {
        let origin = origin(headscale, &name);
        out.secret(origin, headscale.namespace.as_str(), name, keys.iter().map(String::as_str));
    }
}

/// The config entry that names a Secret.
fn origin(headscale: &Headscale, name: &str) -> ConfigPath {
    let is = |secret: Option<&SecretKey>| secret.is_some_and(|secret| secret.name.as_str() == name);
    if headscale.use_agenix_secrets && headscale.secrets.name.as_str() == name {
        at(["secrets"])
    } else if headscale.tls.secret_name.as_ref().is_some_and(|tls| tls.as_str() == name) {
        at(["tls", "secretName"])
    } else if is(headscale.database.postgres.password_secret.as_ref()) {
        at(["database", "postgres", "passwordSecret"])
    } else if is(headscale.oidc.as_ref().and_then(|oidc| oidc.client_secret.as_ref())) {
        at(["oidc", "clientSecret"])
    } else {
        at(["cli", "apiKeySecret"])
    }
}
