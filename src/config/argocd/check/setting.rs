//! Keys of Argo CD's own ConfigMaps.

use serde_json::Value;

use super::{Check, VERSION, at};
use crate::config::argocd::setting::{Place, names, place, place_of_parameter};
use crate::config::argocd::{Minor, parameter_keys};
use crate::config::format;
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/argocd-setting";

pub(super) fn check(check: &mut Check<'_>) {
    let (argocd, minor) = (check.argocd, check.argocd.minor());
    for (key, value) in &argocd.parameters {
        let path = at(["parameters"]).key(key);
        let known: Vec<&str> = parameter_keys(minor).collect();
        one(check, &path, key, place_of_parameter(key, minor), &known, "argocd-cmd-params-cm");
        if value.is_object() || value.is_array() || value.is_null() {
            check.error(path, RULE, format!("`{key}` takes text, a number, or true or false"), "write one value");
        } else if let Some((message, hint)) = wrong_value(key, value) {
            check.error(path, RULE, message, hint);
        }
    }
    plaintext(check);
    for key in argocd.settings.keys() {
        let known: Vec<&str> = names(minor).collect();
        one(check, &at(["settings"]).key(key), key, place(key, minor), &known, "argocd-cm");
    }
    if argocd.settings.get("exec.enabled") == Some(&Value::Bool(true)) {
        check.warning(
            at(["settings"]).key("exec.enabled"),
            RULE,
            "whoever may `exec` in Argo CD gets a shell in every pod of an application",
            "allow it to few in `argocd.rbac`",
        );
    }
}

/// Keys that take a quantity of bytes.
const SIZES: [&str; 5] = [
    "reposerver.max.combined.directory.manifests.size",
    "reposerver.streamed.manifest.max.tar.size",
    "reposerver.streamed.manifest.max.extracted.size",
    "reposerver.helm.manifest.max.extracted.size",
    "reposerver.oci.manifest.max.extracted.size",
];

