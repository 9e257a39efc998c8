//! What nodes tell each other: where they have seen a third one, or where they can be called themselves.

use std::cell::RefCell;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use bytes::Buf;
use foca::{BroadcastHandler, Invalidates};

use super::codec::Unreadable;
use super::life::Life;
use super::wire::{get_address, get_endpoint, put_address, put_endpoint};

/// A node was there some time ago, says whoever sends it. It is a hint: WireGuard's own handshake proves it, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sighting {
    /// The node, by its address in the mesh.
    pub(super) subject: IpAddr,
    /// Outside of the mesh.
    pub(super) endpoint: SocketAddr,
    /// Seconds since the sender last heard from there; 0 where it speaks of itself.
    pub(super) age: u16,
}

impl Sighting {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(40);
        put_address(&mut bytes, self.subject);
        put_endpoint(&mut bytes, self.endpoint);
        bytes.extend(self.age.to_be_bytes());
        bytes
    }

    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        let sighting = Self { subject: get_address(bytes)?, endpoint: get_endpoint(bytes)?, age: bytes.try_get_u16().ok()? };
        (!bytes.has_remaining()).then_some(sighting)
    }
}

/// What others said since this was last looked into, each with who said it.
pub(super) type Said = Rc<RefCell<Vec<(IpAddr, Sighting)>>>;

/// Takes what others say, and passes nothing on: what a node says is its own, so that one that lies has one voice, however many listen.
pub(super) struct Ear {
    pub(super) said: Said,
}

/// What a newer sighting takes the place of, where the older one is still to be sent: of each node one of each family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Topic {
    subject: IpAddr,
    is_v4: bool,
}

impl Invalidates for Topic {
    fn invalidates(&self, other: &Self) -> bool {
        self == other
    }
}

impl BroadcastHandler<Life> for Ear {
    type Key = Topic;
    type Error = Unreadable;

    fn receive_item(&mut self, data: &[u8], sender: Option<&Life>) -> Result<Option<Topic>, Unreadable> {
        let sighting = Sighting::read(data).ok_or(Unreadable("a sighting"))?;
        match sender {
            // Our own: to be sent.
            None => Ok(Some(Topic { subject: sighting.subject, is_v4: sighting.endpoint.is_ipv4() })),
            Some(sender) => {
                self.said.borrow_mut().push((sender.address, sighting));
                Ok(None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn some_address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
    }

    proptest! {
        #[test]
        fn sightings_come_back_whole_or_not_at_all(subject in some_address(), ip in some_address(), port in any::<u16>(), age in any::<u16>()) {
            let sighting = Sighting { subject, endpoint: SocketAddr::new(ip, port), age };
            let bytes = sighting.write();
            prop_assert_eq!(Sighting::read(&bytes), Some(sighting));
            for length in 0..bytes.len() {
                prop_assert_eq!(Sighting::read(&bytes[..length]), None);
            }
            prop_assert_eq!(Sighting::read(&[&bytes[..], &[0]].concat()), None);
        }

        #[test]
        fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let read = Sighting::read(&bytes);
            prop_assert!(read.is_none_or(|sighting| sighting.write() == bytes));
        }
    }
}
