//! The WireGuard mesh between nodes: who has which address, each node's view of it, its files, the interface on this node, and how nodes find
//! each other when they are elsewhere.
//!
//! Private keys stay in files of their own on the nodes, which agenix decrypts there. Public keys stand beside the encrypted
//! files, where `secret create` and `secret rotate` write them.

mod allocate;
mod discovery;
mod echo;
mod interface;
mod keys;
mod networkd;
mod nixos;
mod programs;
mod status;
mod up;
mod wg_quick;
mod write_back;

pub use allocate::{allocate, missing};
pub use discovery::{DiscoveryPeer, DiscoveryStatus, PeerState, Refusals, discover, discovery_status};
pub use interface::{Interface, Peer, interface};
pub use keys::{Keys, public_keys};
pub use networkd::networkd;
pub use nixos::nixos;
pub use programs::Programs;
pub use status::{PeerStatus, Status, status};
pub use up::{Driver, Up, UpOptions, down, up};
pub use wg_quick::wg_quick;
pub use write_back::write_back;

/// A file of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFile {
    /// Its path on the node, absolute.
    pub path: String,
    /// Its text.
    pub contents: String,
}
