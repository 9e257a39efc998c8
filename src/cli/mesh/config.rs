//! `mesh config`: the files of nodes' interfaces.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::config_args::ConfigArgs;
use crate::cli::{Outcome, counted};
use crate::config::{Cluster, Destination, FileMode};
use crate::diag::{Error, Result};
use crate::mesh::{Interface, NodeFile, interface, networkd, nixos, wg_quick};
use crate::sink::{self, Entry};
use crate::ui::Ui;

/// Arguments of `mesh config`.
#[derive(Debug, Args)]
pub(super) struct MeshConfigArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The node, by its name in the cluster file
    #[arg(value_name = "NODE", required_unless_present = "all", conflicts_with = "all")]
    node: Option<String>,
    /// All nodes of the mesh
    #[arg(long)]
    all: bool,
    /// Who is to read it
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    /// The folder to write to, which stands for the node's `/`; with `--all` each node has a folder in it
    #[arg(short, long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    /// Replace files in the output folder that somebody else wrote or changed
    #[arg(long, requires = "output")]
    force: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// `/etc/wireguard/INTERFACE.conf`
    #[default]
    WgQuick,
    /// `/etc/systemd/network/50-INTERFACE.netdev` and `.network`
    Networkd,
    /// A module with `networking.wireguard.interfaces`
    Nixos,
}

impl Form {
    fn files(self, interface: &Interface) -> Result<Vec<NodeFile>> {
        Ok(match self {
            Self::WgQuick => vec![wg_quick(interface)?],
            Self::Networkd => networkd(interface).to_vec(),
            Self::Nixos => vec![nixos(interface)?],
        })
    }
}

pub(super) fn config(ui: &Ui, args: &MeshConfigArgs) -> Result<Outcome> {
    let (loaded, keys) = super::load(ui, &args.config)?;
    let cluster = loaded.cluster();
    let names: Vec<String> = match &args.node {
        Some(node) => vec![node.clone()],
        None => cluster.mesh_nodes().map(|(_, node, _)| node.name.to_string()).collect(),
    };
    if names.is_empty() {
        return Err(Error::usage("no node is in the WireGuard mesh").hint("write `mesh: {type: wireguard}` into an entry of `nodes`"));
    }
    let mut files = Vec::new();
    for name in &names {
        let folder = if args.all { format!("/{name}") } else { String::new() };
        let of_node = args.format.files(&interface(cluster, name, &keys)?)?;
        files.extend(of_node.into_iter().map(|file| NodeFile { path: format!("{folder}{}", file.path), contents: file.contents }));
    }
    if args.format == Form::Networkd {
        for name in names.iter().filter(|name| !networkd_reads_the_key(cluster, name)) {
            ui.hint(&format!(
                "systemd-networkd reads the key of `{name}` as the user `systemd-network`: give the secret \
                 `deliver: [{{type: file, group: systemd-network, mode: \"0640\"}}]`"
            ));
        }
    }
    let Some(output) = &args.output else {
        ui.data(&shown(&files))?;
        return Ok(Outcome::Good);
    };
    let entry = |file: NodeFile| Entry { path: file.path.trim_start_matches('/').to_owned(), contents: file.contents, executable: false };
    let entries: Vec<Entry> = files.into_iter().map(entry).collect();
    let written = sink::write_folder(output, &entries, args.force)?;
    ui.note(&format!("wrote {} to `{}`, {} unchanged", counted(written.changed.len(), "file"), output.display(), written.unchanged));
    Ok(Outcome::Good)
}

/// One file as it is; several each under its path.
fn shown(files: &[NodeFile]) -> String {
    match files {
        [file] => file.contents.clone(),
        files => files.iter().map(|file| format!("# ---- {}\n{}", file.path, file.contents)).collect::<Vec<_>>().join("\n"),
    }
}

/// As far as the cluster file tells: a file that it does not make is somebody else's care.
fn networkd_reads_the_key(cluster: &Cluster, name: &str) -> bool {
    let Some(node) = cluster.nodes.iter().find(|node| node.name.as_str() == name) else { return true };
    if node.mesh.as_ref().is_some_and(|mesh| mesh.private_key_file.is_some()) {
        return true;
    }
    let Some(secret) = cluster.mesh_secret(node) else { return true };
    let readable = |mode: &FileMode, bit: u32| mode.bits().is_some_and(|bits| bits & bit != 0);
    secret.deliver.iter().any(|to| match to {
        Destination::File { owner, group, mode, .. } => {
            (owner == "systemd-network" && readable(mode, 0o400)) || (group == "systemd-network" && readable(mode, 0o040))
        }
        _ => false,
    })
}
