//! `mesh allocate`: addresses of nodes, written into the cluster file.

use std::path::Path;

use clap::Args;

use crate::cli::config_args::ConfigArgs;
use crate::cli::{Outcome, counted};
use crate::diag::{Error, Result};
use crate::mesh::{missing, write_back};
use crate::sink;
use crate::ui::Ui;

/// Arguments of `mesh allocate`.
#[derive(Debug, Args)]
pub(super) struct AllocateArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Write nothing; end with 1 when a node has no address
    #[arg(long)]
    check: bool,
}

pub(super) fn allocate(ui: &Ui, args: &AllocateArgs) -> Result<Outcome> {
    let loaded = args.config.load(ui)?;
    let addresses = missing(loaded.cluster())?;
    if addresses.is_empty() {
        let count = loaded.cluster().mesh_nodes().count();
        ui.note(&format!("{} in the mesh, and none without an address", counted(count, "node")));
        return Ok(Outcome::Good);
    }
    let lines = addresses.iter().fold(String::new(), |lines, (name, address)| lines + name + " " + &address.to_string() + "\n");
    if args.check {
        ui.note(&format!("{} in the mesh without an address; `mesh allocate` would write:", counted(addresses.len(), "node")));
        ui.data(&lines)?;
        return Ok(Outcome::Findings);
    }
    let file = args.config.path().filter(|path| path != Path::new("-"));
    let (Some(path), Some(read)) = (file, loaded.file()) else {
        return Err(Error::usage("addresses are written into the cluster file, and there is none").hint("name it: `-c cluster.yaml`"));
    };
    let text = write_back(&read.text, &addresses)?;
    let mut wanted = loaded.cluster().clone();
    for node in &mut wanted.nodes {
        if let (Some(mesh), Some(address)) = (&mut node.mesh, addresses.get(node.name.as_str())) {
            mesh.address = Some(address.to_string().into());
        }
    }
    // An anchor or a profile may make more of a line than was meant.
    let as_meant = loaded.with_text(text.clone()).is_ok_and(|after| *after.cluster() == wanted);
    if !as_meant {
        return Err(Error::usage(format!("the addresses cannot be written into `{}` without changing more than them", path.display()))
            .hint("several nodes share one `mesh` section there, by an anchor or a profile: give each its own")
            .hint(format!("or write them by hand: {}", lines.trim_end().replace('\n', ", "))));
    }
    sink::write_file(&path, &text)?;
    ui.data(&lines)?;
    ui.note(&format!("wrote {} into `{}`", if addresses.len() == 1 { "an address" } else { "addresses" }, path.display()));
    Ok(Outcome::Good)
}
