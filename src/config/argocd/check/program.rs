//! The version and shape of the install, and its programs.

use super::{Check, at};
use crate::config::argocd::{Scope, TlsVersions};
use crate::config::format;

const RULE: &str = "config/argocd-server";

pub(super) fn check(check: &mut Check<'_>) {
    let argocd = check.argocd;
    check.only_new(argocd.ha, at(["ha"]));
    check.only_new(argocd.scope == Scope::Namespaced, at(["scope"]));
    check.only_new(argocd.controller.sync_timeout_seconds.is_some(), at(["controller", "syncTimeoutSeconds"]));
    check.only_new(argocd.controller.sync_wave_delay_seconds.is_some(), at(["controller", "syncWaveDelaySeconds"]));
    if argocd.scope == Scope::Namespaced && check.cluster.gitops.is_some() {
        let message = "the tree of `gitops` has objects of the whole cluster, which `scope: namespaced` may not write";
        check
            .error(at(["scope"]), RULE, message, "remove `argocd.scope`, or `gitops`")
            .involving(crate::source::ConfigPath::of(["gitops"]));
    }
    high_availability(check);
    paths(check);
    for (key, tls) in [("server", argocd.server.tls), ("repoServer", argocd.repo_server.tls)] {
        tls_versions(check, key, tls);
    }
    namespaces(check);
    let set = &argocd.application_set;
    if set.policy_override.is_some() && set.policy.is_none() {
        check.warning(
            at(["applicationSet", "policyOverride"]),
            "config/argocd-application-set",
            "`policyOverride` has no effect without `policy`: an ApplicationSet may choose its policy then anyway",
            "set `argocd.applicationSet.policy` too, or remove it",
        );
    }
    if argocd.images.haproxy.is_some() && !argocd.ha {
        check.warning(at(["images", "haproxy"]), RULE, "`images.haproxy` is used with `ha` only", "set `argocd.ha: true`, or remove it");
    }
}

/// Redis' pods keep apart from each other, so that with fewer nodes one waits for ever.
fn high_availability(check: &mut Check<'_>) {
    let nodes = check.cluster.nodes.len();
    if check.argocd.ha && (1..3).contains(&nodes) {
        check.warning(
            at(["ha"]),
            "config/argocd-ha",
            format!("`ha` needs three nodes, because no two of its three Redis run on the same one; `nodes` has {nodes}"),
            "add nodes, or remove `argocd.ha`",
        );
        return;
    }
    for (key, replicas) in [("server", check.argocd.server.replicas), ("repoServer", check.argocd.repo_server.replicas)] {
        let replicas = replicas.map_or(0, usize::from);
        if check.argocd.ha && nodes > 0 && replicas >= nodes {
            let message =
                format!("with `ha` no two of these {replicas} pods run on one of {nodes} nodes, so that a new one finds no place");
            check.warning(at([key, "replicas"]), "config/argocd-ha", message, "ask for fewer than there are nodes");
        }
    }
}

fn paths(check: &mut Check<'_>) {
    let server = &check.argocd.server;
    if let (Some(root), Some(base)) = (&server.root_path, &server.base_href)
        && root.trim_end_matches('/') != base.trim_end_matches('/')
    {
        let message = format!("`server.rootPath` serves everything under `{root}`, but with `server.baseHref` links begin with `{base}`");
        check.error(at(["server", "baseHref"]), RULE, message, "remove `baseHref`: `rootPath` implies it (argo-cd#2708)");
    }
    if let (Some(url), Some(path)) = (&check.argocd.url, server.root_path.as_ref().or(server.base_href.as_ref())) {
        let of_url = url.as_str().split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, path)| path);
        if of_url.trim_matches('/') != path.trim_matches('/') {
            let message = format!("`url` has another path than the server, which is reached under `{path}`");
            let url = url.as_str().trim_end_matches('/').trim_end_matches(of_url).trim_end_matches('/');
            check.error(at(["url"]), RULE, message, format!("write `{url}{path}`"));
        }
    }
    if server.insecure == Some(true) && server.tls_secret {
        check.error(
            at(["server", "tlsSecret"]),
            RULE,
            "the server speaks plain HTTP, so it does not need the certificate in `argocd-server-tls`",
            "remove `argocd.server.tlsSecret`, or `argocd.server.insecure`",
        );
    }
}

