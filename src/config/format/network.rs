//! Addresses, networks and hosts.
//!
//! Kubernetes refuses what Rust's parsers refuse too (leading zeros, zones), and IPv4 addresses mapped into IPv6
//! (k8s.io/apimachinery/pkg/util/validation, `IsValidIP` and `IsValidCIDR`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{Wrong, name};

pub(super) fn parse_address(text: &str) -> Result<IpAddr, Wrong> {
    if let Ok(address) = text.parse::<IpAddr>() {
        if let IpAddr::V6(v6) = address
            && let Some(v4) = v6.to_ipv4_mapped()
        {
            return Err(Wrong::new("IPv4 addresses in IPv6 form are not allowed", format!("write `{v4}`")));
        }
        return Ok(address);
    }
    if let Some((address, _)) = text.split_once('/')
        && address.parse::<IpAddr>().is_ok()
    {
        return Err(Wrong::new("a prefix length has no place here", format!("write `{address}`")));
    }
    if let Some((address, port)) = text.rsplit_once(':')
        && port.parse::<u16>().is_ok()
        && (address.parse::<Ipv4Addr>().is_ok() || bracketed(address).is_some())
    {
        let address = bracketed(address).unwrap_or(address);
        return Err(Wrong::new("a port has no place here", format!("write `{address}`")));
    }
    if let Some(address) = bracketed(text) {
        return Err(Wrong::new("brackets are for URLs", format!("write `{address}`")));
    }
    if let Some(octet) = text.split('.').find(|octet| octet.len() > 1 && octet.starts_with('0'))
        && looks_like_v4(text)
    {
        return Err(Wrong::new(
            format!("`{octet}` has a leading zero, which some programs read as octal"),
            format!("write `{}`", without_zeros(text)),
        ));
    }
    if let Some(octet) = text.split('.').find(|octet| octet.parse::<u32>().is_ok_and(|number| number > 255))
        && looks_like_v4(text)
    {
        return Err(Wrong::new(format!("`{octet}` is above 255"), ""));
    }
    if looks_like_v4(text) && text.contains('.') {
        return Err(Wrong::new(
            format!("an IPv4 address has four numbers, this has {}", text.split('.').filter(|octet| !octet.is_empty()).count()),
            "",
        ));
    }
    Err(Wrong::new("it is neither IPv4 nor IPv6", "write it like `192.168.1.10` or `fd00::10`"))
}

/// The IPv6 address in `[…]`.
fn bracketed(text: &str) -> Option<&str> {
    text.strip_prefix('[')?.strip_suffix(']').filter(|inner| inner.parse::<Ipv6Addr>().is_ok())
}

fn looks_like_v4(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.')
}

fn without_zeros(text: &str) -> String {
    let octets: Vec<&str> = text
        .split('.')
        .map(|octet| {
            let trimmed = octet.trim_start_matches('0');
            if trimmed.is_empty() { "0" } else { trimmed }
        })
        .collect();
    octets.join(".")
}

