//! `graph`: the release as a picture.

use clap::{Args, ValueEnum};

use crate::diag::Result;
use crate::diagram::{Diagram, to_dot, to_mermaid};
use crate::render::Selection;
use crate::ui::Ui;

use super::Outcome;
use super::config_args::ConfigArgs;

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Draw only these components
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',')]
    only: Vec<String>,
    /// The language of the picture
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Mermaid, as GitHub and GitLab draw it in Markdown
    #[default]
    Mermaid,
    /// DOT, for Graphviz
    Dot,
}

pub(super) fn graph(ui: &Ui, args: &GraphArgs) -> Result<Outcome> {
    let loaded = args.config.load(ui)?;
    let release = loaded.render(&Selection { only: args.only.clone() })?;
    let diagram = Diagram::of(loaded.cluster(), &release);
    ui.data(&match args.format {
        Format::Mermaid => to_mermaid(&diagram),
        Format::Dot => to_dot(&diagram),
    })?;
    Ok(Outcome::Good)
}
