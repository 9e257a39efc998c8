//! `validate`: what is wrong with the release, or with any manifests, offline or by the word of a real API server.

use std::borrow::Cow;
use std::mem::ManuallyDrop;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::Cluster;
use crate::diag::{Error, Finding, Progress, Result};
use crate::lab::{self, ControlPlaneOptions};
use crate::live::{self, Mode, ServerReport};
use crate::manifest::{Object, Release};
use crate::render::Selection;
use crate::ui::Ui;

use super::config_args::{ConfigArgs, DEFAULT_FILE, LoadedConfig};
use super::manifest_files::ManifestFiles;
use super::offline::OfflineArgs;
use super::report::Report;
use super::{Outcome, block_on, chart_values, counted, local_repositories, remote_repositories};

/// Arguments of `validate`.
#[derive(Debug, Args)]
pub(super) struct ValidateArgs {
    /// Manifests to check instead of a cluster file: files, folders (searched through), or `-` for stdin
    #[arg(value_name = "PATH", conflicts_with_all = ["config", "profile", "set"])]
    paths: Vec<PathBuf>,
    /// The same, as an option; repeatable
    #[arg(short, long, value_name = "PATH", conflicts_with_all = ["config", "profile", "set"])]
    file: Vec<PathBuf>,
    #[command(flatten)]
    config: ConfigArgs,
    /// Ask an API server: an `ephemeral` one, started for this and thrown away, or the `live` one of your kubeconfig, as a dry run
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "ephemeral")]
    server: Option<Server>,
    /// The context of your kubeconfig, for `--server=live`
    #[arg(long, value_name = "CONTEXT")]
    context: Option<String>,
    /// The folder that holds `etcd` and `kube-apiserver`, for `--server=ephemeral`
    #[arg(long, value_name = "FOLDER")]
    assets: Option<PathBuf>,
    /// Ask the repositories of Applications, too: whether they answer and have the revisions and charts that the config names
    #[arg(long, conflicts_with_all = ["file", "paths"])]
    online: bool,
    /// A file with a private key that decrypts the credentials of repositories, for `--online`; repeatable; by default those of `secret`
    #[arg(short, long, value_name = "FILE", requires = "online")]
    identity: Vec<PathBuf>,
    #[command(flatten)]
    offline: OfflineArgs,
    /// How to say it: findings as text on stderr, or one document on stdout; `sarif` is for code scanning
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Server {
    Ephemeral,
    Live,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Sarif,
}

impl ValidateArgs {
    /// The file that a finding without a place is shown at, where a place is needed.
    fn subject(&self) -> String {
        let named = self.file.iter().chain(&self.paths).chain(&self.config.config).next();
        named.map_or_else(|| DEFAULT_FILE.to_owned(), |path| path.display().to_string())
    }
}

pub(super) fn validate(ui: &Ui, args: &ValidateArgs) -> Result<Outcome> {
    let mut report = Report::default();
    let result = check(ui, args, &mut report);
    // In the order in which the user reads them; what has no place comes first.
    report.findings.sort_by(|a, b| {
        let place = |finding: &Finding| finding.location.as_ref().map(|at| (at.file.clone(), at.line, at.column));
        place(a).cmp(&place(b))
    });
    match args.format {
        Format::Json | Format::Sarif => {
            // A program gets one whole document, also when the check ended early.
            if let Err(error) = &result {
                report.findings.extend(error.findings.iter().cloned());
            }
            let error = result.as_ref().err().map(|error| &**error);
            let document = if args.format == Format::Json { report.to_json(error) } else { report.to_sarif(error, &args.subject()) };
            ui.data(&document?)?;
            result.map_err(|mut error| {
                error.findings.clear();
                error
            })?;
        }
        Format::Text => {
            ui.findings(&report.findings);
            for line in &report.not_checked {
                ui.note(&format!("not checked: {line}"));
            }
            ui.note(&summary(&report, &result?));
        }
    }
    Ok(if report.errors() > 0 { Outcome::Findings } else { Outcome::Good })
}

