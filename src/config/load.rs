//! From layers to a [`Cluster`].

use serde_json::Value as Json;

use super::describe::shown;
use super::layers::Layers;
use super::normalise::normalise;
use super::repair::{repair, touches};
use super::schema::{View, model};
use super::validate::{Broken, Stage, validate};
use super::{Cluster, ConfigFile, DnsLabel, Loaded, Problems, check, findings};
use crate::diag::{Error, ErrorKind, Finding, Result};
use crate::source::{ConfigPath, Segment, Sources, visible};

/// What a config is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadRequest {
    /// The cluster file, where there is one.
    pub file: Option<ConfigFile>,
    /// The profile: a built-in one, or one of the file. Without, the file stands alone.
    pub profile: Option<String>,
    /// `K=V`, in order.
    pub sets: Vec<String>,
}

/// Reads and merges all layers and checks the whole.
///
/// Without a profile the file stands alone, over the defaults of the schema. With a built-in profile it lies over that one; with one of
/// its own it lies beneath that, and over the built-in one that it `extends`. A profile of the file that has the name of a built-in one
/// extends it unless it says otherwise. The nodes of a built-in profile are examples, which a file with nodes of its own replaces.
///
/// # Errors
/// Usage, with everything that is wrong at once as findings, sorted by place. Each finding has its place and its layer.
pub fn load(request: &LoadRequest, sources: &mut Sources) -> Result<Loaded> {
    if request.file.is_none() && request.profile.is_none() && request.sets.is_empty() {
        return Err(Error::usage("there is neither a cluster file nor a profile")
            .hint("`manifestgen init` writes a cluster file, and `--profile primer` needs none"));
    }
    let view = model();
    let mut problems = Problems::new();
    let mut layers = Layers::read(request.file.as_ref(), request.profile.as_deref(), &request.sets, view, sources, &mut problems)?;
    let mut tree = layers.merge(view, sources, &mut problems);
    let broken = validate(&tree, view, &ConfigPath::root(), Stage::Whole, &mut problems);
    normalise(&mut tree, view);
    let json = tree.to_json();
    let cluster = if problems.has_errors() {
        check_as_far_as_possible(&json, view, &broken, &mut problems);
        None
    } else {
        deserialize(&json, &mut problems)
            .map(|cluster| super::ingress::settle(in_environment(cluster, request)))
            .inspect(|cluster| check::all(cluster, &mut problems))
    };
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
        findings::of(&problems, &tree, &layers, sources).into_iter().partition(Finding::is_error);
    match cluster {
        Some(cluster) if errors.is_empty() => Ok(Loaded::new(cluster, json, tree, layers, request.profile.clone(), warnings)),
        _ => Err(refusal(request, errors, warnings)),
    }
}

/// Runs the checks on what is usable of a config with errors.
fn check_as_far_as_possible(json: &Json, view: View<'_>, broken: &[Broken], problems: &mut Problems) {
    let mut repaired = json.clone();
    repair(&mut repaired, view, broken);
    let Ok(cluster) = serde_json::from_value::<Cluster>(repaired) else { return };
    let mut further = Problems::new();
    check::all(&super::ingress::settle(cluster), &mut further);
    problems.extend_where(further, |problem| !touches(&problem.path, broken) && !problem.involved.iter().any(|path| touches(path, broken)));
}

/// The profile is the environment, unless the config says otherwise.
fn in_environment(mut cluster: Cluster, request: &LoadRequest) -> Cluster {
    if let Some(gitops) = cluster.gitops.as_mut().filter(|gitops| gitops.environment.is_none()) {
        gitops.environment = request.profile.as_deref().map(DnsLabel::from);
    }
    cluster
}

/// The types refuse what the schema let pass: a bug of ours, still shown at its place.
fn deserialize(json: &Json, problems: &mut Problems) -> Option<Cluster> {
    match serde_path_to_error::deserialize::<_, Cluster>(json) {
        Ok(cluster) => Some(cluster),
        Err(error) => {
            let path = error
                .path()
                .iter()
                .filter_map(|segment| match segment {
                    serde_path_to_error::Segment::Seq { index } => Some(Segment::Index(*index)),
                    serde_path_to_error::Segment::Map { key } => Some(Segment::Key(key.clone())),
                    _ => None,
                })
                .collect();
            problems.error(path, INTERNAL, error.inner().to_string(), "this should have been found earlier: please report it as a bug");
            None
        }
    }
}

const INTERNAL: &str = "config/internal";

fn refusal(request: &LoadRequest, errors: Vec<Finding>, warnings: Vec<Finding>) -> Box<Error> {
    let what = match (&request.file, &request.profile) {
        (Some(file), _) => visible(&shown(&file.name)).into_owned(),
        (None, Some(profile)) => format!("profile {}", visible(&shown(profile))),
        (None, None) => "the config".to_owned(),
    };
    let message = match errors.len() {
        1 => format!("{what} has an error"),
        count => format!("{what} has {count} errors"),
    };
    let kind = if errors.iter().any(|finding| finding.rule == INTERNAL) { ErrorKind::Internal } else { ErrorKind::Usage };
    Error::new(kind, message).with_findings(errors).with_findings(warnings)
}
