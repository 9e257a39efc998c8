//! Nodes of the story whose addresses change, and that find each other again.

use std::fs;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::time::sleep;

use super::node::Story;
use super::{NODES, look};
use crate::diag::{Error, Result};
use crate::scenario::report::Seen;

/// Two at once, so that neither is where the other one calls it, and neither can tell.
const MOVED: [usize; 2] = [1, 3];
/// The workers' cable to the network of the lab.
const CABLE: &str = "eth0";
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

/// Runs discovery on all nodes until each has heard each, and ends it.
pub(super) async fn found(story: &mut Story) -> Seen<()> {
    for at in 0..NODES {
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