pub(super) fn parse_network(text: &str) -> Result<IpNet, Wrong> {
    let Some((address, length)) = text.split_once('/') else {
        let hint = text.parse::<IpAddr>().map_or_else(
            |_| "write it like `10.42.0.0/16`".to_owned(),
            |address| format!("a single address is `{text}/{}`", if address.is_ipv4() { 32 } else { 128 }),
        );
        return Err(Wrong::new("it has no prefix length", hint));
    };
    let address = parse_address(address).map_err(|wrong| Wrong::new(format!("`{address}`: {}", wrong.reason), wrong.hint))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let plain = !length.is_empty() && length.chars().all(|c| c.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    let length = length
        .parse::<u8>()
        .ok()
        .filter(|length| plain && *length <= most)
        .ok_or_else(|| Wrong::new(format!("the prefix length `{length}` is no number from 0 to {most}"), ""))?;
    let network = IpNet::new(address, length).map_err(|_| Wrong::new(format!("the prefix length is above {most}"), ""))?;
    if network.addr() != network.network() {
        return Err(Wrong::new("it has bits set after the prefix", format!("the network is `{}`", network.trunc())));
    }
    Ok(network)
}

/// One network, or one of each family joined by a comma (k3s `--cluster-cidr`, `--service-cidr`).
pub(super) fn parse_networks(text: &str) -> Result<Vec<IpNet>, Wrong> {
    let parts: Vec<&str> = text.split(',').collect();
    let several = parts.len() > 1;
    let networks: Vec<IpNet> = parts
        .iter()
        .map(|part| {
            if part.trim() != *part {
                return Err(Wrong::new("blanks have no place beside the comma", format!("write `{}`", text.replace(' ', ""))));
            }
            parse_network(part).map_err(|wrong| if several { Wrong::new(format!("`{part}`: {}", wrong.reason), wrong.hint) } else { wrong })
        })
        .collect::<Result<_, _>>()?;
    let families = networks.iter().map(|network| network.addr().is_ipv4());
    if networks.len() > 2 || (networks.len() == 2 && families.clone().all(|v4| Some(v4) == families.clone().next())) {
        return Err(Wrong::new("two networks must be one IPv4 and one IPv6", "a larger network takes a shorter prefix length"));
    }
    Ok(networks)
}

pub(super) fn check_host(text: &str) -> Result<(), Wrong> {
    if text.parse::<IpAddr>().is_ok() {
        return parse_address(text).map(drop);
    }
    if let Some((_, rest)) = text.split_once("://") {
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        return Err(Wrong::new("a URL is not wanted here", format!("write the host alone: `{host}`")));
    }
    if let Some((host, port)) = text.rsplit_once(':')
        && port.chars().all(|c| c.is_ascii_digit())
        && !host.contains(':')
    {
        return Err(Wrong::new("a port has no place here", format!("write the host alone: `{host}`")));
    }
    // A name whose last label is a number can never be looked up (RFC 1123, 2.1): it is an address with a slip.
    if text.rsplit('.').next().is_some_and(|last| !last.is_empty() && last.chars().all(|c| c.is_ascii_digit())) || text.contains(':') {
        return parse_address(text).map(drop);
    }
    name::check_dns_name(text)
}

#[cfg(test)]
mod tests {
    use crate::config::format::tests::verdict;

    #[test]
    fn addresses() {
        assert_eq!(verdict("ip", "fd00::1"), "ok");
        assert_eq!(verdict("ip", "192.168.1.10/24"), "a prefix length has no place here | write `192.168.1.10`");
        assert_eq!(verdict("ip", "192.168.1.10:80"), "a port has no place here | write `192.168.1.10`");
        assert_eq!(verdict("ip", "[fd00::1]:80"), "a port has no place here | write `fd00::1`");
        assert_eq!(verdict("ip", "192.168.001.10"), "`001` has a leading zero, which some programs read as octal | write `192.168.1.10`");
        assert_eq!(verdict("ip", "192.168.1.300"), "`300` is above 255 | ");
        assert_eq!(verdict("ip", "192.168.1"), "an IPv4 address has four numbers, this has 3 | ");
        assert_eq!(verdict("ip", "::ffff:10.0.0.1"), "IPv4 addresses in IPv6 form are not allowed | write `10.0.0.1`");
        assert!(verdict("ip", "primer").starts_with("it is neither IPv4 nor IPv6"));
    }

    #[test]
    fn networks() {
        assert_eq!(verdict("cidr", "fd00::/64"), "ok");
        assert_eq!(verdict("cidr", "0.0.0.0/0"), "ok");
        assert_eq!(verdict("cidr", "10.0.0.0/33"), "the prefix length `33` is no number from 0 to 32 | ");
        assert_eq!(verdict("cidr", "10.0.0.0/+8"), "the prefix length `+8` is no number from 0 to 32 | ");
        assert_eq!(verdict("cidr", "10.42.3.1/16"), "it has bits set after the prefix | the network is `10.42.0.0/16`");
        assert_eq!(verdict("cidr", "10.42.0.0"), "it has no prefix length | a single address is `10.42.0.0/32`");
        assert_eq!(verdict("cidr", "10.42.0/16"), "`10.42.0`: an IPv4 address has four numbers, this has 3 | ");
    }

    #[test]
    fn dual_stack_networks() {
        assert_eq!(verdict("cidrs", "10.42.0.0/16,fd42::/56"), "ok");
        assert!(verdict("cidrs", "10.42.0.0/16,10.44.0.0/16").starts_with("two networks must be one IPv4 and one IPv6"));
        assert_eq!(verdict("cidrs", "10.42.0.0/16, fd42::/56"), "blanks have no place beside the comma | write `10.42.0.0/16,fd42::/56`");
        assert_eq!(verdict("cidrs", "10.42.0.0/16,"), "``: it has no prefix length | write it like `10.42.0.0/16`");
    }

    #[test]
    fn hosts() {
        for good in ["192.168.1.10", "fd00::1", "headscale.example.com", "primer"] {
            assert_eq!(verdict("host", good), "ok", "{good}");
        }
        assert_eq!(verdict("host", "https://a.example.com/x"), "a URL is not wanted here | write the host alone: `a.example.com`");
        assert_eq!(verdict("host", "a.example.com:443"), "a port has no place here | write the host alone: `a.example.com`");
        assert_eq!(verdict("host", "192.168.1.300"), "`300` is above 255 | ");
    }
}
