//! `rehearse`: an upgrade on a throw-away control plane.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::diag::{Error, Finding, Progress, Result};
use crate::lab::ControlPlaneOptions;
use crate::live;
use crate::manifest::{Release, ReleaseBuilder};
use crate::scenario::{self, Rehearsal};
use crate::ui::Ui;

use super::git_tree::GitTree;
use super::manifest_files::ManifestFiles;
use super::plan::Format;
use super::release_args::{ClusterArgs, ReleaseArgs, Subject};
use super::{Outcome, block_on, document, plan_lines};

/// Arguments of `rehearse`.
#[derive(Debug, Args)]
pub(super) struct RehearseArgs {
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    cluster: ClusterArgs,
    /// Manifests of the old release: files or folders; repeatable; by default the newest revision in the cluster's history
    #[arg(long, value_name = "PATH", conflicts_with = "git")]
    old: Vec<PathBuf>,
    /// The old release is the same config, or the same manifests, at this git revision
    #[arg(long, value_name = "REVISION")]
    git: Option<String>,
    /// The folder that holds `etcd` and `kube-apiserver`
    #[arg(long, value_name = "FOLDER")]
    assets: Option<PathBuf>,
    /// How to say it: as text, or one document, on stdout
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

pub(super) fn rehearse(ui: &Ui, args: &RehearseArgs) -> Result<Outcome> {
    document::complete(ui, args.format, || work(ui, args))
}

fn work(ui: &Ui, args: &RehearseArgs) -> Result<Outcome> {
    let subject = args.release.read(ui)?;
    let old = old(ui, args, subject.release().name())?;
    let mut options = ControlPlaneOptions::new(args.assets.clone());
    if let Subject::Config(config, _) = &subject {
        options.service_cidr = config.cluster().cluster.network.service_cidr.to_string();
    }
    let progress = ui.progress();
    let mut rehearsal = block_on(scenario::rehearse(&old, subject.release(), &options, &progress))?;
    drop(progress);
    subject.locate(&mut rehearsal.findings);
    show(ui, &rehearsal, args.format)?;
    Ok(if rehearsal.is_good() { Outcome::Good } else { Outcome::Findings })
}

fn old(ui: &Ui, args: &RehearseArgs, name: &str) -> Result<Release> {
    if let Some(revision) = &args.git {
        let paths: Vec<&Path> = args.release.file.iter().chain(&args.release.config.config).map(PathBuf::as_path).collect();
        let tree = GitTree::check_out(revision, &paths)?;
        ui.note(&format!("the old release is the one of git revision {revision}"));
        return Ok(args.release.below(tree.folder()).read(ui)?.release().clone());
    }
    if !args.old.is_empty() {
        let mut files = ManifestFiles::read(&args.old)?;
        let findings = files.take_obstacles();
        if findings.iter().any(Finding::is_error) {
            return Err(Error::usage("the old manifests cannot be read").with_findings(findings));
        }
        return Ok(ReleaseBuilder { objects: files.objects().to_vec(), ..ReleaseBuilder::default() }.finish(name));
    }
    block_on(async {
        let progress = ui.progress();
        progress.step("reading the cluster's history");
        let connection = live::connect(args.cluster.context.as_deref())
            .await
            .map_err(|error| error.hint("`--old PATH` or `--git REVISION` name an old release without a cluster"))?;
        let stored = live::newest_release(&connection, name, &args.cluster.state_namespace).await?;
        drop(progress);
        ui.note(&format!("the old release is revision {} of context `{}`", stored.revision.number, connection.context));
        Ok(stored.release)
    })
}

fn show(ui: &Ui, rehearsal: &Rehearsal, format: Format) -> Result<()> {
    if format == Format::Json {
        return ui.data(&format!("{}\n", rehearsal.to_json()));
    }
    ui.findings(&rehearsal.findings);
    for object in &rehearsal.not_rehearsed {
        ui.note(&format!("not rehearsed: {}, whose kind nobody here knows", plan_lines::name(object)));
    }
    let errors = rehearsal.findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = rehearsal.findings.len() - errors;
    let what = rehearsal.plan.as_ref().map_or_else(|| "not begun".to_owned(), plan_lines::done);
    ui.data(&format!("rehearsed on kube-apiserver {}: {what}; {errors} errors, {warnings} warnings\n", rehearsal.server_version))
}
