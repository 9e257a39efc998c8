//! `dev`: watches the cluster file and says at each save what it changes and what is wrong with it.

mod watch;

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use tokio::runtime::Runtime;

use crate::diag::{Error, ErrorKind, Finding, Result};
use crate::lab::{ControlPlaneOptions, Spare};
use crate::live;
use crate::manifest::Release;
use crate::render::Selection;
use crate::ui::{StyledLine, Tone, Ui};

use super::config_args::{ConfigArgs, LoadedConfig};
use super::offline::OfflineArgs;
use super::{Outcome, plan_lines, runtime};
use watch::Watch;

/// Arguments of `dev`.
#[derive(Debug, Args)]
pub(super) struct DevArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Keep an API server at hand, and let it judge each save too
    #[arg(long)]
    server: bool,
    /// The folder that holds `etcd` and `kube-apiserver`, for `--server`
    #[arg(long, value_name = "FOLDER", requires = "server")]
    assets: Option<PathBuf>,
    #[command(flatten)]
    offline: OfflineArgs,
}

pub(super) fn dev(ui: &Ui, args: &DevArgs) -> Result<Outcome> {
    let file = args.config.path().ok_or_else(|| {
        Error::usage("`dev` watches a cluster file, and there is none").hint("`manifestgen init` writes one; `-c FILE` names another")
    })?;
    let watch = Watch::new(&file)?;
    let mut server = if args.server { Some(Server::new(args)?) } else { None };
    let mut before: Option<Release> = None;
    loop {
        let started = Instant::now();
        match look(ui, args) {
            Ok(seen) => {
                seen.tell(ui, before.as_ref(), started)?;
                if let Some(server) = &mut server
                    && seen.is_good()
                {
                    server.tell(ui, &seen)?;
                }
                before = Some(seen.release);
            }
            // A wrong file is what this command is there for; the last good release stays what the next one is compared with.
            Err(error) if error.kind == ErrorKind::Usage => ui.error(&error),
            Err(error) => return Err(error),
        }
        watch.changed()?;
    }
}

/// What a save came to.
struct Seen {
    config: LoadedConfig,
    release: Release,
    findings: Vec<Finding>,
}

fn look(ui: &Ui, args: &DevArgs) -> Result<Seen> {
    let config = args.config.load_quietly(ui)?;
    let release = config.render(&Selection::default())?;
    let cluster = config.cluster();
    let mut findings = args.offline.verdict(release.objects(), Some((cluster, &release)))?;
    config.locate(&release, &mut findings);
    findings.splice(0..0, config.warnings().iter().cloned());
    Ok(Seen { config, release, findings })
}

impl Seen {
    fn is_good(&self) -> bool {
        !self.findings.iter().any(Finding::is_error)
    }

    fn tell(&self, ui: &Ui, before: Option<&Release>, started: Instant) -> Result<()> {
        ui.findings(&self.findings);
        let entries = before.map(|before| live::changes_between(before, &self.release, self.config.cluster().cluster.version.minor()));
        let mut lines: Vec<StyledLine> = entries.iter().flatten().flat_map(plan_lines::entry).collect();
        let changes = match &entries {
            None => format!("{} objects", self.release.objects().len()),
            Some(entries) if entries.is_empty() => "nothing changed".to_owned(),
            Some(entries) => format!("{} objects changed", entries.len()),
        };
        let verdict = match self.findings.len() {
            0 => "no findings".to_owned(),
            1 => "1 finding".to_owned(),
            number => format!("{number} findings"),
        };
        lines.push(StyledLine::new(Tone::Faint, format!("{changes}, {verdict} ({} ms)", started.elapsed().as_millis())));
        ui.lines(&lines)
    }
}

/// The API server that is asked after the offline verdict.
struct Server {
    runtime: Runtime,
    spare: Spare,
}

impl Server {
    fn new(args: &DevArgs) -> Result<Self> {
        let runtime = runtime()?;
        let guard = runtime.enter();
        let spare = Spare::new(ControlPlaneOptions::new(args.assets.clone()));
        drop(guard);
        Ok(Self { runtime, spare })
    }

    fn tell(&mut self, ui: &Ui, seen: &Seen) -> Result<()> {
        let progress = ui.progress();
        let started = Instant::now();
        self.spare.set_service_cidr(&seen.config.cluster().cluster.network.service_cidr.to_string());
        let mut report = self.runtime.block_on(self.spare.validate(&seen.release, &progress))?;
        drop(progress);
        seen.config.locate(&seen.release, &mut report.findings);
        ui.findings(&report.findings);
        let verdict = if report.findings.is_empty() { "accepts it" } else { "has something to say" };
        let text = format!("kube-apiserver {} {verdict} ({} ms)", report.server_version, started.elapsed().as_millis());
        ui.lines(&[StyledLine::new(Tone::Faint, text)])
    }
}