fn tls_versions(check: &mut Check<'_>, key: &'static str, tls: TlsVersions) {
    if let (Some(minimum), Some(maximum)) = (tls.minimum, tls.maximum)
        && minimum > maximum
    {
        let message = format!("no version of TLS is both at least {} and at most {}", minimum.as_str(), maximum.as_str());
        check.error(at([key, "tls", "minimum"]), "config/argocd-tls", message, "put the smaller one first");
    }
}

/// `*` and `/regex/` are patterns to Argo CD; anything else is a name.
fn namespaces(check: &mut Check<'_>) {
    let argocd = check.argocd;
    let Some(label) = format::format("dns-label") else { return };
    let lists = [
        (&["applicationNamespaces"][..], &argocd.application_namespaces),
        (&["applicationSet", "namespaces"], &argocd.application_set.namespaces),
    ];
    for (keys, names) in lists {
        for (index, name) in names.iter().enumerate() {
            let is_pattern = name.contains('*') || (name.len() > 2 && name.starts_with('/') && name.ends_with('/'));
            if let (false, Err(wrong)) = (is_pattern, (label.check)(name)) {
                let path = at(keys.iter().copied()).index(index);
                let message = format!("`{name}` is neither the name of a namespace nor a pattern: {}", wrong.reason);
                check.error(path, "config/argocd-namespace", message, wrong.hint);
            }
        }
    }
    sets_elsewhere(check);
    let set = &argocd.application_set.namespaces;
    if argocd.scope == Scope::Namespaced && !(argocd.application_namespaces.is_empty() && set.is_empty()) {
        let key =
            if argocd.application_namespaces.is_empty() { at(["applicationSet", "namespaces"]) } else { at(["applicationNamespaces"]) };
        check.error(
            key,
            "config/argocd-namespace",
            "with `scope: namespaced` Argo CD may not read other namespaces",
            "remove it, or `argocd.scope`",
        );
    }
}

/// ApplicationSets in other namespaces: whoever may write one there must not have the controller ask any host with a token of that namespace,
/// so without a list it exits (`cmd/argocd-applicationset-controller/commands/applicationset_controller.go`).
fn sets_elsewhere(check: &mut Check<'_>) {
    let argocd = check.argocd;
    let set = &argocd.application_set;
    if set.namespaces.is_empty() {
        return;
    }
    if set.enabled && set.scm_providers != Some(false) && set.allowed_scm_providers.is_empty() {
        check.error(
            at(["applicationSet", "namespaces"]),
            "config/argocd-application-set",
            "with ApplicationSets in other namespaces the controller does not start unless it is said which source-code hosts they may ask",
            "set `argocd.applicationSet.scmProviders: false`, or name the hosts in `argocd.applicationSet.allowedScmProviders`",
        );
    }
    for (index, name) in set.namespaces.iter().enumerate().filter(|(_, name)| !covers(&argocd.application_namespaces, name)) {
        check.error(
            at(["applicationSet", "namespaces"]).index(index),
            "config/argocd-application-set",
            format!("Applications of ApplicationSets in `{name}` are in `{name}`, too, and `applicationNamespaces` has it not"),
            format!("add `{name}` to `argocd.applicationNamespaces`"),
        );
    }
}

