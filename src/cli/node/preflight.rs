//! `node preflight`: whether this machine is fit to be a node.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::config_args::{ConfigArgs, LoadedConfig};
use crate::cli::plan::Format;
use crate::cli::{Outcome, counted, document};
use crate::config::NodeEntry;
use crate::diag::{Error, Result};
use crate::manifest::{Object, Release};
use crate::preflight::{self, Check, Demands, Machine, Protocol};
use crate::render::Selection;
use crate::ui::{StyledLine, Tone, Ui};

/// Arguments of `node preflight`.
#[derive(Debug, Args)]
pub(super) struct PreflightArgs {
    /// The node that this machine is to be; by default the one with its host name, or the only one
    #[arg(value_name = "NODE")]
    node: Option<String>,
    #[command(flatten)]
    config: ConfigArgs,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn preflight(ui: &Ui, args: &PreflightArgs) -> Result<Outcome> {
    document::complete(ui, args.format, || work(ui, args))
}

fn work(ui: &Ui, args: &PreflightArgs) -> Result<Outcome> {
    let loaded = args.config.load(ui)?;
    let (at, node) = chosen(&loaded, args.node.as_deref())?;
    let release = loaded.render(&Selection::default())?;
    let demands = Demands::of(loaded.cluster(), at, node, &node_ports(&release));
    let checks = preflight::preflight(&Machine::this(), &demands);
    let fails = checks.iter().filter(|check| check.outcome == preflight::Outcome::Fail).count();
    if args.format == Format::Json {
        let document = json!({"version": 1, "node": node.name, "role": node.role, "fit": fails == 0, "checks": checks});
        ui.data(&format!("{document}\n"))?;
    } else {
        let mut lines: Vec<_> = checks.iter().flat_map(lines).collect();
        let warnings = checks.iter().filter(|check| check.outcome == preflight::Outcome::Warn).count();
        lines.push(StyledLine::new(Tone::Plain, ""));
        lines.push(match fails {
            0 => StyledLine::new(Tone::Added, format!("this machine is fit to be `{}`; {}", node.name, counted(warnings, "warning"))),
            _ => StyledLine::new(Tone::Bad, format!("this machine is not fit to be `{}`: {}", node.name, counted(fails, "reason"))),
        });
        ui.lines(&lines)?;
    }
    Ok(if fails == 0 { Outcome::Good } else { Outcome::Findings })
}

fn lines(check: &Check) -> Vec<StyledLine> {
    let tone = match check.outcome {
        preflight::Outcome::Pass => Tone::Added,
        preflight::Outcome::Unknown | preflight::Outcome::Warn => Tone::Changed,
        preflight::Outcome::Fail => Tone::Bad,
    };
    let mut lines = vec![StyledLine::new(tone, format!("{:<8} {}: {}", check.outcome.name(), check.about, check.message))];
    lines.extend(check.fix.iter().map(|fix| StyledLine::new(Tone::Plain, format!("         {fix}"))));
    lines
}

/// The node with its place in the config.
fn chosen<'a>(loaded: &'a LoadedConfig, named: Option<&str>) -> Result<(usize, &'a NodeEntry)> {
    let nodes = &loaded.cluster().nodes;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let find = |name: &str| nodes.iter().enumerate().find(|(_, node)| node.name.as_str() == name);
    let names = || nodes.iter().map(|node| format!("`{}`", node.name)).collect::<Vec<_>>().join(", ");
    match (named, nodes.as_slice()) {
        (_, []) => Err(Error::usage("the config has no nodes").hint("add this machine to `nodes`")),
        (Some(name), _) => {
            find(name).ok_or_else(|| Error::usage(format!("there is no node `{name}`")).hint(format!("there are {}", names())))
        }
        (None, [only]) => Ok((0, only)),
        (None, _) => find(host.trim()).ok_or_else(|| {
            Error::usage(format!("no node has this machine's host name, `{}`", host.trim())).hint(format!("name one of {}", names()))
        }),
    }
}

/// Ports that the release opens on every node.
fn node_ports(release: &Release) -> Vec<(u16, Protocol, String)> {
    let services = release.objects().iter().filter(|object| object.kind() == "Service" && object.group().is_empty());
    services.flat_map(|service| ports_of(service).into_iter().flatten()).collect()
}

fn ports_of(service: &Object) -> Option<Vec<(u16, Protocol, String)>> {
    let ports = service.pointer("/spec/ports")?.as_array()?;
    let port = |port: &Value| {
        let number = u16::try_from(port.get("nodePort")?.as_u64()?).ok()?;
        let protocol = if port.get("protocol").and_then(Value::as_str) == Some("UDP") { Protocol::Udp } else { Protocol::Tcp };
        Some((number, protocol, format!("Service {}/{}", service.namespace().unwrap_or_default(), service.name())))
    };
    Some(ports.iter().filter_map(port).collect())
}
