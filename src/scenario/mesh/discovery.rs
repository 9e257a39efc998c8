//! Nodes of the story whose addresses change, and that find each other again.

use std::fs::{self, File};
use std::io;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::time::sleep;

use super::node::Story;
use super::{NODES, look};
use crate::diag::{Error, Result};
use crate::scenario::report::Seen;

/// Two at once, so that neither is where the other one calls it, and neither can tell.
const MOVED: [usize; 2] = [1, 3];
/// The workers' cable to the network of the lab.
const CABLE: &str = "eth0";
/// A node whose discovery is lied to, and the one on which somebody without its key does that.
const LIED_TO: usize = 2;
const LIAR: usize = 4;
/// Discovery's port where the cluster file names none.
const PORT: u16 = 51822;
/// How often it is looked whether all are found. Discovery gives up on nobody before half a minute is over.
const LOOKS: usize = 40;

/// Gives two nodes other addresses.
pub(super) async fn moved(story: &mut Story) -> Seen<()> {
    let names = story.names();
    let mut told = Vec::new();
    for at in MOVED {
        let (old, new) = addresses(story, at);
        // The first one goes first: what is added beside it would go with it.
        let script = "ip address delete \"$1/24\" dev \"$0\" && ip address add \"$2/24\" dev \"$0\"";
        story.script(at, script, &[CABLE, &old.to_string(), &new.to_string()]).await?;
        told.push(format!("{} {old} is {new}", names[at]));
    }
    // Without discovery they stay lost to each other, however long they are asked.
    let seen = look(story, None, "6s").await?;
    let [one, other] = MOVED;
    if seen[one].silent.contains(&names[other]) && seen[other].silent.contains(&names[one]) {
        Ok(((), Some(format!("{}; neither answers the other", told.join(", ")))))
    } else {
        Err(Error::environment("they answer each other without discovery").caused_by(format!("{seen:?}")))
    }
}

/// Has a program on one node, which cannot read its key, send another one's discovery something from the node's own address and port.
pub(super) async fn forged(story: &mut Story) -> Seen<()> {
    story.discover(LIED_TO).await?;
    let (from, to) = (story.in_mesh(LIAR).await?, story.in_mesh(LIED_TO).await?);
    let network = format!("/proc/{}/ns/net", story.network.nodes()[LIAR].pid);
    // A thread of its own, because it does not come back from there.
    let sent = thread::spawn(move || send_from(&network, from, to)).join().map_err(|_| Error::internal("the sender failed"))?;
    sent.map_err(|cause| Error::environment("cannot send from a node").caused_by(cause))?;
    let mut seen = None;
    for _ in 0..LOOKS {
        let now = story.status(LIED_TO, "0s").await?;
        if now.forged == 1 && now.members == 0 {
            return Ok((
                (),
                Some(format!("{from} sent {to} a datagram without the proof: it is counted as forged, and {from} is no member")),
            ));
        }
        seen = Some(now);
        sleep(Duration::from_millis(250)).await;
    }
    Err(Error::environment("what was forged was not seen to be refused").caused_by(format!("{seen:?}")))
}

/// Discovery's version, a number, nothing to say, and zeros in the place of the proof.
fn send_from(network: &str, from: IpAddr, to: IpAddr) -> io::Result<()> {
    move_into_link_name_space(File::open(network)?.as_fd(), Some(LinkNameSpaceType::Network))?;
    let mut datagram = [0; 1 + 8 + 32];
    (datagram[0], datagram[8]) = (1, 1);
    UdpSocket::bind((from, PORT))?.send_to(&datagram, (to, PORT)).map(|_| ())
}

/// Runs discovery on all nodes until each has heard each, and ends it.
pub(super) async fn found(story: &mut Story) -> Seen<()> {
    for at in (0..NODES).filter(|at| *at != LIED_TO) {
        story.discover(at).await?;
    }
    let pairs = NODES * (NODES - 1);
    let mut seen = Vec::new();
    for _ in 0..LOOKS {
        seen = look(story, None, "2s").await?;
        let (answering, heard) = seen.iter().fold((0, 0), |(all, heard), node| (all + node.answering.len(), heard + node.heard));
        if (answering, heard) == (pairs, pairs) {
            return end(story).await.map(|()| ((), Some(format!("{answering} of {pairs} answer, and discovery hears {heard} of {pairs}"))));
        }
        sleep(Duration::from_secs(1)).await;
    }
    let logs: Vec<String> = (0..NODES).map(|at| fs::read_to_string(story.discovery_log(at)).unwrap_or_default()).collect();
    Err(Error::environment("they do not find each other").caused_by(format!("{seen:?}\n{}", logs.join("\n"))))
}

/// Each ends when it is told to, and leaves nothing but what it found.
async fn end(story: &Story) -> Result<()> {
    for at in 0..NODES {
        story.end_discovery(at).await?;
        let log =
            fs::read_to_string(story.discovery_log(at)).map_err(|cause| Error::environment("no log of discovery").caused_by(cause))?;
        if log.contains("error:") {
            return Err(Error::environment("discovery ends badly").caused_by(log));
        }
    }
    Ok(())
}

/// The address of a node in the network of the lab, and another one that nobody has there.
fn addresses(story: &Story, at: usize) -> (Ipv4Addr, Ipv4Addr) {
    let old = story.network.nodes()[at].address;
    let [a, b, c, host] = old.octets();
    (old, Ipv4Addr::new(a, b, c, host.wrapping_add(100)))
}
