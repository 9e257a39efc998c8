//! Certificates of routes.

use super::{Check, at, route};
use crate::config::DnsName;
use crate::config::ingress::{Protocol, Route, RouteTls};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const TLS: &str = "config/ingress-tls";

pub(super) fn check(check: &mut Check<'_>) {
    let ingress = check.ingress;
    if let Some(tls) = &ingress.tls {
        whole(check, &at(["tls"]), tls);
        if tls.passthrough {
            let text = "not every Service can end TLS itself";
            check.error(at(["tls", "passthrough"]), TLS, text, "set `passthrough` at the routes that it is for");
        }
    }
    for (number, entry) in ingress.routes.iter().enumerate() {
        let Some(tls) = &entry.tls else { continue };
        let path = route(number).key("tls");
        whole(check, &path, tls);
        if tls.enabled && tls.passthrough {
            passthrough(check, number, entry);
        } else if tls.enabled && entry.protocol == Protocol::Tcp {
            let text = "a route for TCP takes connections as they are";
            check.error(path.key("enabled"), TLS, text, "set `passthrough` with a `host`, or remove `tls`");
        }
        let host = entry.host.is_some() || (ingress.domain.is_some() && entry.path.is_none());
        if tls.enabled && tls.issuer.is_some() && !host {
            let text = "a certificate needs a name, and the route has no host";
            check.error(route(number).key("tls").key("issuer"), TLS, text, "set `host`, or `secretName` instead of `issuer`");
        }
    }
}

/// What holds for every `tls`.
fn whole(check: &mut Check<'_>, path: &ConfigPath, tls: &RouteTls) {
    let given = tls.secret_name.is_some() || tls.issuer.is_some() || tls.passthrough || tls.redirect.is_some();
    if !tls.enabled {
        if given {
            check.warning(path.clone(), TLS, "TLS is set up but not on", "add `enabled: true`");
        }
        return;
    }
    if !tls.passthrough && tls.secret_name.is_none() && tls.issuer.is_none() {
        check.error(
            path.clone(),
            TLS,
            "TLS is on, but nothing gives a certificate",
            "set `issuer` for cert-manager, `secretName` for a Secret that something delivers, or `passthrough`",
        );
    }
    if tls.passthrough && (tls.secret_name.is_some() || tls.issuer.is_some()) {
        let text = "the Service ends TLS with a certificate of its own, so that one of the controller is never used";
        check.error(path.key("passthrough"), TLS, text, "remove `passthrough`, or `secretName` and `issuer`");
    }
    if let Some(issuer) = &tls.issuer {
        known(check, path.key("issuer"), issuer);
    }
}

/// Where the config makes issuers, the one that a route names is one of them.
fn known(check: &mut Check<'_>, path: ConfigPath, issuer: &DnsName) {
    let Some(manager) = check.cluster.cert_manager.as_ref().filter(|manager| !manager.issuers.is_empty()) else { return };
    let declared = check.cluster.external.iter().any(|external| external.name == issuer.as_str());
    if declared || manager.issuers.iter().any(|entry| entry.name == *issuer) {
        return;
    }
    let names = manager.issuers.iter().map(|entry| entry.name.as_str());
    let hint = did_you_mean(issuer.as_str(), names).map_or_else(
        || "add it to `certManager.issuers`, or declare it under `external`".to_owned(),
        |near| format!("did you mean `{near}`?"),
    );
    check.error(path, TLS, format!("there is no issuer `{issuer}`"), hint).involving(ConfigPath::of(["certManager", "issuers"]));
}

/// Before TLS is ended, only the host can be seen.
fn passthrough(check: &mut Check<'_>, number: usize, entry: &Route) {
    let rows = [
        ("path", entry.path.as_ref().is_some_and(|path| path.prefix() != "/")),
        ("stripPrefix", entry.strip_prefix),
        ("middlewares", !entry.middlewares.is_empty()),
        ("retries", entry.retries.is_some()),
        ("healthCheck", entry.health_check.is_some()),
        ("grpc", entry.grpc == Some(true)),
    ];
    for (key, _) in rows.into_iter().filter(|(_, set)| *set) {
        let text = format!("`{key}` is about requests, which cannot be seen before the Service ends TLS");
        check.error(route(number).key(key), TLS, text, format!("remove `{key}`, or let the controller end TLS"));
    }
    let host = entry.host.is_some() || (check.ingress.domain.is_some() && entry.listen_port.is_none() && entry.service.is_none());
    if !host {
        let text = "connections with TLS are told apart by their host, and the route has none";
        check.error(route(number), TLS, text, "set `host`");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::said;

    #[test]
    fn certificates_come_from_somewhere() {
        let service = json!({"name": "a", "port": 80});
        let ingress = json!({"tls": {"enabled": true}, "routes": [
            {"name": "off", "host": "a.internal", "service": service, "tls": {"issuer": "internal"}},
            {"name": "typo", "host": "b.internal", "service": service, "tls": {"enabled": true, "issuer": "interal"}},
            {"name": "nameless", "path": "/x", "service": service, "tls": {"enabled": true, "issuer": "internal"}},
            {"name": "both", "host": "c.internal", "path": "/x", "service": service,
             "tls": {"enabled": true, "passthrough": true, "secretName": "c"}},
            {"name": "hostless", "service": service, "tls": {"enabled": true, "passthrough": true}},
            {"name": "tcp", "listenPort": 2555, "protocol": "tcp", "service": service, "tls": {"enabled": true, "secretName": "t"}},
        ]});
        let manager = json!({"certManager": {"issuers": [{"name": "internal", "selfSignedCa": {}}]}});
        insta::assert_snapshot!(said(manager, ingress), @"
        error ingress.tls config/ingress-tls: TLS is on, but nothing gives a certificate
          -> set `issuer` for cert-manager, `secretName` for a Secret that something delivers, or `passthrough`
        warning ingress.routes[0].tls config/ingress-tls: TLS is set up but not on
          -> add `enabled: true`
        error ingress.routes[1].tls.issuer config/ingress-tls: there is no issuer `interal`
          -> did you mean `internal`?
        error ingress.routes[2].tls.issuer config/ingress-tls: a certificate needs a name, and the route has no host
          -> set `host`, or `secretName` instead of `issuer`
        error ingress.routes[3].tls.passthrough config/ingress-tls: the Service ends TLS with a certificate of its own, so that one of the controller is never used
          -> remove `passthrough`, or `secretName` and `issuer`
        error ingress.routes[3].path config/ingress-tls: `path` is about requests, which cannot be seen before the Service ends TLS
          -> remove `path`, or let the controller end TLS
        error ingress.routes[4] config/ingress-tls: connections with TLS are told apart by their host, and the route has none
          -> set `host`
        error ingress.routes[5].tls.enabled config/ingress-tls: a route for TCP takes connections as they are
          -> set `passthrough` with a `host`, or remove `tls`
        ");
    }
}
