//! How resources are looked at, and the public keys and certificates of sources.

use super::{Check, at};
use crate::config::argocd::TrackingMethod;

const RULE: &str = "config/argocd-resource";

pub(super) fn check(check: &mut Check<'_>) {
    let argocd = check.argocd;
    for (kind, custom) in &argocd.customizations {
        let path = at(["customizations"]).key(kind);
        if !is_kind(kind) {
            let hint = if kind.contains('*') {
                "a pattern goes into `argocd.settings` as `resource.customizations`, because a key of a ConfigMap cannot hold `*`"
            } else {
                "write `GROUP/KIND`, such as `apps/Deployment`, `KIND` for the core group, or `all`"
            };
            check.error(path.clone(), RULE, format!("`{kind}` names no kind"), hint);
        }
        if kind == "argoproj.io/Application" && custom.health.is_some() && argocd.application_health {
            let message = "the health of Applications is set twice, here and by `applicationHealth`";
            check.error(path.key("health"), RULE, message, "set `argocd.applicationHealth: false`, or remove this one");
        }
        for (key, fields) in [("ignoreDifferences", &custom.ignore_differences), ("ignoreResourceUpdates", &custom.ignore_resource_updates)]
        {
            let pointers = fields.iter().flat_map(|fields| &fields.json_pointers).enumerate();
            for (index, pointer) in pointers.filter(|(_, pointer)| !pointer.starts_with('/')) {
                let path = path.key(key).key("jsonPointers").index(index);
                check.error(path, RULE, format!("`{pointer}` is no JSON pointer"), "one begins with `/`, such as `/spec/replicas`");
            }
        }
    }
    check.only_new(argocd.default_exclusions == Some(true), at(["defaultExclusions"]));
    if argocd.tracking.method == Some(TrackingMethod::Label) && argocd.tracking.label_key.is_none() {
        check.warning(
            at(["tracking", "method"]),
            RULE,
            "every object that manifestgen renders carries `app.kubernetes.io/instance`, and with this method Argo CD takes each for a part of an application of that name",
            "use `annotation`, or set `argocd.tracking.labelKey: argocd.argoproj.io/instance`",
        );
    }
    for (host, certificate) in &argocd.tls_certificates {
        if let Some(wrong) = not_armoured(certificate, "CERTIFICATE") {
            check.error(at(["tlsCertificates"]).key(host.as_str()), RULE, format!("the certificate of `{host}` {wrong}"), "give it as PEM");
        }
    }
    for (id, key) in &argocd.gpg_keys {
        if id.len() != 16 || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let hint = "`gpg --list-keys --keyid-format=long` shows it behind the slash";
            check.error(at(["gpgKeys"]).key(id), RULE, format!("`{id}` is no id of 16 hex digits, and Argo CD skips the key"), hint);
        }
        if let Some(wrong) = not_armoured(key, "PGP PUBLIC KEY BLOCK") {
            let hint = format!("`gpg --armor --export {id}` writes it");
            check.error(at(["gpgKeys"]).key(id), RULE, format!("the key `{id}` {wrong}"), hint);
        }
    }
    for (index, line) in argocd.ssh_known_hosts.iter().enumerate() {
        if line.split_whitespace().count() < 3 || line.contains('\n') {
            let message = "a line of `ssh_known_hosts` has a host, a key type and a key";
            check.error(at(["sshKnownHosts"]).index(index), RULE, message, "`ssh-keyscan HOST` writes such lines");
        }
    }
}

/// `all`, `KIND`, or `GROUP/KIND`: what becomes a key of a ConfigMap.
fn is_kind(text: &str) -> bool {
    let (group, kind) = text.split_once('/').unwrap_or(("", text));
    let fits = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    text == "all"
        || (!kind.is_empty() && kind.starts_with(|c: char| c.is_ascii_uppercase()) && fits(kind) && fits(group) && !text.starts_with('/'))
}

fn not_armoured(text: &str, what: &str) -> Option<&'static str> {
    if text.contains("PRIVATE KEY") {
        return Some("is a private key, which must not stand in the config");
    }
    let whole = text.contains(&format!("-----BEGIN {what}-----")) && text.contains(&format!("-----END {what}-----"));
    (!whole).then_some("is not whole")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    #[test]
    fn customizations_name_kinds() {
        let customizations = json!({
            "apps/Deployment": {"ignoreDifferences": {"jsonPointers": ["spec/replicas", "/spec/replicas"]}},
            "ConfigMap": {},
            "all": {},
            "*.example.com/*": {},
            "deployments": {},
            "argoproj.io/Application": {"health": "return {}"},
        });
        insta::assert_snapshot!(said(json!({"customizations": customizations, "tracking": {"method": "label"}})), @r#"
        error argocd.customizations."*.example.com/*" config/argocd-resource: `*.example.com/*` names no kind
          a pattern goes into `argocd.settings` as `resource.customizations`, because a key of a ConfigMap cannot hold `*`
        error argocd.customizations."apps/Deployment".ignoreDifferences.jsonPointers[0] config/argocd-resource: `spec/replicas` is no JSON pointer
          one begins with `/`, such as `/spec/replicas`
        error argocd.customizations."argoproj.io/Application".health config/argocd-resource: the health of Applications is set twice, here and by `applicationHealth`
          set `argocd.applicationHealth: false`, or remove this one
        error argocd.customizations.deployments config/argocd-resource: `deployments` names no kind
          write `GROUP/KIND`, such as `apps/Deployment`, `KIND` for the core group, or `all`
        warning argocd.tracking.method config/argocd-resource: every object that manifestgen renders carries `app.kubernetes.io/instance`, and with this method Argo CD takes each for a part of an application of that name
          use `annotation`, or set `argocd.tracking.labelKey: argocd.argoproj.io/instance`
        "#);
    }

    #[test]
    fn keys_are_public() {
        let section = json!({
            "version": "2.13.2",
            "defaultExclusions": true,
            "tlsCertificates": {"git.example.com": "-----BEGIN RSA PRIVATE KEY-----"},
            "gpgKeys": {"4AEE18F83AFDEB23": "abc"},
            "sshKnownHosts": ["git.example.com", "git.example.com ssh-ed25519 AAAA"],
        });
        insta::assert_snapshot!(said(section), @r#"
        error argocd.defaultExclusions config/argocd-version: `argocd.defaultExclusions` is something that Argo CD 3.5 has and 2.13.2 has not
          remove it, or set `argocd.version: 3.5.1`
        error argocd.tlsCertificates."git.example.com" config/argocd-resource: the certificate of `git.example.com` is a private key, which must not stand in the config
          give it as PEM
        error argocd.gpgKeys.4AEE18F83AFDEB23 config/argocd-resource: the key `4AEE18F83AFDEB23` is not whole
          `gpg --armor --export 4AEE18F83AFDEB23` writes it
        error argocd.sshKnownHosts[0] config/argocd-resource: a line of `ssh_known_hosts` has a host, a key type and a key
          `ssh-keyscan HOST` writes such lines
        "#);
    }
}
