//! Who answers: ICMP echo requests (RFC 792; RFC 4443, section 4), without a program of the system's.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, ipproto, recv, sendto, socket};

/// Requests are sent anew after this long: the first may be lost while two nodes still greet each other.
const AGAIN: Duration = Duration::from_millis(500);

/// What tells our requests from those of others, where the kernel does not.
const MARK: [u8; 8] = *b"mesh-up?";

/// Whether each address answers within some time; `None` where nothing could be asked, for want of permission.
pub(super) fn answers(addresses: &[IpAddr], patience: Duration) -> Vec<Option<bool>> {
    let mut seen: Vec<Option<bool>> = vec![None; addresses.len()];
    for v4 in [true, false] {
        let asked: Vec<usize> = (0..addresses.len()).filter(|at| addresses[*at].is_ipv4() == v4).collect();
        if asked.is_empty() {
            continue;
        }
        let Some(socket) = Socket::open(v4) else { continue };
        for at in &asked {
            seen[*at] = Some(false);
        }
        socket.ask(addresses, &asked, &mut seen, patience);
    }
    seen
}

struct Socket {
    descriptor: OwnedFd,
    v4: bool,
    /// Whether what is received begins with the IP header.
    raw: bool,
}

impl Socket {
    /// A socket for everybody where the system lets this user have one (`net.ipv4.ping_group_range`), or else one of root's.
    fn open(v4: bool) -> Option<Self> {
        let (family, protocol) = if v4 { (AddressFamily::INET, ipproto::ICMP) } else { (AddressFamily::INET6, ipproto::ICMPV6) };
        let open = |kind, raw| socket(family, kind, Some(protocol)).ok().map(|descriptor| Self { descriptor, v4, raw });
        open(SocketType::DGRAM, false).or_else(|| open(SocketType::RAW, true))
    }

    fn ask(&self, addresses: &[IpAddr], asked: &[usize], seen: &mut [Option<bool>], patience: Duration) {
        let began = Instant::now();
        let mut sent: Option<Instant> = None;
        while began.elapsed() < patience && asked.iter().any(|at| seen[*at] == Some(false)) {
            if sent.is_none_or(|sent| sent.elapsed() >= AGAIN) {
                for at in asked.iter().filter(|at| seen[**at] == Some(false)) {
                    // Without a route the answer is the same as without an answer.
                    let _ = sendto(&self.descriptor, &self.request(*at), SendFlags::empty(), &SocketAddr::new(addresses[*at], 0));
                }
                sent = Some(Instant::now());
            }
            let left = patience.saturating_sub(began.elapsed()).min(AGAIN);
            let wait = Timespec { tv_sec: 0, tv_nsec: i64::from(left.subsec_nanos().max(1_000_000)) };
            match poll(&mut [PollFd::new(&self.descriptor, PollFlags::IN)], Some(&wait)) {
                Ok(0) | Err(Errno::INTR) => continue,
                Ok(_) => {}
                Err(_) => return,
            }
            let mut packet = [0; 256];
            if let Ok((length, _)) = recv(&self.descriptor, &mut packet[..], RecvFlags::DONTWAIT)
                && let Some(at) = self.answered(&packet[..length.min(256)]).filter(|at| asked.contains(at))
            {
                seen[at] = Some(true);
            }
        }
    }

    /// Type, code, checksum, identifier, sequence number, data.
    fn request(&self, at: usize) -> Vec<u8> {
        let mut packet = vec![if self.v4 { 8 } else { 128 }, 0, 0, 0, 0x6d, 0x67, 0, 0];
        packet[6..8].copy_from_slice(&number(at).to_be_bytes());
        packet.extend(MARK);
        packet.extend(std::process::id().to_be_bytes());
        if self.v4 {
            // The kernel knows the addresses that ICMPv6's checksum is made of; ICMP's is ours.
            let sum = checksum(&packet);
            packet[2..4].copy_from_slice(&sum.to_be_bytes());
        }
        packet
    }

    /// The place of the address that an answer comes from.
    fn answered(&self, packet: &[u8]) -> Option<usize> {
        let packet = if self.raw && self.v4 { packet.get(usize::from(packet.first()? & 15) * 4..)? } else { packet };
        let ours = packet.get(8..16)? == MARK && packet.get(16..20)? == std::process::id().to_be_bytes();
        let is_reply = *packet.first()? == if self.v4 { 0 } else { 129 };
        (ours && is_reply).then(|| usize::from(u16::from_be_bytes([packet[6], packet[7]])))
    }
}

/// A mesh has far fewer nodes.
fn number(at: usize) -> u16 {
    u16::try_from(at).unwrap_or(u16::MAX)
}

/// RFC 1071, of a packet with an even number of bytes.
fn checksum(packet: &[u8]) -> u16 {
    let mut sum: u32 = packet.chunks_exact(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        // The example of RFC 1071, section 3.
        assert_eq!(checksum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]), !0xddf2);
        let socket = Socket { descriptor: std::fs::File::open("/dev/null").expect("a file").into(), v4: true, raw: false };
        assert_eq!(checksum(&socket.request(7)), 0);
    }

    #[test]
    fn only_own_answers_count() {
        let socket = Socket { descriptor: std::fs::File::open("/dev/null").expect("a file").into(), v4: true, raw: true };
        let mut packet = vec![0x45; 20];
        packet.extend(socket.request(3));
        assert_eq!(socket.answered(&packet), None);
        packet[20] = 0;
        assert_eq!(socket.answered(&packet), Some(3));
        let last = packet.len() - 1;
        packet[last] ^= 1;
        assert_eq!(socket.answered(&packet), None);
        assert_eq!(socket.answered(&[]), None);
    }
}