/// Fills the report and tells what did the checking.
fn check(ui: &Ui, args: &ValidateArgs, report: &mut Report) -> Result<String> {
    // The process ends soon: giving back millions of small pieces one by one would take longer than the rules.
    let subject = ManuallyDrop::new(Subject::read(ui, args, report)?);
    report.objects = subject.objects().len();
    let mut repositories = subject.cluster().map(local_repositories::check).unwrap_or_default();
    if let Some(cluster) = subject.cluster().filter(|_| args.online) {
        let progress = ui.progress();
        progress.step("asking the repositories of Applications");
        let online = remote_repositories::check(ui, cluster, &args.config, &args.identity)?;
        repositories.extend(online.findings);
        report.not_checked.extend(online.not_checked);
    }
    repositories.extend(subject.cluster().map(chart_values::check).unwrap_or_default());
    let Some(server) = args.server else {
        let mut said = args.offline.verdict(subject.objects(), subject.config())?;
        said.extend(repositories);
        subject.locate(&mut said);
        report.findings.append(&mut said);
        return Ok("offline".to_owned());
    };
    // The server is the law: what the schemas say would only repeat it.
    let rules = args.offline.rules(subject.objects(), subject.config())?;
    let mut answer = ask(ui, args, server, &subject)?;
    answer.findings.extend(rules);
    answer.findings.extend(repositories);
    subject.locate(&mut answer.findings);
    report.findings.append(&mut answer.findings);
    report.not_checked.extend(answer.not_checked.iter().map(|entry| {
        let namespace = entry.object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        format!("{} `{namespace}{}`: {}", entry.object.kind, entry.object.name, entry.reason)
    }));
    let pods = if answer.pods == 0 { String::new() } else { format!(" and the Pods of {}", counted(answer.pods, "workload")) };
    let how = match server {
        Server::Ephemeral => "created on an ephemeral kube-apiserver",
        Server::Live => "in a dry run on the live kube-apiserver",
    };
    Ok(format!("{how} {}{pods}", answer.server_version))
}

fn ask(ui: &Ui, args: &ValidateArgs, server: Server, subject: &Subject) -> Result<ServerReport> {
    let progress = ui.progress();
    let release = &*subject.release();
    match server {
        Server::Ephemeral => {
            if args.context.is_some() {
                return Err(Error::usage("`--context` is for `--server=live`"));
            }
            let mut options = ControlPlaneOptions::new(args.assets.clone());
            if let Subject::Config(config, _) = subject {
                options.service_cidr = config.cluster().cluster.network.service_cidr.to_string();
            }
            block_on(lab::validate(release, &[], &options, &progress))
        }
        Server::Live => block_on(async {
            progress.step("connecting to the cluster");
            let connection = live::connect(args.context.as_deref()).await?;
            live::validate_on_server(release, &connection.client, Mode::Live, &progress).await
        }),
    }
}

fn summary(report: &Report, checked_by: &str) -> String {
    let verdict = match (report.errors(), report.warnings()) {
        (0, 0) => "no findings".to_owned(),
        (errors, warnings) => format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    format!("{} checked, {checked_by}: {verdict}", counted(report.objects, "object"))
}

/// What is being validated.
enum Subject {
    Config(Box<LoadedConfig>, Release),
    Files(ManifestFiles),
}

impl Subject {
    fn read(ui: &Ui, args: &ValidateArgs, report: &mut Report) -> Result<Self> {
        let paths: Vec<PathBuf> = args.file.iter().chain(&args.paths).cloned().collect();
        if paths.is_empty() {
            let config = args.config.load_quietly(ui)?;
            report.findings.extend(config.warnings().iter().cloned());
            let release = config.render(&Selection::default())?;
            return Ok(Self::Config(Box::new(config), release));
        }
        let mut files = ManifestFiles::read(&paths)?;
        report.findings.extend(files.take_findings());
        Ok(Self::Files(files))
    }

    fn cluster(&self) -> Option<&Cluster> {
        self.config().map(|(cluster, _)| cluster)
    }

    fn config(&self) -> Option<(&Cluster, &Release)> {
        match self {
            Self::Config(config, release) => Some((config.cluster(), release)),
            Self::Files(_) => None,
        }
    }

    fn objects(&self) -> &[Object] {
        match self {
            Self::Config(_, release) => release.objects(),
            Self::Files(files) => files.objects(),
        }
    }

    fn release(&self) -> Cow<'_, Release> {
        match self {
            Self::Config(_, release) => Cow::Borrowed(release),
            Self::Files(files) => Cow::Owned(files.release()),
        }
    }

    fn locate(&self, findings: &mut [Finding]) {
        match self {
            Self::Config(config, release) => config.locate(release, findings),
            Self::Files(files) => files.locate(findings),
        }
    }
}
