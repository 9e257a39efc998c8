//! Keys of Argo CD's own ConfigMaps.

use serde_json::Value;

use super::{Check, VERSION, at};
use crate::config::argocd::setting::{Place, names, place, place_of_parameter};
use crate::config::argocd::{Minor, parameter_keys};
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
        }
    }
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
}
