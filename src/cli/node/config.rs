//! `node config`: the files of one node.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::Outcome;
use crate::cli::config_args::ConfigArgs;
use crate::config::NodeRole;
use crate::diag::{Error, Result};
use crate::node::{Role, containerfile, unit, unit_name};
use crate::render::Selection;
use crate::sink::{self, Entry};
use crate::ui::Ui;

/// Arguments of `node config`.
#[derive(Debug, Args)]
pub(in crate::cli) struct NodeConfigArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The node, by its name in the cluster file
    #[arg(value_name = "NODE")]
    node: String,
    /// How k3s is started on it
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    form: Form,
    /// The folder to write to, which stands for the node's `/`
    #[arg(short, long, value_name = "FOLDER")]
    output: PathBuf,
    /// Replace files in the output folder that somebody else wrote or changed
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// A service of systemd
    #[default]
    Unit,
    /// A recipe for an image, `Containerfile`, that `node run` is the first process of
    Container,
}

pub(super) fn config(ui: &Ui, args: &NodeConfigArgs) -> Result<Outcome> {
    let loaded = args.config.load(ui)?;
    let nodes = &loaded.cluster().nodes;
    let Some(node) = nodes.iter().find(|node| node.name.as_str() == args.node) else {
        let names: Vec<_> = nodes.iter().map(|node| format!("`{}`", node.name)).collect();
        let error = Error::usage(format!("the cluster file has no node `{}`", args.node));
        return Err(if names.is_empty() { error.hint("it has no `nodes`") } else { error.hint(format!("it has {}", names.join(", "))) });
    };
    let role = match node.role {
        NodeRole::Server => Role::Server,
        NodeRole::Agent => Role::Agent,
    };
    let release = loaded.render(&Selection { only: vec!["node".to_owned()] })?;
    let files = release.files().iter().filter(|file| file.facts.get("node") == Some(&args.node));
    let mut entries: Vec<Entry> = files
        .filter_map(|file| {
            let path = file.facts.get("path")?.trim_start_matches('/').to_owned();
            Some(Entry { path, contents: file.contents.clone(), executable: false })
        })
        .collect();
    entries.push(match args.form {
        Form::Unit => Entry { path: format!("etc/systemd/system/{}", unit_name(role)), contents: unit(role), executable: false },
        Form::Container => Entry { path: "Containerfile".to_owned(), contents: containerfile(role), executable: false },
    });
    let written = sink::write_folder(&args.output, &entries, args.force)?;
    let folder = args.output.display();
    ui.note(&format!("wrote {} files to `{folder}`, {} unchanged", written.changed.len(), written.unchanged));
    Ok(Outcome::Good)
}
