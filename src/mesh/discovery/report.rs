//! What discovery knows, and how `mesh status` asks for it: by a socket that only root may open. Nothing of it is in a file.

use std::fs::{self, DirBuilder, Permissions};
use std::io::Read;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::UnixListener;
use tokio::time::timeout;

use super::envelope::Refused;
use crate::diag::{Error, Result};

/// Where running programs keep their sockets (hier(7)); it is empty after a start of the machine.
const FOLDER: &str = "/run/manifestgen";
const PATIENCE: Duration = Duration::from_secs(1);
/// A peer takes some hundred bytes.
const LONGEST: u64 = 4 << 20;

/// How discovery fares on this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryStatus {
    /// This node's name.
    pub node: String,
    /// The UDP port in the mesh.
    pub port: u16,
    /// The others, by name.
    pub peers: Vec<DiscoveryPeer>,
    /// Datagrams that were not believed or not looked at, since the start.
    pub refused: Refusals,
}

/// Another node, as discovery sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryPeer {
    /// Its name.
    pub name: String,
    /// Whether it runs discovery, too, and this node heard of that.
    pub is_member: bool,
    /// What is being done about it.
    pub state: PeerState,
    /// Seconds since something came from it, or since the start.
    pub silent_for: u64,
    /// Where it is called now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<SocketAddr>,
    /// Where it was heard last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proven: Option<SocketAddr>,
    /// Where it may be, the likeliest first.
    pub candidates: Vec<SocketAddr>,
}

/// What is being done about a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PeerState {
    /// It is heard: nothing.
    Heard,
    /// It has been silent for some seconds and is asked for a sign of life.
    Asking,
    /// It is called where it may be.
    Trying,
    /// It was nowhere; after a pause, or when somebody says something new, it is looked for again.
    Resting,
}

/// Datagrams that came to nothing, by why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusals {
    /// From an address of no node in the mesh, or from another port.
    pub stranger: u64,
    /// Not made with the key of the node whose address it came from.
    pub forged: u64,
    /// Seen before, or overtaken by a newer one.
    pub old: u64,
    /// Too long, or nothing that can be read.
    pub unreadable: u64,
    /// More than are looked at in that time.
    pub too_many: u64,
}

impl Refusals {
    pub(super) const fn count(&mut self, why: Refused) {
        let counter = match why {
            Refused::Stranger => &mut self.stranger,
            Refused::Forged => &mut self.forged,
            Refused::Old => &mut self.old,
            Refused::Unreadable => &mut self.unreadable,
            Refused::TooMany => &mut self.too_many,
        };
        *counter += 1;
    }
}

fn path(interface: &str) -> PathBuf {
    Path::new(FOLDER).join(format!("mesh-{interface}.sock"))
}

/// How discovery fares for an interface of this machine; none where it does not run, or may not be asked.
#[must_use]
pub fn discovery_status(interface: &str) -> Option<DiscoveryStatus> {
    let stream = UnixStream::connect(path(interface)).ok()?;
    // A round of discovery may just wait for `wg`.
    stream.set_read_timeout(Some(PATIENCE * 10)).ok()?;
    let mut text = Vec::new();
    stream.take(LONGEST).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Answers who asks. It goes with its file when it is dropped.
pub(super) struct Desk {
    listener: UnixListener,
    path: PathBuf,
}

impl Desk {
    pub(super) fn open(interface: &str) -> Result<Self> {
        let path = path(interface);
        let cannot = |cause: std::io::Error| Error::environment(format!("cannot make `{}`", path.display())).caused_by(cause);
        DirBuilder::new().recursive(true).mode(0o700).create(FOLDER).map_err(cannot)?;
        if UnixStream::connect(&path).is_ok() {
            return Err(Error::environment(format!("discovery runs already for `{interface}`")).hint("`manifestgen mesh status` asks it"));
        }
        // One that nobody listens on is left over from a program that was killed.
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => return Err(cannot(cause)),
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(cannot)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(cannot)?;
        Ok(Self { listener, path })
    }

    /// Waits until somebody asks. `None` where asking failed: that is the asker's trouble.
    pub(super) async fn asked(&self) -> Option<tokio::net::UnixStream> {
        self.listener.accept().await.ok().map(|(stream, _)| stream)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        // A file that stays is removed by the next start.
        let _ = fs::remove_file(&self.path);
    }
}

/// Answers one that asks and does not listen for long.
pub(super) async fn answer(mut stream: tokio::net::UnixStream, status: &DiscoveryStatus) {
    let text = serde_json::to_vec(status).unwrap_or_default();
    // Who hung up wants no answer.
    let _ = timeout(PATIENCE, stream.write_all(&text)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_one_document() {
        let status = DiscoveryStatus {
            node: "cellar".to_owned(),
            port: 51822,
            peers: vec![DiscoveryPeer {
                name: "primer".to_owned(),
                is_member: true,
                state: PeerState::Trying,
                silent_for: 31,
                endpoint: "203.0.113.9:51820".parse().ok(),
                proven: None,
                candidates: vec![([203, 0, 113, 9], 51820).into()],
            }],
            refused: Refusals { forged: 2, ..Refusals::default() },
        };
        let text = serde_json::to_string_pretty(&status).expect("JSON");
        assert_eq!(serde_json::from_str::<DiscoveryStatus>(&text).expect("the same"), status);
        insta::assert_snapshot!(text, @r#"
        {
          "node": "cellar",
          "port": 51822,
          "peers": [
            {
              "name": "primer",
              "isMember": true,
              "state": "trying",
              "silentFor": 31,
              "endpoint": "203.0.113.9:51820",
              "candidates": [
                "203.0.113.9:51820"
              ]
            }
          ],
          "refused": {
            "stranger": 0,
            "forged": 2,
            "old": 0,
            "unreadable": 0,
            "tooMany": 0
          }
        }
        "#);
    }
}