/// Values at which a program ends before it has begun.
fn wrong_value(key: &str, value: &Value) -> Option<(String, &'static str)> {
    let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    if key.ends_with(".tls.ciphers") {
        let wrong =
            text.split(':').find(|name| !name.starts_with("TLS_") || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_'))?;
        return Some((
            format!("`{wrong}` is no cipher, and the program ends at it"),
            "write names such as `TLS_AES_128_GCM_SHA256`, with `:` between",
        ));
    }
    if key == "redis.compression" && !matches!(text.as_str(), "gzip" | "none") {
        return Some((format!("`{text}` is no compression of Redis' values, and the programs end at it"), "write `gzip` or `none`"));
    }
    let is_quantity = || format::format("quantity").is_none_or(|quantity| (quantity.check)(&text).is_ok());
    (SIZES.contains(&key) && !is_quantity())
        .then(|| (format!("`{text}` is no size, and the program ends at it"), "write one such as `100M` or `1G`"))
}

/// A server without TLS and its clients have to know of each other.
fn plaintext(check: &mut Check<'_>) {
    let argocd = check.argocd;
    let is_on = |key: &str| argocd.parameters.get(key).is_some_and(|value| value == &Value::Bool(true) || value == "true");
    for (server, clients) in [
        (
            "reposerver.disable.tls",
            &[
                "server.repo.server.plaintext",
                "controller.repo.server.plaintext",
                "applicationsetcontroller.repo.server.plaintext",
                "notificationscontroller.repo.server.plaintext",
            ][..],
        ),
        ("dexserver.disable.tls", &["server.dex.server.plaintext"]),
    ] {
        let missing: Vec<String> = clients.iter().filter(|client| !is_on(client)).map(|client| format!("`{client}: true`")).collect();
        if is_on(server) && !missing.is_empty() {
            let message = format!(
                "with `{server}` nobody reaches it who does not know: {} missing",
                if missing.len() == 1 { "one key is" } else { "keys are" }
            );
            check.error(at(["parameters"]).key(server), RULE, message, format!("add {}", missing.join(", ")));
        }
    }
}

fn one(check: &mut Check<'_>, path: &ConfigPath, key: &str, place: Place, known: &[&str], map: &str) {
    let version = check.argocd.version;
    match place {
        Place::Here => {}
        Place::Only(other) => {
            let hint = if other == Minor::V35 { "remove it, or set `argocd.version: 3.5.1`" } else { "remove it" };
            check.error(path.clone(), VERSION, format!("`{key}` is a key of Argo CD {other} and unknown to {version}"), hint);
        }
        Place::Elsewhere("") => {
            let message = format!("`{key}` turns on the source hydrator, which needs the commit server, and that is not built");
            check.error(path.clone(), RULE, message, "remove it");
        }
        Place::Elsewhere(own) => {
            check.error(path.clone(), RULE, format!("`{key}` has a key of its own"), format!("set `argocd.{own}`"));
        }
        Place::Unknown => {
            let hint = match did_you_mean(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("{map} has the keys that the page `operator-manual/{map}.yaml` of Argo CD's documentation names"),
            };
            check.error(path.clone(), RULE, format!("`{key}` is no key of `{map}` in Argo CD {version}"), hint);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    #[test]
    fn keys_are_known_to_the_version() {
        let section = json!({
            "version": "2.13.2",
            "parameters": {"server.insecure": true, "server.glob.cache.size": 5, "server.basehreff": "/", "otlp.address": ["a"], "hydrator.enabled": true},
            "settings": {"url": "https://a", "exec.enabled": true, "commit.author.name": "a", "kustomize.buildOption": "x"},
        });
        insta::assert_snapshot!(said(section), @r#"
        error argocd.parameters."server.insecure" config/argocd-setting: `server.insecure` has a key of its own
          set `argocd.server.insecure`
        error argocd.parameters."server.glob.cache.size" config/argocd-version: `server.glob.cache.size` is a key of Argo CD 3.5 and unknown to 2.13.2
          remove it, or set `argocd.version: 3.5.1`
        error argocd.parameters."server.basehreff" config/argocd-setting: `server.basehreff` is no key of `argocd-cmd-params-cm` in Argo CD 2.13.2
          did you mean `server.basehref`?
        error argocd.parameters."otlp.address" config/argocd-setting: `otlp.address` takes text, a number, or true or false
          write one value
        error argocd.parameters."hydrator.enabled" config/argocd-setting: `hydrator.enabled` turns on the source hydrator, which needs the commit server, and that is not built
          remove it
        error argocd.settings.url config/argocd-setting: `url` has a key of its own
          set `argocd.url`
        error argocd.settings."commit.author.name" config/argocd-version: `commit.author.name` is a key of Argo CD 3.5 and unknown to 2.13.2
          remove it, or set `argocd.version: 3.5.1`
        error argocd.settings."kustomize.buildOption" config/argocd-setting: `kustomize.buildOption` is no key of `argocd-cm` in Argo CD 2.13.2
          did you mean `kustomize.buildOptions`?
        warning argocd.settings."exec.enabled" config/argocd-setting: whoever may `exec` in Argo CD gets a shell in every pod of an application
          allow it to few in `argocd.rbac`
        "#);
    }

    #[test]
    fn values_at_which_programs_end() {
        let section = json!({"parameters": {
            "server.tls.ciphers": "nonsense", "reposerver.tls.ciphers": "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384", "redis.compression": "brotli",
            "reposerver.streamed.manifest.max.tar.size": "many", "reposerver.helm.manifest.max.extracted.size": "1G",
            "reposerver.disable.tls": true, "server.repo.server.plaintext": "true", "dexserver.disable.tls": true, "server.dex.server.plaintext": true,
        }});
        insta::assert_snapshot!(said(section), @r#"
        error argocd.parameters."server.tls.ciphers" config/argocd-setting: `nonsense` is no cipher, and the program ends at it
          write names such as `TLS_AES_128_GCM_SHA256`, with `:` between
        error argocd.parameters."redis.compression" config/argocd-setting: `brotli` is no compression of Redis' values, and the programs end at it
          write `gzip` or `none`
        error argocd.parameters."reposerver.streamed.manifest.max.tar.size" config/argocd-setting: `many` is no size, and the program ends at it
          write one such as `100M` or `1G`
        error argocd.parameters."reposerver.disable.tls" config/argocd-setting: with `reposerver.disable.tls` nobody reaches it who does not know: keys are missing
          add `controller.repo.server.plaintext: true`, `applicationsetcontroller.repo.server.plaintext: true`, `notificationscontroller.repo.server.plaintext: true`
        "#);
        let keys = json!({"settings": {"kustomize.buildOptions.v5.0.0": "--enable-helm"}, "parameters": {"server.profile.enabled": true}, "version": "2.13.2"});
        assert_eq!(said(keys), "");
    }
}
