//! Who may log in.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::{Check, at};
use crate::config::mask;
use crate::source::ConfigPath;

const RULE: &str = "config/argocd-login";
const SECRET: &str = "config/argocd-secret";

pub(super) fn check(check: &mut Check<'_>) {
    let argocd = check.argocd;
    for (index, account) in argocd.accounts.iter().enumerate() {
        let path = at(["accounts"]).index(index);
        if account.name == "admin" {
            check.error(path.key("name"), RULE, "the account `admin` is built in", "set `argocd.admin` instead");
        } else if !account.login && !account.api_key {
            let message = format!("nobody can use the account `{}`: it may neither log in nor have API keys", account.name);
            check.error(path, RULE, message, "set `login` or `apiKey`");
        }
        if argocd.accounts[..index].iter().any(|other| other.name == account.name) {
            check.error(at(["accounts"]).index(index).key("name"), RULE, format!("`{}` is there twice", account.name), "remove one");
        }
    }
    if argocd.oidc.is_some() && !argocd.dex.connectors.is_empty() {
        check.error(
            at(["oidc"]),
            RULE,
            "Argo CD takes either a provider of its own or Dex, and never asks Dex when both are set",
            "remove `argocd.oidc`, or make it a Dex connector of type `oidc`",
        );
    }
    if let Some(oidc) = &argocd.oidc
        && oidc.client_secret.is_none()
        && !oidc.enable_pkce_authentication
    {
        let message = "the client has no secret, which works for public clients with PKCE only";
        check.error(at(["oidc"]), RULE, message, "set `clientSecret: {name, key}`, or `enablePKCEAuthentication: true`");
    }
    let asks = if argocd.oidc.is_some() { Some("oidc") } else { (!argocd.dex.connectors.is_empty()).then_some("dex") };
    if let (Some(key), None) = (asks, &argocd.url) {
        let message = "log-in through a provider leads back to Argo CD's URL, and none is set";
        check.error(at([key]), RULE, message, "set `argocd.url`, such as `https://argocd.example.com`");
    }
    dex(check);
    notifications(check);
    nobody(check);
}

fn dex(check: &mut Check<'_>) {
    let dex = &check.argocd.dex;
    if !dex.enabled && !dex.connectors.is_empty() {
        check.error(at(["dex", "connectors"]), RULE, "Dex is off, so its connectors do nothing", "remove them, or `argocd.dex.enabled`");
    }
    for (index, connector) in dex.connectors.iter().enumerate() {
        let path = at(["dex", "connectors"]).index(index);
        if dex.connectors[..index].iter().any(|other| other.id == connector.id) {
            check.error(path.key("id"), RULE, format!("two connectors have the id `{}`", connector.id), "choose another one");
        }
        for (key, value) in &connector.config {
            plain_secrets(check, &path.key("config").key(key), key, value, DEX);
        }
    }
    for (index, connector) in check.argocd.dex.connectors.iter().enumerate() {
        for name in references(&connector.config) {
            let declared = check.argocd.dex.secrets.iter().any(|secret| format!("{}:{}", secret.name, secret.key) == name);
            if name.contains(':') && !declared {
                let message = format!("the connector uses `${name}`, which `dex.secrets` does not name");
                let hint = format!(
                    "add it to `argocd.dex.secrets`: {{name: {}, key: {}}}",
                    name.split(':').next().unwrap_or(""),
                    name.split(':').nth(1).unwrap_or("")
                );
                check.error(at(["dex", "connectors"]).index(index), RULE, message, hint);
            }
        }
    }
}

