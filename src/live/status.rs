//! How the objects of a release fare, and waiting until they fare well.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::Connection;
use super::discovery::GroupKind;
use super::health::{ApplicationStatus, Health, State, state_of};
use super::history::{History, Revision};
use super::inventory::Inventory;
use super::lease::Lease;
use super::list::{Listed, list};
use super::reason::{details, helm_job};
use super::request::{get, segment};
use super::target::{Target, path_of};
use crate::diag::{Error, ObjectRef, Progress, Result};
use crate::manifest::{Object, Release, rank};

const AT_ONCE: usize = 16;
/// What waiting asks the server at most: every object that is not well, this often.
const POLL: Duration = Duration::from_secs(1);
const VERSION: u64 = 1;

/// How one object fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectStatus {
    /// Which object.
    pub object: ObjectRef,
    /// How it fares.
    pub health: Health,
    /// Why, where it is not well.
    pub message: Option<String>,
    /// What else a person needs: what its Pods say, events, the last lines of logs.
    pub details: Vec<String>,
    /// What Argo CD says of it, where it is an Application.
    pub application: Option<ApplicationStatus>,
}

impl ObjectStatus {
    fn to_json(&self) -> Value {
        let mut json = json!({"object": self.object, "health": self.health.name(), "message": self.message, "details": self.details});
        if let Some(application) = &self.application {
            json["application"] = json!(application);
        }
        json
    }
}

/// How a release fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The release's name.
    pub release: String,
    /// Its objects, in the order in which they are applied.
    pub objects: Vec<ObjectStatus>,
    /// Its history, oldest first.
    pub revisions: Vec<Revision>,
    /// Who is applying it right now.
    pub busy: Option<String>,
    /// Whether the cluster has an inventory of it. Without one, something else than `apply` brought it, such as Argo CD, and the config says
    /// what should be there.
    pub inventory: bool,
}

impl StatusReport {
    /// Whether every object is well.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.objects.iter().all(|object| object.health.is_good())
    }

    /// The JSON form.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut summary: BTreeMap<&str, usize> = BTreeMap::new();
        self.objects.iter().for_each(|object| *summary.entry(object.health.name()).or_default() += 1);
        let revisions = self.revisions.iter().map(
            |revision| json!({"number": revision.number, "digest": revision.digest, "created": revision.created, "note": revision.note}),
        );
        json!({
            "version": VERSION,
            "release": self.release,
            "healthy": self.is_good(),
            "summary": summary,
            "objects": self.objects.iter().map(ObjectStatus::to_json).collect::<Vec<_>>(),
            "revisions": revisions.collect::<Vec<_>>(),
            "busy": self.busy,
            "inventory": self.inventory,
        })
    }
}

/// How a release fares: what carries its inventory's label, and what its newest revision says should be there. Where the cluster has neither,
/// `rendered` says what should be there.
///
/// # Errors
/// Wrong usage when the cluster has nothing of the release; environment errors.
pub async fn status(
    connection: &Connection,
    release: &str,
    rendered: Option<&Release>,
    state_namespace: &str,
    progress: &dyn Progress,
) -> Result<StatusReport> {
    progress.step("asking the API server which kinds it serves");
    let target = Target::look(connection).await?;
    let history = History::read(&target, release, state_namespace).await?;
    let members = Inventory::read(&target, release, state_namespace).await?.members(&target).await?;
    let mut paths: BTreeMap<ObjectRef, Option<String>> = members.into_iter().map(|member| (member.object, Some(member.path))).collect();
    let revisions = history.revisions().to_vec();
    if let Some(newest) = revisions.last() {
        let stored = history.load(&target, newest).await?;
        for object in stored.release.objects().iter().chain(&stored.secrets) {
            let (reference, path) = place(&target, object);
            // The same object may be listed in another version than it was applied in.
            let same = |known: &ObjectRef| {
                (&known.kind, &known.namespace, &known.name) == (&reference.kind, &reference.namespace, &reference.name)
                    && group(known) == object.group()
            };
            if !paths.keys().any(same) {
                paths.insert(reference, path);
            }
        }
    }
    let inventory = !paths.is_empty();
    if let Some(release) = rendered.filter(|_| !inventory) {
        paths.extend(release.objects().iter().map(|object| place(&target, object)));
        paths.extend(applications(&target, &argocd_namespaces(release), |_| true).await?);
    }
    let sets: BTreeSet<_> = paths.keys().filter(|object| is_set(object)).map(|set| (set.namespace.clone(), set.name.clone())).collect();
    let namespaces: BTreeSet<_> = sets.iter().filter_map(|(namespace, _)| namespace.clone()).collect();
    paths.extend(applications(&target, &namespaces, |application| is_of_set(application, &sets)).await?);
    progress.step(&format!("looking at {} objects", paths.len()));
    let mut objects = look(&target, paths.into_iter().collect()).await?;
    if objects.iter().all(|(status, _)| status.health == Health::NotFound) && !inventory {
        return Err(Error::usage(format!("the cluster has nothing of a release `{release}`"))
            .hint("`manifestgen apply` brings it there; `--state-namespace` says where its inventory is"));
    }
    explain(&target, &mut objects).await?;
    let busy = Lease::holder(&target, release, state_namespace).await?;
    let objects = objects.into_iter().map(|(status, _)| status).collect();
    Ok(StatusReport { release: release.to_owned(), objects, revisions, busy, inventory })
}

/// Waits until every object of a release is well, or nothing moves any more, or time is up.
pub(super) async fn wait_for_health(
    target: &Target,
    release: &Release,
    deadline: Instant,
    progress: &dyn Progress,
) -> Result<StatusReport> {
    progress.step("waiting for the objects to be healthy");
    let mut seen = wait(target, release.objects(), deadline, progress).await?;
    explain(target, &mut seen).await?;
    let objects = seen.into_iter().map(|(status, _)| status).collect();
    Ok(StatusReport { release: release.name().to_owned(), objects, revisions: Vec::new(), busy: None, inventory: true })
}

