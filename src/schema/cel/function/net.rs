//! Addresses, networks and URLs.

use std::net::IpAddr;
use std::rc::Rc;

use crate::schema::cel::evaluate::Evaluation;
use crate::schema::cel::url::Url;
use crate::schema::cel::value::{Outcome, Stop, Val, failed};

use super::Answer;

pub(super) fn function<'a>(name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let [Val::String(text)] = arguments else { return None };
    Some(match name {
        "ip" => address(text).map(Val::Ip),
        "isIP" => Ok(Val::Bool(address(text).is_ok())),
        "ip.isCanonical" => address(text).map(|address| Val::Bool(address.to_string() == **text)),
        "cidr" => network(text).map(|(address, bits)| Val::Cidr(address, bits)),
        "isCIDR" => Ok(Val::Bool(network(text).is_ok())),
        "url" => Url::read(text).map_or_else(|| failed("URL parse error during conversion from string"), |url| Ok(Val::Url(Rc::new(url)))),
        "isURL" => Ok(Val::Bool(Url::read(text).is_some())),
        _ => return None,
    })
}

pub(super) fn method<'a>(evaluation: &Evaluation, name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let (target, arguments) = arguments.split_first()?;
    match target {
        Val::Ip(address) if arguments.is_empty() => of_address(*address, name).map(Ok),
        Val::Cidr(address, bits) => of_network((*address, *bits), name, arguments),
        Val::Url(url) if arguments.is_empty() => of_url(evaluation, url, name),
        _ => None,
    }
}

/// An address as the server takes it: without a zone, and none of IPv4 written as IPv6.
fn address(text: &str) -> Result<IpAddr, Stop> {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some() => {
            failed(format!("IPv4-mapped IPv6 address {text:?} is not allowed"))
        }
        Ok(address) => Ok(address),
        Err(_) => failed(format!("IP Address {text:?} parse error during conversion from string")),
    }
}

fn network(text: &str) -> Result<(IpAddr, u8), Stop> {
    let broken = || Stop::Failed(format!("network address parse error during conversion from string: {text:?}"));
    let (front, bits) = text.rsplit_once('/').ok_or_else(broken)?;
    let address = address(front).map_err(|_| broken())?;
    let is_number = bits.bytes().all(|byte| byte.is_ascii_digit()) && (bits == "0" || !bits.starts_with('0'));
    let bits: u8 = bits.parse().ok().filter(|_| is_number).ok_or_else(broken)?;
    if bits > width(address) { Err(broken()) } else { Ok((address, bits)) }
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn of_address<'a>(address: IpAddr, name: &str) -> Option<Val<'a>> {
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    let is_broadcast = matches!(address, IpAddr::V4(address) if address.is_broadcast());
    Some(match name {
        "family" => Val::Int(if address.is_ipv4() { 4 } else { 6 }),
        "isUnspecified" => Val::Bool(address.is_unspecified()),
        "isLoopback" => Val::Bool(address.is_loopback()),
        "isLinkLocalMulticast" => Val::Bool(match address {
            IpAddr::V4(address) => address.octets()[..3] == [224, 0, 0],
            IpAddr::V6(address) => address.segments()[0] & 0xff0f == 0xff02,
        }),
        "isLinkLocalUnicast" => Val::Bool(is_link_local),
        // As Go sees it: private addresses count.
        "isGlobalUnicast" => {
            Val::Bool(!address.is_unspecified() && !address.is_loopback() && !address.is_multicast() && !is_link_local && !is_broadcast)
        }
        _ => return None,
    })
}

/// The bits of an address, to the left.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or_default()
}

fn contains((network, length): (IpAddr, u8), address: IpAddr) -> bool {
    network.is_ipv4() == address.is_ipv4() && (bits(network) ^ bits(address)) & mask(length) == 0
}

fn of_network<'a>((address_of, length): (IpAddr, u8), name: &str, arguments: &[Val<'a>]) -> Answer<'a> {
    let this = (address_of, length);
    let holds = |(other, bits): (IpAddr, u8)| length <= bits && contains(this, other);
    Some(match (name, arguments) {
        ("containsIP", [Val::Ip(other)]) => Ok(Val::Bool(contains(this, *other))),
        ("containsIP", [Val::String(text)]) => address(text).map(|other| Val::Bool(contains(this, other))),
        ("containsCIDR", [Val::Cidr(other, bits)]) => Ok(Val::Bool(holds((*other, *bits)))),
        ("containsCIDR", [Val::String(text)]) => network(text).map(|other| Val::Bool(holds(other))),
        ("ip", []) => Ok(Val::Ip(address_of)),
        ("prefixLength", []) => Ok(Val::Int(i64::from(length))),
        ("masked", []) => {
            let masked = bits(address_of) & mask(length);
            let address = match address_of {
                IpAddr::V4(_) => u32::try_from(masked >> 96).ok().map(|bits| IpAddr::V4(bits.into())),
                IpAddr::V6(_) => Some(IpAddr::V6(masked.into())),
            };
            address.map_or(Err(Stop::Unknown), |address| Ok(Val::Cidr(address, length)))
        }
        _ => return None,
    })
}

fn of_url<'a>(evaluation: &Evaluation, url: &Url, name: &str) -> Answer<'a> {
    let text = |text: &str| Some(Ok(Val::text(text.to_owned())));
    match name {
        "getScheme" => text(&url.scheme),
        "getHost" => text(&url.host),
        "getHostname" => text(url.hostname()),
        "getPort" => text(url.port()),
        "getEscapedPath" => text(&url.path),
        "getQuery" => Some(query(evaluation, url)),
        _ => None,
    }
}

fn query<'a>(evaluation: &Evaluation, url: &Url) -> Outcome<'a> {
    evaluation.pay(url.query.len())?;
    let pairs = url.query().into_iter().map(|(name, values)| (Val::text(name), Val::texts(values)));
    Ok(Val::Map(Rc::new(pairs.collect())))
}