/// Whether one of the names or patterns is the text, or matches it; a pattern that cannot be read is taken to match.
fn covers(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| {
        let expression = match pattern.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) {
            Some(expression) => expression.to_owned(),
            None if pattern.contains(['[', '{', '?']) => return true,
            None => format!("^{}$", regex::escape(pattern).replace(r"\*", ".*")),
        };
        pattern == text || regex::Regex::new(&expression).map_or(true, |expression| expression.is_match(text))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::said;

    #[test]
    fn the_old_version_has_no_ha_and_no_namespaced_install() {
        insta::assert_snapshot!(said(json!({"version": "2.13.2", "ha": true, "scope": "namespaced"})), @"
        error argocd.ha config/argocd-version: `argocd.ha` is something that Argo CD 3.5 has and 2.13.2 has not
          remove it, or set `argocd.version: 3.5.1`
        error argocd.scope config/argocd-version: `argocd.scope` is something that Argo CD 3.5 has and 2.13.2 has not
          remove it, or set `argocd.version: 3.5.1`
        ");
    }

    #[test]
    fn values_fit_each_other() {
        let section = json!({
            "url": "https://argocd.example.com/cd",
            "server": {"rootPath": "/argocd", "baseHref": "/cd", "insecure": true, "tlsSecret": true, "tls": {"minimum": "1.3", "maximum": "1.2"}},
            "applicationNamespaces": ["team-*", "/team-.*/", "Team"],
            "applicationSet": {"policyOverride": true},
            "images": {"haproxy": "haproxy:3"},
        });
        insta::assert_snapshot!(said(section), @"
        error argocd.server.baseHref config/argocd-server: `server.rootPath` serves everything under `/argocd`, but with `server.baseHref` links begin with `/cd`
          remove `baseHref`: `rootPath` implies it (argo-cd#2708)
        error argocd.url config/argocd-server: `url` has another path than the server, which is reached under `/argocd`
          write `https://argocd.example.com/argocd`
        error argocd.server.tlsSecret config/argocd-server: the server speaks plain HTTP, so it does not need the certificate in `argocd-server-tls`
          remove `argocd.server.tlsSecret`, or `argocd.server.insecure`
        error argocd.server.tls.minimum config/argocd-tls: no version of TLS is both at least 1.3 and at most 1.2
          put the smaller one first
        error argocd.applicationNamespaces[2] config/argocd-namespace: `Team` is neither the name of a namespace nor a pattern: only lower-case letters are allowed
          did you mean `team`?
        warning argocd.applicationSet.policyOverride config/argocd-application-set: `policyOverride` has no effect without `policy`: an ApplicationSet may choose its policy then anyway
          set `argocd.applicationSet.policy` too, or remove it
        warning argocd.images.haproxy config/argocd-server: `images.haproxy` is used with `ha` only
          set `argocd.ha: true`, or remove it
        ");
    }

    #[test]
    fn a_namespaced_install_stays_at_home() {
        insta::assert_snapshot!(said(json!({"scope": "namespaced", "applicationNamespaces": ["team-a"]})), @"
        error argocd.applicationNamespaces config/argocd-namespace: with `scope: namespaced` Argo CD may not read other namespaces
          remove it, or `argocd.scope`
        ");
    }

    /// The controller exited at once, and nothing said so.
    #[test]
    fn sets_in_other_namespaces_need_a_word_on_hosts() {
        let section = json!({"applicationNamespaces": ["team-*", "/^ops-.*$/"], "applicationSet": {"namespaces": ["team-a", "ops-b", "shop", "team-*"]}});
        insta::assert_snapshot!(said(section), @"
        error argocd.applicationSet.namespaces config/argocd-application-set: with ApplicationSets in other namespaces the controller does not start unless it is said which source-code hosts they may ask
          set `argocd.applicationSet.scmProviders: false`, or name the hosts in `argocd.applicationSet.allowedScmProviders`
        error argocd.applicationSet.namespaces[2] config/argocd-application-set: Applications of ApplicationSets in `shop` are in `shop`, too, and `applicationNamespaces` has it not
          add `shop` to `argocd.applicationNamespaces`
        ");
        let section = |set: serde_json::Value| json!({"applicationNamespaces": ["team-a"], "applicationSet": set});
        assert_eq!(said(section(json!({"namespaces": ["team-a"], "scmProviders": false}))), "");
        assert_eq!(said(section(json!({"namespaces": ["team-a"], "allowedScmProviders": ["https://git.example.com/"]}))), "");
    }
}