/// Waits until all of these are well, or nothing moves any more, or time is up; in the order in which objects are applied.
pub(super) async fn wait<'a>(
    target: &Target,
    objects: impl IntoIterator<Item = &'a Object>,
    deadline: Instant,
    progress: &dyn Progress,
) -> Result<Seen> {
    let mut waiting: Vec<_> = objects.into_iter().map(|object| place(target, object)).collect();
    let total = waiting.len();
    let mut done = Vec::new();
    loop {
        let seen = look(target, waiting).await?;
        let (good, bad): (Vec<_>, Vec<_>) = seen.into_iter().partition(|(status, _)| status.health.is_good());
        done.extend(good);
        progress.count(done.len(), total);
        let moves = bad.iter().any(|(status, _)| status.health != Health::Failed);
        if !moves || Instant::now() + POLL > deadline {
            done.extend(bad);
            break;
        }
        waiting = bad.into_iter().map(|(status, path)| (status.object, path)).collect();
        sleep(POLL).await;
    }
    done.sort_by(|(a, _), (b, _)| key(&a.object).cmp(&key(&b.object)));
    Ok(done)
}

/// How objects fare, and where they are; nowhere for a kind that is not served.
pub(super) type Seen = Vec<(ObjectStatus, Option<String>)>;

async fn look(target: &Target, places: Vec<(ObjectRef, Option<String>)>) -> Result<Seen> {
    let mut seen: Seen = stream::iter(places)
        .map(|(object, path)| async move {
            let state = match &path {
                Some(path) => get(&target.client, path).await?,
                None => None,
            };
            let application = state.as_ref().and_then(ApplicationStatus::of);
            let state = match &state {
                Some(live) => helm_job(target, live).await?.unwrap_or_else(|| state_of(live)),
                None => State { health: Health::NotFound, message: Some("it is not there".to_owned()) },
            };
            let status = ObjectStatus { object, health: state.health, message: state.message, details: Vec::new(), application };
            Ok::<_, Box<Error>>((status, path))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    seen.sort_by(|(a, _), (b, _)| key(&a.object).cmp(&key(&b.object)));
    Ok(seen)
}

/// Adds to those that are not well what a person needs.
async fn explain(target: &Target, seen: &mut Seen) -> Result<()> {
    for (status, path) in seen.iter_mut().filter(|(status, _)| !status.health.is_good()) {
        let Some(path) = path else { continue };
        if let Some(live) = get(&target.client, path).await? {
            status.details = details(target, &live).await?;
        }
    }
    Ok(())
}

/// The namespaces where Argo CD looks for Applications of a release.
fn argocd_namespaces(release: &Release) -> BTreeSet<String> {
    let is_argo = |object: &&Object| {
        (object.group(), object.kind()) == ("argoproj.io", "Application") || (object.kind(), object.name()) == ("ConfigMap", "argocd-cm")
    };
    release.objects().iter().filter(is_argo).filter_map(Object::namespace).map(ToOwned::to_owned).collect()
}

/// Applications beside those of a release: the tree has some of its own, that bring the release, and ApplicationSets make them.
async fn applications(
    target: &Target,
    namespaces: &BTreeSet<String>,
    is_wanted: impl Fn(&Value) -> bool,
) -> Result<Vec<(ObjectRef, Option<String>)>> {
    let kind = GroupKind { group: "argoproj.io".to_owned(), kind: "Application".to_owned() };
    let Some((api_version, resource)) = target.resources.find(&kind) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for namespace in namespaces {
        let folder = resource.path(api_version, Some(namespace));
        // What we may not list is not missed: the release's own objects are looked at all the same.
        let Listed::Items(items) = list(&target.client, &folder, "").await? else { continue };
        found.extend(items.iter().filter(|item| is_wanted(item)).filter_map(|item| {
            let name = item.pointer("/metadata/name")?.as_str()?.to_owned();
            let path = format!("{folder}/{}", segment(&name));
            let object =
                ObjectRef { api_version: api_version.to_owned(), kind: kind.kind.clone(), namespace: Some(namespace.clone()), name };
            Some((object, Some(path)))
        }));
    }
    Ok(found)
}

fn is_set(object: &ObjectRef) -> bool {
    (group(object), object.kind.as_str()) == ("argoproj.io", "ApplicationSet")
}

/// Whether one of these ApplicationSets made an Application, which is then in its namespace.
fn is_of_set(application: &Value, sets: &BTreeSet<(Option<String>, String)>) -> bool {
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let namespace = application.pointer("/metadata/namespace").and_then(text);
    let owners = application.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let mut sets_of_it =
        owners.into_iter().flatten().filter(|owner| owner["kind"] == "ApplicationSet").filter_map(|owner| text(&owner["name"]));
    sets_of_it.any(|name| sets.contains(&(namespace.clone(), name)))
}

fn place(target: &Target, object: &Object) -> (ObjectRef, Option<String>) {
    let mut reference = object.reference();
    let Some(resource) = target.resources.get(object) else { return (reference, None) };
    reference.namespace = resource.namespace(object, target.client.default_namespace()).map(ToOwned::to_owned);
    let path = path_of(resource, object, reference.namespace.as_deref());
    (reference, Some(path))
}

fn group(object: &ObjectRef) -> &str {
    object.api_version.split_once('/').map_or("", |(group, _)| group)
}

fn key(object: &ObjectRef) -> (u8, &ObjectRef) {
    (rank(group(object), &object.kind), object)
}
