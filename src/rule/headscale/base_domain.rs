//! The domain of the mesh.

use crate::rule::facts::headscale::judge;
use crate::rule::{Level, Rule};

use super::example;

pub(in crate::rule) const RULE: Rule = Rule {
    id: "headscale/base-domain",
    level: Level::Deny,
    summary: "a `dns.base_domain` that is missing, or holds the server's own host",
    why: "Headscale does not start with MagicDNS (on by default) and without `dns.base_domain`. The domain must be neither the server's host nor a parent of it: inside of the mesh, MagicDNS would answer for the server itself, and no client would find it any more. Headscale's own check forgets to take the port off the host, so that `http://hs.example.com:30080` with `example.com` starts, and breaks every client.",
    bad: example! {
        "server_url: http://hs.example.com:30080"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: example.com, nameservers: {global: [9.9.9.9]}}"
    },
    good: example! {
        "server_url: http://hs.example.com:30080"
        "listen_addr: 0.0.0.0:8080"
        "noise: {private_key_path: /var/lib/headscale/noise.key}"
        "prefixes: {v4: 100.64.0.0/10}"
        "database: {type: sqlite, sqlite: {path: /var/lib/headscale/db.sqlite}}"
        "derp: {urls: ['https://controlplane.tailscale.com/derpmap/default']}"
        "dns: {base_domain: mesh.example.net, nameservers: {global: [9.9.9.9]}}"
    },
    check: |context, report| {
        let keys = ["server_url", "dns.base_domain", "dns.magic_dns"];
        judge(context, report, &keys, "use a domain of its own, such as `mesh.example.net`", |server| {
            let base = server.text("dns.base_domain");
            if base.is_empty() {
                let message = "Headscale does not start: MagicDNS is on, and `dns.base_domain` is not set";
                return server.flag("dns.magic_dns", true).then(|| message.to_owned());
            }
            let url = server.text("server_url");
            let host = host(&url);
            let inside = host == base || host.strip_suffix(base.as_str()).is_some_and(|start| start.ends_with('.'));
            inside.then(|| format!("the server's host `{host}` lies in `dns.base_domain` `{base}`, so clients cannot reach it"))
        });
    },
};

/// The host of a URL, without user and port.
fn host(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn the_port_is_no_part_of_the_host() {
        let hosts = ["http://hs.example.com:30080/a", "https://u@hs.example.com", "http://[fd00::1]:80"].map(host);
        assert_eq!(hosts, ["hs.example.com", "hs.example.com", "fd00::1"]);
    }
}
