//! Who makes the certificate.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/tls",
    level: Level::Deny,
    summary: "a certificate of Let's Encrypt and one of one's own",
    why: "Headscale does not start with `tls_letsencrypt_hostname` together with `tls_cert_path` or `tls_key_path`, nor with a challenge type other than `HTTP-01` and `TLS-ALPN-01`.",
    bad: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
        "tls_letsencrypt_hostname: hs.example.com"
        "tls_cert_path: /etc/headscale/tls/tls.crt"
    },
    good: example! {
        "server_url: https://hs.example.com"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
        "tls_cert_path: /etc/headscale/tls/tls.crt"
        "tls_key_path: /etc/headscale/tls/tls.key"
    },
    check: |context, report| {
        let keys = ["tls_letsencrypt_hostname", "tls_cert_path", "tls_key_path", "tls_letsencrypt_challenge_type"];
        judge(context, report, &keys, "leave one of them out", |server| {
            let own = server.is_filled("tls_cert_path") || server.is_filled("tls_key_path");
            let both = server.is_filled("tls_letsencrypt_hostname") && own;
            both.then(|| "Headscale does not start: `tls_letsencrypt_hostname` and `tls_cert_path` exclude each other".to_owned())
        });
        judge(context, report, &keys, "set `HTTP-01` or `TLS-ALPN-01`, or leave it out", |server| {
            let challenge = server.text("tls_letsencrypt_challenge_type");
            let known = matches!(challenge.as_str(), "" | "HTTP-01" | "TLS-ALPN-01");
            (!known).then(|| format!("Headscale does not start: `tls_letsencrypt_challenge_type` is `{challenge}`"))
        });
    },
};
