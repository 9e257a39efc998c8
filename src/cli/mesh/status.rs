//! `mesh status`: the interface of this node and its peers.

use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::Outcome;
use crate::cli::config_args::ConfigArgs;
use crate::cli::plan::Format;
use crate::cli::release_args::duration;
use crate::diag::{Error, Result};
use crate::mesh::{self, DiscoveryPeer, Driver, PeerState, PeerStatus, Programs, Status};
use crate::process::Places;
use crate::ui::Ui;

/// Arguments of `mesh status`.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The interface
    #[arg(long, value_name = "NAME", default_value = "wg0")]
    interface: String,
    /// How long peers may take to answer; `0s` asks none
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = duration)]
    wait: Duration,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
}

pub(super) fn status(ui: &Ui, args: &StatusArgs) -> Result<Outcome> {
    // A node need not have the cluster file: then peers have no names.
    let wanted = args.config.path().is_some() || args.config.profile.is_some();
    let known = if wanted { Some(super::load(ui, &args.config)?) } else { None };
    let programs = Programs::find(&Places::from_environment(None))?;
    let patience = Some(args.wait).filter(|wait| !wait.is_zero());
    let status = mesh::status(&args.interface, known.as_ref().map(|(loaded, keys)| (loaded.cluster(), keys)), &programs, patience)?;
    let outcome = if status.is_good() { Outcome::Good } else { Outcome::Findings };
    if args.format == Format::Json {
        let mut document = json!({"version": 1});
        let body = serde_json::to_value(&status).map_err(|cause| Error::internal("the state does not serialize").caused_by(cause))?;
        if let (Some(document), Some(body)) = (document.as_object_mut(), body.as_object()) {
            document.extend(body.clone());
        }
        ui.data(&format!("{document}\n"))?;
        return Ok(outcome);
    }
    ui.data(&text(&status))?;
    if known.is_some() && status.node.is_none() {
        ui.warning(&format!("the key of `{}` is of no node in the cluster file", status.interface));
    }
    if status.peers.iter().any(|peer| !peer.configured) {
        ui.hint("`manifestgen mesh up NODE` makes the interface know all nodes of the cluster file");
    }
    Ok(outcome)
}

fn text(status: &Status) -> String {
    let driver = match status.driver {
        Driver::Kernel => "kernel",
        Driver::Userspace => "user space",
    };
    let node = status.node.as_ref().map(|node| format!(" of node {node}")).unwrap_or_default();
    let mut lines = vec![format!("{}{node}: {}, port {}, {driver}", status.interface, status.public_key, status.listen_port)];
    lines.extend(status.peers.iter().map(line));
    if let Some(discovery) = &status.discovery {
        lines.push(format!("discovery on port {}:", discovery.port));
        lines.extend(discovery.peers.iter().map(looked_for));
    }
    lines.join("\n") + "\n"
}

fn looked_for(peer: &DiscoveryPeer) -> String {
    let silent = format!("silent for {} s", peer.silent_for);
    let what = match peer.state {
        PeerState::Heard => "heard".to_owned(),
        PeerState::Asking => format!("{silent}, asked"),
        PeerState::Trying => format!("{silent}, called where it may be"),
        PeerState::Resting => format!("{silent}, was nowhere"),
    };
    let places = peer.candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let places = if peer.state == PeerState::Heard || places.is_empty() { String::new() } else { format!("; may be at {places}") };
    let gossips = if peer.is_member { "" } else { ", does not gossip" };
    format!("  {}: {what}{gossips}{places}", peer.name)
}

fn line(peer: &PeerStatus) -> String {
    let who = peer.name.as_ref().unwrap_or(&peer.public_key);
    if !peer.configured {
        return format!("  {who}: not a peer of this interface");
    }
    let ips = peer.allowed_ips.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let answers = match peer.reachable {
        Some(true) => "answers",
        Some(false) => "does NOT answer",
        None => "not asked",
    };
    let met = peer.handshake_age.map_or_else(|| "never met".to_owned(), |age| format!("met {age} s ago"));
    let at = peer.endpoint.as_ref().map(|endpoint| format!(" at {endpoint}")).unwrap_or_default();
    format!("  {who} {ips}{at}: {answers}, {met}, {} B received, {} B sent", peer.received, peer.sent)
}
