//! Names inside of the mesh.

use super::{Check, at};
use crate::config::headscale::RecordType;

const RULE: &str = "config/headscale-dns";

pub(super) fn check(check: &mut Check<'_>) {
    let dns = &check.headscale.dns;
    if dns.override_local_dns && dns.nameservers.global.is_empty() {
        check
            .error(
                at(["dns", "nameservers", "global"]),
                RULE,
                "`overrideLocalDns` leaves nodes without any name server: `nameservers.global` is empty",
                "name at least one, such as `9.9.9.9`, or set `overrideLocalDns: false`",
            )
            .involving(at(["dns", "overrideLocalDns"]));
    }
    if !dns.extra_records.is_empty() && dns.extra_records_from.is_some() {
        check
            .error(
                at(["dns", "extraRecordsFrom"]),
                RULE,
                "`extraRecords` and `extraRecordsFrom` exclude each other, and Headscale does not start with both",
                "move all records to one of the two",
            )
            .involving(at(["dns", "extraRecords"]));
    }
    records(check);
    nameservers(check);
}

fn records(check: &mut Check<'_>) {
    for (place, record) in check.headscale.dns.extra_records.iter().enumerate() {
        let Some(address) = record.value.address() else { continue };
        if address.is_ipv4() != (record.r#type == RecordType::A) {
            check.error(
                at(["dns", "extraRecords"]).index(place).key("type"),
                RULE,
                format!("`{}` is not an address for a record of this type", record.value),
                "`A` is for IPv4, `AAAA` for IPv6",
            );
        }
    }
}

/// Headscale ignores what it cannot read, so that nodes would silently miss a server.
fn nameservers(check: &mut Check<'_>) {
    let servers = &check.headscale.dns.nameservers;
    let split = at(["dns", "nameservers", "split"]);
    let all = servers
        .split
        .iter()
        .map(|(domain, list)| (split.key(domain), list))
        .chain([(at(["dns", "nameservers", "global"]), &servers.global)]);
    for (path, list) in all {
        for (place, server) in list.iter().enumerate() {
            let good = server.parse::<std::net::IpAddr>().is_ok() || server.starts_with("https://") || server.starts_with("http://");
            if !good {
                check.error(
                    path.index(place),
                    RULE,
                    format!("`{server}` is neither an IP address nor a URL of DNS over HTTPS"),
                    "write `9.9.9.9` or `https://dns.example.com/dns-query`",
                );
            }
        }
    }
}
