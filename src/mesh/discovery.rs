//! Discovery: nodes whose endpoints change, or are not in the cluster file, learn where others are from each other.
//!
//! Each node runs it. They gossip inside of the mesh by SWIM (Das, Gupta, Motivala 2002), which `foca` does, and tell where they have just heard whom.
//! Whoever hears a peer changes nothing. Whoever has lost one has WireGuard call it where others say that it is, one place after
//! another; WireGuard's handshake proves the right one, and after wrong ones the peer is called where it was.
//!
//! What is believed of whom is in docs/MESH.md, "What discovery is safe against":
//! - `socket`: packets count that came out of the tunnel, from a node's own address and port there (WireGuard's cryptokey routing);
//! - `envelope`: and that were written by somebody who has that node's private key, and are new;
//! - `codec`: and then a node speaks for itself, and to another of that one, about life and death;
//! - `sighting`, `hints`: where a third one is, is a hint, one of each witness;
//! - `search`: and a hint is tried when nothing is lost by trying.

mod codec;
mod envelope;
mod gossip;
mod hints;
mod life;
mod limit;
mod observe;
mod peers;
mod report;
mod search;
mod sighting;
mod socket;
mod wire;

use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};

use ring::rand::{SecureRandom, SystemRandom};
use tokio::net::UdpSocket;
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::keys::PrivateKey;
use super::{Interface, Programs};
use crate::diag::{Error, ErrorKind, Progress, Result};
use crate::process::interrupted;

use envelope::ENVELOPE;
use gossip::Gossip;
use peers::Peers;
use report::{Desk, answer};
pub use report::{DiscoveryPeer, DiscoveryStatus, PeerState, Refusals, discovery_status};

/// How often WireGuard is asked, and something done about what it says.
const ROUND: Duration = Duration::from_secs(5);
/// The longest message where the tunnel takes it: RFC 8085, section 3.2, on datagrams that are not cut up.
const LONGEST: usize = 1200;
/// The headers of IPv6 and UDP.
const HEADERS: usize = 40 + 8;

/// Runs discovery for the interface of this node until it is told to end (SIGTERM, SIGINT, SIGHUP).
///
/// It sets endpoints of peers that the interface and the cluster file have, and nothing else: no keys, no allowed addresses, no peers. What it
/// knows is in memory alone.
///
/// # Errors
/// Usage: the cluster file has no discovery. Environment: no interface, another key, no permission, or it runs already.
pub async fn discover(interface: &Interface, programs: &Programs, progress: &dyn Progress) -> Result<()> {
    let port = interface.discovery.ok_or_else(|| {
        Error::usage("the cluster file says nothing of discovery").hint("add `discovery: {}` to the section `mesh`, for all nodes")
    })?;
    is_ours(interface, programs)?;
    let key = PrivateKey::read(Path::new(interface.private_key_file.as_str()))?;
    key.is_of(interface)?;
    let mut peers = Peers::new(interface, &key, Instant::now())?;
    drop(key);
    let address = interface.address.addr();
    let socket = socket::open(&interface.name, address, port)?;
    let desk = Desk::open(&interface.name)?;
    let longest = longest(interface);
    let mut gossip = Gossip::new(address, longest.saturating_sub(ENVELOPE), random()?);
    progress.note(&format!("`{}` gossips with {} others on {address}, port {port}", interface.node, interface.peers.len()));

    let mut told = pin!(interrupted());
    let mut rounds = interval(ROUND);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // One byte more than is taken, so that what is too long shows.
    let mut buffer = vec![0; longest + 1];
    loop {
        send(&socket, port, &mut peers, &mut gossip).await;
        let due = gossip.due().unwrap_or_else(|| Instant::now() + ROUND);
        tokio::select! {
            error = &mut told => {
                if error.kind != ErrorKind::Interrupted {
                    return Err(error);
                }
                break;
            }
            received = socket.recv_from(&mut buffer) => {
                // An error is of a packet that was sent, and is lost with it.
                if let Ok((length, from)) = received {
                    peers.receive(Instant::now(), from, &buffer[..length], &mut gossip);
                }
            }
            asked = desk.asked() => {
                if let Some(stream) = asked {
                    answer(stream, &peers.status(Instant::now(), &gossip)).await;
                }
            }
            () = sleep_until(due.into()) => gossip.go_on(Instant::now()),
            _ = rounds.tick() => peers.round(programs, &mut gossip, progress).await?,
        }
    }
    gossip.leave();
    send(&socket, port, &mut peers, &mut gossip).await;
    peers.go_back(programs).await
}

/// The longest datagram that goes through the tunnel in one piece.
fn longest(interface: &Interface) -> usize {
    LONGEST.min(usize::from(interface.mtu).saturating_sub(HEADERS))
}

/// An interface that was made by another version of the cluster file would not understand anybody.
fn is_ours(interface: &Interface, programs: &Programs) -> Result<()> {
    let key = programs.wg(&["show", &interface.name, "public-key"])?;
    if !key.good {
        let forbidden = key.stderr.contains("not permitted") || key.stderr.contains("ermission denied");
        let hint = if forbidden { "run it as root" } else { "`manifestgen mesh up NODE` brings it up" };
        return Err(Error::environment(format!("there is no interface `{}` of WireGuard", interface.name))
            .hint(hint)
            .caused_by(key.stderr));
    }
    if key.stdout != interface.public_key {
        return Err(Error::environment(format!("the key of `{}` is not the one of node `{}`", interface.name, interface.node))
            .hint("`manifestgen mesh up NODE` brings the interface up to date"));
    }
    Ok(())
}

async fn send(socket: &UdpSocket, port: u16, peers: &mut Peers, gossip: &mut Gossip) {
    for (to, message) in gossip.messages() {
        if let Some(datagram) = peers.seal(to, &message) {
            // A peer that has no endpoint yet cannot be sent anything.
            let _ = socket.send_to(&datagram, (to, port)).await;
        }
    }
}

fn random() -> Result<u64> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::environment("the system has no random numbers"))?;
    Ok(u64::from_be_bytes(bytes))
}
