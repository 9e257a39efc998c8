//! Addresses as bytes.

use std::net::{IpAddr, SocketAddr};

use bytes::Buf;

/// A 4 or a 6, and the address.
pub(super) fn put_address(bytes: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            bytes.push(4);
            bytes.extend(address.octets());
        }
        IpAddr::V6(address) => {
            bytes.push(6);
            bytes.extend(address.octets());
        }
    }
}

pub(super) fn get_address(bytes: &mut impl Buf) -> Option<IpAddr> {
    match bytes.try_get_u8().ok()? {
        4 => {
            let mut octets = [0; 4];
            bytes.try_copy_to_slice(&mut octets).ok()?;
            Some(octets.into())
        }
        6 => {
            let mut octets = [0; 16];
            bytes.try_copy_to_slice(&mut octets).ok()?;
            Some(octets.into())
        }
        _ => None,
    }
}

pub(super) fn put_endpoint(bytes: &mut Vec<u8>, endpoint: SocketAddr) {
    put_address(bytes, endpoint.ip());
    bytes.extend(endpoint.port().to_be_bytes());
}

pub(super) fn get_endpoint(bytes: &mut impl Buf) -> Option<SocketAddr> {
    let address = get_address(bytes)?;
    Some(SocketAddr::new(address, bytes.try_get_u16().ok()?))
}
