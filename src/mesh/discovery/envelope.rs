//! The envelope of each datagram: which node wrote it, for whom, and that it is new.
//!
//! WireGuard proves which node a packet came through. It does not prove who on that node wrote it: any process there may send from the
//! node's address, and so may pods, whose packets are masqueraded with it. Hence a second proof, by the nodes' own keys: each two have a secret
//! together (X25519, RFC 7748), out of which come two keys for HMAC-SHA256 (RFC 2104, by HKDF, RFC 5869), one for each direction, so that nothing
//! can be sent back to who wrote it.

use ring::{hkdf, hmac};

use crate::diag::{Error, Result};

/// What the keys are for; WireGuard makes others of the same secret.
const CONTEXT: &[u8] = b"manifestgen mesh discovery 1";
const VERSION: u8 = 1;
/// The version and the number.
const HEAD: usize = 1 + 8;
const TAG: usize = 32;

/// What the envelope adds to a message, in bytes.
pub(super) const ENVELOPE: usize = HEAD + TAG;

/// Why a datagram comes to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is from an address of no node in the mesh, or from another port.
    Stranger,
    /// Its code is not of the key that its sender has with this node.
    Forged,
    /// It is not newer than the last one.
    Old,
    /// It is too short or too long, of another version, or holds what nobody says.
    Unreadable,
    /// So many are not looked at.
    TooMany,
}

/// What one node and another prove their datagrams with.
pub(super) struct Pair {
    outward: hmac::Key,
    inward: hmac::Key,
    sent: u64,
    received: u64,
}

impl Pair {
    /// `secret` is what both have together, `own` and `other` are their public keys.
    pub(super) fn new(secret: &[u8; 32], own: &str, other: &str) -> Result<Self> {
        let random = hkdf::Salt::new(hkdf::HKDF_SHA256, CONTEXT).extract(secret);
        let key = |from: &str, to: &str| -> Result<hmac::Key> {
            // All public keys have 44 characters, so that no two pairs give one text.
            let info = [from.as_bytes(), to.as_bytes()];
            let made = random.expand(&info, hmac::HMAC_SHA256).map(hmac::Key::from);
            made.map_err(|_| Error::internal("a key cannot be derived"))
        };
        Ok(Self { outward: key(own, other)?, inward: key(other, own)?, sent: 0, received: 0 })
    }

    /// Puts a message into an envelope. `clock`: nanoseconds since 1970, so that numbers go on rising when this program starts anew.
    pub(super) fn seal(&mut self, clock: u64, message: &[u8]) -> Vec<u8> {
        self.sent = clock.max(self.sent.saturating_add(1));
        let mut datagram = Vec::with_capacity(message.len() + ENVELOPE);
        datagram.push(VERSION);
        datagram.extend(self.sent.to_be_bytes());
        datagram.extend(message);
        let tag = hmac::sign(&self.outward, &datagram);
        datagram.extend(tag.as_ref());
        datagram
    }

    /// The message of a datagram. What came out of order is lost like what never came: gossip says everything more than once.
    pub(super) fn open<'a>(&mut self, datagram: &'a [u8]) -> Result<&'a [u8], Refused> {
        let (signed, tag) = datagram.split_at_checked(datagram.len().saturating_sub(TAG)).ok_or(Refused::Unreadable)?;
        let (head, message) = signed.split_at_checked(HEAD).ok_or(Refused::Unreadable)?;
        let number: [u8; 8] = head[1..].try_into().map_err(|_| Refused::Unreadable)?;
        if head[0] != VERSION {
            return Err(Refused::Unreadable);
        }
        hmac::verify(&self.inward, signed, tag).map_err(|_| Refused::Forged)?;
        let number = u64::from_be_bytes(number);
        if number <= self.received {
            return Err(Refused::Old);
        }
        self.received = number;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The two ends of one secret.
    fn ends(secret: u8) -> (Pair, Pair) {
        let end = |own, other| Pair::new(&[secret; 32], own, other).expect("a pair");
        (end("a", "b"), end("b", "a"))
    }

    #[test]
    fn a_message_arrives_once() {
        let (mut a, mut b) = ends(1);
        let first = a.seal(1000, b"first");
        assert_eq!(b.open(&first), Ok(&b"first"[..]));
        assert_eq!(b.open(&first), Err(Refused::Old));
        // The clock stands still, or goes back.
        let (second, third) = (a.seal(1000, b"second"), a.seal(3, b""));
        assert_eq!(b.open(&third), Ok(&b""[..]));
        assert_eq!(b.open(&second), Err(Refused::Old));
    }

    #[test]
    fn nobody_else_can_have_written_it() {
        let (mut a, mut b) = ends(1);
        let (mut stranger, _) = ends(2);
        assert_eq!(b.open(&stranger.seal(1, b"x")), Err(Refused::Forged));
        // Sent back to who wrote it.
        let own = a.seal(1, b"x");
        assert_eq!(a.open(&own), Err(Refused::Forged));
        // What was refused does not count as received.
        assert_eq!(b.open(&own), Ok(&b"x"[..]));
    }

    #[test]
    fn a_sender_that_starts_anew_is_believed() {
        let (mut a, mut b) = ends(1);
        assert!(b.open(&a.seal(1000, b"x")).is_ok());
        let (mut again, _) = ends(1);
        assert_eq!(b.open(&again.seal(2000, b"y")), Ok(&b"y"[..]));
        // What the former life sent is old now.
        assert_eq!(b.open(&a.seal(1001, b"z")), Err(Refused::Old));
    }

    proptest! {
        #[test]
        fn any_changed_byte_is_seen(message in prop::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let (mut a, mut b) = ends(1);
            let mut datagram = a.seal(1, &message);
            let at = at.index(datagram.len());
            datagram[at] ^= 1 << bit;
            prop_assert!(b.open(&datagram).is_err());
        }

        #[test]
        fn anything_may_come(datagram in prop::collection::vec(any::<u8>(), 0..2000)) {
            let (_, mut b) = ends(1);
            prop_assert!(b.open(&datagram).is_err());
        }

        /// However they are lost, doubled and put out of order.
        #[test]
        fn no_number_is_taken_twice(order in prop::collection::vec(0..20_usize, 0..60)) {
            let (mut a, mut b) = ends(1);
            let datagrams: Vec<Vec<u8>> = (0..20_u8).map(|number| a.seal(0, &[number])).collect();
            let taken: Vec<u8> = order.iter().filter_map(|at| b.open(&datagrams[*at]).ok()).map(|message| message[0]).collect();
            prop_assert!(taken.windows(2).all(|two| two[0] < two[1]), "{taken:?}");
        }
    }
}
