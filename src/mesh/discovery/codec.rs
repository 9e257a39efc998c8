//! foca's messages as bytes, and what one node may say of another.
//!
//! SWIM lets every member tell of every other that it is dead, and passes that on. Here a node speaks for itself, and to another of that
//! one; what it says of third ones is read as nothing. So no member can have another one taken for dead, and nobody enters the table of
//! members but by a datagram of its own. That costs speed where a node dies, which nothing here waits for.

use std::mem;
use std::net::IpAddr;

use bytes::{Buf, BufMut};
use foca::{Codec, Header, Member, Message, State};

use super::life::Life;
use super::wire::{get_address, put_address};

/// What cannot be read, or has no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no message of discovery: {0}")]
pub(super) struct Unreadable(pub(super) &'static str);

/// Reads the members of the datagram whose header it read last.
#[derive(Debug, Default)]
pub(super) struct Speech {
    header: Option<(Life, Life)>,
    /// Whether the receiver was spoken of.
    named: bool,
}

/// Who a message says that it is from, and for whom; its header begins with both.
pub(super) fn addressed(mut message: &[u8]) -> Option<(IpAddr, IpAddr)> {
    let from = get_life(&mut message)?;
    message.try_get_u16().ok()?;
    Some((from.address, get_life(&mut message)?.address))
}

impl Codec<Life> for Speech {
    type Error = Unreadable;

    fn encode_header(&mut self, header: &Header<Life>, buf: impl BufMut) -> Result<(), Unreadable> {
        let mut bytes = Vec::with_capacity(64);
        put_life(&mut bytes, header.src);
        bytes.extend(header.src_incarnation.to_be_bytes());
        put_life(&mut bytes, header.dst);
        put_message(&mut bytes, &header.message);
        put_all(&bytes, buf)
    }

    fn decode_header(&mut self, mut buf: impl Buf) -> Result<Header<Life>, Unreadable> {
        (self.header, self.named) = (None, false);
        let header = get_header(&mut buf).ok_or(Unreadable("its header"))?;
        self.header = Some((header.src, header.dst));
        Ok(header)
    }

    fn encode_member(&mut self, member: &Member<Life>, buf: impl BufMut) -> Result<(), Unreadable> {
        let mut bytes = Vec::with_capacity(32);
        put_life(&mut bytes, *member.id());
        bytes.extend(member.incarnation().to_be_bytes());
        bytes.push(match member.state() {
            State::Alive => 0,
            State::Suspect => 1,
            State::Down => 2,
        });
        put_all(&bytes, buf)
    }

    fn decode_member(&mut self, mut buf: impl Buf) -> Result<Member<Life>, Unreadable> {
        let member = get_member(&mut buf).ok_or(Unreadable("a member"))?;
        let (sender, receiver) = self.header.ok_or(Unreadable("a member without a header"))?;
        // A receiver that is suspected tells others that it lives: once for a datagram, not once for each word in it.
        let is_receiver = *member.id() == receiver && !mem::replace(&mut self.named, true);
        // foca wants a member for each one that is read. That the sender lives is what it knows already.
        Ok(if is_receiver || *member.id() == sender { member } else { Member::alive(sender) })
    }
}

/// All of it or nothing, as foca demands.
fn put_all(bytes: &[u8], mut buf: impl BufMut) -> Result<(), Unreadable> {
    if buf.remaining_mut() < bytes.len() {
        return Err(Unreadable("no room"));
    }
    buf.put_slice(bytes);
    Ok(())
}

fn get_u8(buf: &mut impl Buf) -> Option<u8> {
    buf.try_get_u8().ok()
}

fn get_u16(buf: &mut impl Buf) -> Option<u16> {
    buf.try_get_u16().ok()
}

fn put_life(bytes: &mut Vec<u8>, life: Life) {
    put_address(bytes, life.address);
    bytes.extend(life.number.to_be_bytes());
}

fn get_life(buf: &mut impl Buf) -> Option<Life> {
    let address = get_address(buf)?;
    Some(Life { address, number: buf.try_get_u64().ok()? })
}

fn get_header(buf: &mut impl Buf) -> Option<Header<Life>> {
    let src = get_life(buf)?;
    let src_incarnation = get_u16(buf)?;
    let dst = get_life(buf)?;
    Some(Header { src, src_incarnation, dst, message: get_message(buf)? })
}

fn get_member(buf: &mut impl Buf) -> Option<Member<Life>> {
    let (life, incarnation) = (get_life(buf)?, get_u16(buf)?);
    let state = match get_u8(buf)? {
        0 => State::Alive,
        1 => State::Suspect,
        2 => State::Down,
        _ => return None,
    };
    Some(Member::new(life, incarnation, state))
}

fn put_message(bytes: &mut Vec<u8>, message: &Message<Life>) {
    let mut about = |tag: u8, life: &Life, number: u8| {
        bytes.push(tag);
        put_life(bytes, *life);
        bytes.push(number);
    };
    match message {
        Message::PingReq { target, probe_number } => about(2, target, *probe_number),
        Message::IndirectPing { origin, probe_number } => about(3, origin, *probe_number),
        Message::IndirectAck { target, probe_number } => about(4, target, *probe_number),
        Message::ForwardedAck { origin, probe_number } => about(5, origin, *probe_number),
        Message::Ping(number) => bytes.extend([0, *number]),
        Message::Ack(number) => bytes.extend([1, *number]),
        Message::Announce => bytes.push(6),
        Message::Feed => bytes.push(7),
        Message::Gossip => bytes.push(8),
        Message::Broadcast => bytes.push(9),
        Message::TurnUndead => bytes.push(10),
    }
}

fn get_message(buf: &mut impl Buf) -> Option<Message<Life>> {
    Some(match get_u8(buf)? {
        0 => Message::Ping(get_u8(buf)?),
        1 => Message::Ack(get_u8(buf)?),
        2 => Message::PingReq { target: get_life(buf)?, probe_number: get_u8(buf)? },
        3 => Message::IndirectPing { origin: get_life(buf)?, probe_number: get_u8(buf)? },
        4 => Message::IndirectAck { target: get_life(buf)?, probe_number: get_u8(buf)? },
        5 => Message::ForwardedAck { origin: get_life(buf)?, probe_number: get_u8(buf)? },
        6 => Message::Announce,
        7 => Message::Feed,
        8 => Message::Gossip,
        9 => Message::Broadcast,
        10 => Message::TurnUndead,
        _ => return None,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Two lives with IPv6 addresses, an incarnation, and a message with a third life.
    const LONGEST_HEADER: usize = 3 * (1 + 16 + 8) + 2 + 1 + 1;

    pub(in crate::mesh::discovery) fn life(host: u8, number: u64) -> Life {
        Life { address: [10, 250, 0, host].into(), number }
    }

    fn some_life() -> impl Strategy<Value = Life> {
        let address = prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)];
        (address, any::<u64>()).prop_map(|(address, number)| Life { address, number })
    }

    fn some_message() -> impl Strategy<Value = Message<Life>> {
        let about = || (some_life(), any::<u8>());
        prop_oneof![
            any::<u8>().prop_map(Message::Ping),
            any::<u8>().prop_map(Message::Ack),
            about().prop_map(|(target, probe_number)| Message::PingReq { target, probe_number }),
            about().prop_map(|(origin, probe_number)| Message::IndirectPing { origin, probe_number }),
            about().prop_map(|(target, probe_number)| Message::IndirectAck { target, probe_number }),
            about().prop_map(|(origin, probe_number)| Message::ForwardedAck { origin, probe_number }),
            Just(Message::Announce),
            Just(Message::Feed),
            Just(Message::Gossip),
            Just(Message::Broadcast),
            Just(Message::TurnUndead),
        ]
    }

    proptest! {
        #[test]
        fn headers_come_back(src in some_life(), dst in some_life(), src_incarnation in any::<u16>(), message in some_message()) {
            let header = Header { src, src_incarnation, dst, message };
            let mut bytes = Vec::new();
            Speech::default().encode_header(&header, &mut bytes).expect("room");
            prop_assert!(bytes.len() <= LONGEST_HEADER);
            prop_assert_eq!(addressed(&bytes), Some((src.address, dst.address)));
            let mut rest = &bytes[..];
            prop_assert_eq!(Speech::default().decode_header(&mut rest).expect("a header"), header);
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn anything_may_come(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let mut speech = Speech::default();
            let mut rest = &bytes[..];
            if speech.decode_header(&mut rest).is_ok() {
                let _ = speech.decode_member(&mut rest);
            }
            prop_assert!(Speech::default().decode_member(&bytes[..]).is_err());
        }

        #[test]
        fn without_room_nothing_is_written(room in 0..12_usize) {
            let mut bytes = Vec::new();
            let failed = Speech::default().encode_member(&Member::alive(life(1, 1)), (&mut bytes).limit(room)).is_err();
            prop_assert!(failed && bytes.is_empty());
        }
    }

    /// What a receiver reads of a member in a datagram from 1 to 2.
    fn read(member: Member<Life>) -> Member<Life> {
        let (mut there, mut here, mut bytes) = (Speech::default(), Speech::default(), Vec::new());
        let header = Header { src: life(1, 10), src_incarnation: 3, dst: life(2, 20), message: Message::Gossip };
        there.encode_header(&header, &mut bytes).expect("room");
        there.encode_member(&member, &mut bytes).expect("room");
        let mut rest = &bytes[..];
        here.decode_header(&mut rest).expect("a header");
        here.decode_member(&mut rest).expect("a member")
    }

    #[test]
    fn nobody_speaks_for_a_third_one() {
        let nothing = Member::alive(life(1, 10));
        for state in [State::Alive, State::Suspect, State::Down] {
            // Of itself, and of whom it talks to.
            for one in [life(1, 10), life(2, 20)] {
                assert_eq!(read(Member::new(one, 5, state)), Member::new(one, 5, state));
            }
            // Of a third one, of a life of the receiver's that is none, and of another one of its own.
            for one in [life(3, 30), life(2, 21), life(1, 11)] {
                assert_eq!(read(Member::new(one, 5, state)), nothing);
            }
        }
    }
}
