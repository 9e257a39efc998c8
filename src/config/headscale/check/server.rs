//! The server's URL, and the certificates that go with it.

use super::{Check, at};
use crate::config::headscale::{ChallengeType, ServerUrl, ServiceType};

const URL: &str = "config/headscale-server-url";
const TLS: &str = "config/headscale-tls";

pub(super) fn check(check: &mut Check<'_>) {
    tls(check);
    let Some(url) = ServerUrl::of(check.cluster, check.headscale) else {
        check.error(
            at(["serverUrl"]),
            URL,
            "`headscale.serverUrl` is no URL that Headscale starts with",
            "write `https://HOST`, or `http://HOST:PORT` with a private address",
        );
        return;
    };
    base_domain(check, &url);
    reachable(check, &url);
}

/// Headscale compares the two itself, but with the port still on the host, so that `hs.example.com:30080` gets past it.
fn base_domain(check: &mut Check<'_>, url: &ServerUrl) {
    let Some(domain) = check.headscale.dns.base_domain() else { return };
    let domain = domain.as_str().trim_end_matches('.').to_ascii_lowercase();
    let host = url.host();
    let how = if host == domain {
        "is"
    } else if host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.')) {
        "lies in"
    } else {
        return;
    };
    check
        .error(
            at(["dns", "baseDomain"]),
            "config/headscale-base-domain",
            format!("the server's host `{host}` {how} the mesh's own domain `{domain}`, where clients cannot find it before they joined"),
            format!("choose another domain for the mesh, such as `mesh.{domain}` or `mesh.internal`"),
        )
        .involving(at(["serverUrl"]));
}

fn reachable(check: &mut Check<'_>, url: &ServerUrl) {
    if url.is_in_cluster() {
        check.warning(
            at(["serverUrl"]),
            URL,
            format!("no `headscale.serverUrl` is set and no server node has an address, so the server calls itself `{url}`, which only pods of this cluster reach"),
            "set `headscale.serverUrl`, or `address` of the first server node",
        );
        return;
    }
    if !url.is_https() && !url.joins_over_http() {
        check.warning(
            at(["serverUrl"]),
            URL,
            format!("Tailscale clients do not join at `{url}`: for a host that is no private IPv4 address they leave plain HTTP for port 443 (tailscale#15008)"),
            "serve it as `https://`, by an ingress or `headscale.tls`, or use a private address",
        );
    }
    if !url.path().is_empty() {
        check.error(
            at(["serverUrl"]),
            URL,
            format!(
                "`headscale.serverUrl` has the path `{}`, but clients ask for `/key` and `/ts2021` at the root of the host",
                url.path()
            ),
            "give Headscale a host of its own",
        );
    }
}

fn tls(check: &mut Check<'_>) {
    let headscale = check.headscale;
    let tls = &headscale.tls;
    if tls.secret_name.is_some() && tls.lets_encrypt.is_some() {
        check.error(
            at(["tls"]),
            TLS,
            "`headscale.tls` has both `secretName` and `letsEncrypt`, and Headscale takes one of them",
            "remove one of the two",
        );
    }
    let explicit_http = headscale.server_url.as_ref().is_some_and(|url| url.as_str().starts_with("http://"));
    if headscale.serves_tls() && explicit_http {
        check
            .warning(
                at(["serverUrl"]),
                TLS,
                "the server speaks TLS, but its URL begins with `http://`",
                "write `https://` in `headscale.serverUrl`",
            )
            .involving(at(["tls"]));
    }
    let Some(acme) = &tls.lets_encrypt else { return };
    if let Some(url) = ServerUrl::of(check.cluster, headscale).filter(|url| url.host() != acme.hostname.as_str().to_ascii_lowercase()) {
        check
            .warning(
                at(["tls", "letsEncrypt", "hostname"]),
                TLS,
                format!("the certificate is for `{}`, but clients connect to `{}`", acme.hostname, url.host()),
                "use the host of `headscale.serverUrl`",
            )
            .involving(at(["serverUrl"]));
    }
    if acme.challenge_type == ChallengeType::TlsAlpn01
        && headscale.service.r#type == ServiceType::NodePort
        && headscale.service.node_port.0 != 443
    {
        check.warning(
            at(["tls", "letsEncrypt", "challengeType"]),
            TLS,
            format!("`TLS-ALPN-01` is checked at port 443, and the server is at port {} of the nodes", headscale.service.node_port),
            "lead port 443 to that port, use a Service of type `LoadBalancer` with `port: 443`, or `HTTP-01`",
        );
    }
}