/// What `$` leads to in the texts of a connector.
fn references(config: &serde_json::Map<String, Value>) -> Vec<String> {
    fn gather(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.extend(text.strip_prefix('$').map(ToOwned::to_owned)),
            Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
            Value::Object(map) => map.values().for_each(|item| gather(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    config.values().for_each(|value| gather(value, &mut found));
    found
}

/// The way out for a connector of Dex, and for a service of notifications.
const DEX: &str = "write `$NAME:KEY`, put the value into the key of the Secret `NAME`, and name both in `argocd.dex.secrets`";
const NOTIFICATIONS: &str =
    "write `$KEY`, put the value into that key of `argocd-notifications-secret`, and name it in `argocd.notifications.secretKeys`";

fn notifications(check: &mut Check<'_>) {
    for (name, service) in &check.argocd.notifications.services {
        plain_secrets(check, &at(["notifications", "services"]).key(name), name, service, NOTIFICATIONS);
        for key in keys_in(service).into_iter().filter(|key| !check.argocd.notifications.secret_keys.contains(key)) {
            let message = format!("`{name}` uses `${key}`, which `notifications.secretKeys` does not name");
            check.error(at(["notifications", "services"]).key(name), RULE, message, "add it to `argocd.notifications.secretKeys`");
        }
    }
}

/// The keys that a service of notifications names, wherever they stand in a text (`pkg/api/config.go` of notifications-engine).
fn keys_in(service: &Value) -> BTreeSet<String> {
    static KEY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$([-\w]+)").ok());
    let Some(key) = KEY.as_ref() else { return BTreeSet::new() };
    match service {
        Value::String(text) => key.captures_iter(text).filter_map(|found| Some(found.get(1)?.as_str().to_owned())).collect(),
        Value::Array(items) => items.iter().flat_map(keys_in).collect(),
        Value::Object(map) => map.values().flat_map(keys_in).collect(),
        _ => BTreeSet::new(),
    }
}

/// `bindPW` is LDAP's name for a password.
fn plain_secrets(check: &mut Check<'_>, path: &ConfigPath, key: &str, value: &Value, hint: &str) {
    match value {
        Value::String(text) if (mask::is_secret(key) || key == "bindPW") && !text.starts_with('$') => {
            check.error(path.clone(), SECRET, format!("`{key}` holds a secret in plain text"), hint);
        }
        Value::Object(map) => map.iter().for_each(|(key, value)| plain_secrets(check, &path.key(key), key, value, hint)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| plain_secrets(check, &path.index(index), key, item, hint));
        }
        _ => {}
    }
}

fn nobody(check: &mut Check<'_>) {
    let argocd = check.argocd;
    let somebody = argocd.admin.enabled
        || argocd.accounts.iter().any(|account| account.enabled && account.login)
        || argocd.oidc.is_some()
        || !argocd.dex.connectors.is_empty();
    if !somebody && !argocd.anonymous {
        check.warning(
            at(["admin", "enabled"]),
            RULE,
            "nobody can log in",
            "add `argocd.accounts`, `argocd.oidc` or `argocd.dex.connectors`",
        );
    }
    if argocd.anonymous && argocd.rbac.default_role.as_deref() == Some("role:admin") {
        check.warning(
            at(["anonymous"]),
            RULE,
            "everybody who reaches the server may do everything: people who are not logged in have `rbac.defaultRole`, which is `role:admin`",
            "set `argocd.rbac.defaultRole: role:readonly`",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    #[test]
    fn accounts_can_be_used() {
        let accounts =
            json!([{"name": "admin", "login": true}, {"name": "ci"}, {"name": "a", "login": true}, {"name": "a", "apiKey": true}]);
        insta::assert_snapshot!(said(json!({"accounts": accounts})), @"
        error argocd.accounts[0].name config/argocd-login: the account `admin` is built in
          set `argocd.admin` instead
        error argocd.accounts[1] config/argocd-login: nobody can use the account `ci`: it may neither log in nor have API keys
          set `login` or `apiKey`
        error argocd.accounts[3].name config/argocd-login: `a` is there twice
          remove one
        ");
        insta::assert_snapshot!(said(json!({"admin": {"enabled": false}})), @"
        warning argocd.admin.enabled config/argocd-login: nobody can log in
          add `argocd.accounts`, `argocd.oidc` or `argocd.dex.connectors`
        ");
        insta::assert_snapshot!(said(json!({"anonymous": true, "rbac": {"defaultRole": "role:admin"}})), @"
        warning argocd.anonymous config/argocd-login: everybody who reaches the server may do everything: people who are not logged in have `rbac.defaultRole`, which is `role:admin`
          set `argocd.rbac.defaultRole: role:readonly`
        ");
    }

    #[test]
    fn providers_are_whole() {
        let oidc = json!({"name": "Keycloak", "issuer": "https://sso.example.com", "clientID": "argocd"});
        insta::assert_snapshot!(said(json!({"oidc": oidc})), @"
        error argocd.oidc config/argocd-login: the client has no secret, which works for public clients with PKCE only
          set `clientSecret: {name, key}`, or `enablePKCEAuthentication: true`
        error argocd.oidc config/argocd-login: log-in through a provider leads back to Argo CD's URL, and none is set
          set `argocd.url`, such as `https://argocd.example.com`
        ");
    }

    #[test]
    fn secrets_of_connectors_are_references() {
        let connectors = json!([
            {"type": "github", "id": "github", "name": "GitHub", "config": {"clientID": "a", "clientSecret": "hunter2"}},
            {"type": "ldap", "id": "ldap", "name": "LDAP", "config": {"bindPW": "$ldap:password", "nested": [{"password": "x"}]}},
            {"type": "ldap", "id": "ldap", "name": "LDAP", "config": {"bindPW": "$own:password"}},
        ]);
        let dex = json!({"connectors": connectors, "secrets": [{"name": "own", "key": "password"}]});
        let said = said(json!({"url": "https://argocd.example.com", "dex": dex}));
        assert!(!said.contains("hunter2"), "{said}");
        insta::assert_snapshot!(said, @"
        error argocd.dex.connectors[0].config.clientSecret config/argocd-secret: `clientSecret` holds a secret in plain text
          write `$NAME:KEY`, put the value into the key of the Secret `NAME`, and name both in `argocd.dex.secrets`
        error argocd.dex.connectors[1].config.nested[0].password config/argocd-secret: `password` holds a secret in plain text
          write `$NAME:KEY`, put the value into the key of the Secret `NAME`, and name both in `argocd.dex.secrets`
        error argocd.dex.connectors[2].id config/argocd-login: two connectors have the id `ldap`
          choose another one
        error argocd.dex.connectors[1] config/argocd-login: the connector uses `$ldap:password`, which `dex.secrets` does not name
          add it to `argocd.dex.secrets`: {name: ldap, key: password}
        ");
    }

    #[test]
    fn secrets_of_messages_are_references() {
        let services = json!({
            "slack": {"token": "hunter2"},
            "email": {"host": "mail.example.com", "username": "me", "password": "$email-password"},
            "webhook.chat": {"url": "https://chat.example.com", "headers": [{"name": "Authorization", "value": "$chat"}]},
        });
        let said = said(json!({"notifications": {"services": services, "secretKeys": ["chat"]}}));
        assert!(!said.contains("hunter2"), "{said}");
        insta::assert_snapshot!(said, @"
        error argocd.notifications.services.slack.token config/argocd-secret: `token` holds a secret in plain text
          write `$KEY`, put the value into that key of `argocd-notifications-secret`, and name it in `argocd.notifications.secretKeys`
        error argocd.notifications.services.email config/argocd-login: `email` uses `$email-password`, which `notifications.secretKeys` does not name
          add it to `argocd.notifications.secretKeys`
        ");
    }

    /// What stands behind a word was neither looked for nor delivered.
    #[test]
    fn keys_of_messages_stand_anywhere_in_a_text() {
        let services = json!({"grafana": {"headers": [{"name": "Authorization", "value": "Bearer $grafana-token"}]}});
        insta::assert_snapshot!(said(json!({"notifications": {"services": services}})), @"
        error argocd.notifications.services.grafana config/argocd-login: `grafana` uses `$grafana-token`, which `notifications.secretKeys` does not name
          add it to `argocd.notifications.secretKeys`
        ");
        let only_keys = json!({"admin": {"enabled": false}, "accounts": [{"name": "ci", "apiKey": true}]});
        assert!(said(only_keys).contains("nobody can log in"));
    }
}
