//! A whole release beside what the cluster has.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::Value;

use super::entry::{Action, Entry, Plan};
use super::look::{AbsentNamespaces, Seen};
use super::protect::reason_to_keep;
use super::{PlanOptions, definitions_of};
use crate::data::{CustomKind, Definitions, custom_kinds, embedded_kind};
use crate::diag::{Progress, Result};
use crate::live::custom;
use crate::live::discovery::{GroupKind, served};
use crate::live::inventory::{Contents, Inventory, Member};
use crate::live::request::{get, segment};
use crate::live::target::{Target, Wanted, is_definition};
use crate::manifest::{Object, Release};

/// Objects that are looked at at once.
const AT_ONCE: usize = 16;

/// What is known while a plan is made.
pub(in crate::live) struct Prepare<'a> {
    pub(super) target: &'a Target,
    pub(super) definitions: &'static Definitions,
    /// The id of the inventory.
    pub(super) id: String,
    /// Whether the server is asked about every object.
    pub(super) thorough: bool,
    pub(super) absent_namespaces: AbsentNamespaces,
    /// Kinds whose definition the release creates (false) or changes (true).
    pub(super) coming_kinds: HashMap<(String, String), bool>,
    /// Kinds of definitions, by the definition's name.
    customs: Mutex<HashMap<String, Arc<Vec<CustomKind>>>>,
}

/// A plan with what it takes to carry it out.
pub(in crate::live) struct Prepared {
    pub plan: Plan,
    /// The objects of the release, in the order of the plan's first entries.
    pub items: Vec<Item>,
    /// What left the release and goes.
    pub leaving: Vec<Member>,
    pub inventory: Inventory,
    /// What the inventory must say until everything is done: the release, and all that is there.
    pub meanwhile: Contents,
    /// What it must say then: the release, and what stays of earlier ones.
    pub contents: Contents,
}

/// An object of the release.
pub(in crate::live) struct Item {
    pub wanted: Wanted,
    pub action: Action,
    /// What the cluster has.
    pub live: Option<Value>,
    /// Whether fields that others own with the very same value become ours.
    pub shares: bool,
}

/// Looks at everything; writes nothing.
pub(in crate::live) async fn prepare(
    release: &Release,
    target: &Target,
    options: &PlanOptions,
    progress: &dyn Progress,
) -> Result<Prepared> {
    let inventory = Inventory::read(target, release.name(), &options.state_namespace).await?;
    let wanted = target.wanted(release, &inventory.id())?;
    let kept = target.wanted_identities(&options.keep);
    let mut prepare = Prepare {
        target,
        definitions: definitions_of(&target.version),
        id: inventory.id(),
        thorough: options.thorough,
        absent_namespaces: absent_namespaces(target, &wanted).await?,
        coming_kinds: HashMap::new(),
        customs: Mutex::default(),
    };
    progress.step(&format!("comparing {} objects with the cluster", wanted.len()));
    let done = AtomicUsize::new(0);
    // Definitions are looked at first, but read together with the rest: a large one takes the server long.
    let mut present = prepare.read(&wanted).await?;
    let mut seen = prepare.look_at(&wanted, &mut present, is_definition, &done, progress).await?;
    prepare.note_definitions(&wanted, &seen);
    seen.extend(prepare.look_at(&wanted, &mut present, |object| !is_definition(object), &done, progress).await?);
    seen.sort_by_key(|(index, _)| *index);

    let mut plan = Plan {
        release: release.name().to_owned(),
        digest: release.digest(),
        context: target.context.clone(),
        server_version: target.version.clone(),
        entries: Vec::new(),
        findings: Vec::new(),
        busy: None,
    };
    let mut contents = contents_of(&wanted);
    let present: BTreeSet<Identity> = wanted.iter().map(identity_of).chain(kept.iter().cloned()).collect();
    let mut items = Vec::with_capacity(wanted.len());
    for (wanted, (_, seen)) in wanted.into_iter().zip(seen) {
        items.push(Item { wanted, action: seen.entry.action, live: seen.live, shares: seen.shares });
        plan.entries.push(seen.entry);
        plan.findings.extend(seen.findings);
    }
    for (group, kind, namespace, _) in &kept {
        contents.kinds.insert(GroupKind { group: group.clone(), kind: kind.clone() });
        contents.namespaces.extend(namespace.clone());
    }
    let mut meanwhile = inventory.with(&contents);
    let mut leaving = Vec::new();
    let mut members = inventory.members(target).await?;
    // As they will be deleted.
    members.sort_by_cached_key(|member| (Reverse(member.rank()), member.object.clone()));
    for member in members.into_iter().filter(|member| !present.contains(&identity(member))) {
        meanwhile.add(&member);
        let mut entry = Entry::new(member.object.clone(), Action::Delete);
        (entry.uid, entry.resource_version) = (Some(member.uid.clone()), Some(member.resource_version.clone()));
        if !options.prune {
            contents.add(&member);
            continue;
        }
        if let Some(reason) = reason_to_keep(target, &member, options).await? {
            contents.add(&member);
            entry.action = Action::Keep;
            entry.reasons.push(format!("it left the release, but {reason}"));
        } else {
            let reason = if member.leaving { "it left the release and is being deleted" } else { "it left the release" };
            entry.reasons.push(reason.to_owned());
            leaving.push(member);
        }
        plan.entries.push(entry);
    }
    Ok(Prepared { plan, items, leaving, inventory, meanwhile, contents })
}

/// Group, kind, namespace and name.
type Identity = (String, String, Option<String>, String);

fn identity(member: &Member) -> Identity {
    (member.group().to_owned(), member.object.kind.clone(), member.object.namespace.clone(), member.object.name.clone())
}

fn identity_of(wanted: &Wanted) -> Identity {
    let object = &wanted.object;
    (object.group().to_owned(), object.kind().to_owned(), wanted.namespace.clone(), object.name().to_owned())
}

impl Target {
    /// How the cluster names these objects.
    fn wanted_identities(&self, objects: &[Object]) -> BTreeSet<Identity> {
        let namespace = |object: &Object| match self.resources.get(object) {
            Some(resource) => resource.namespace(object, self.client.default_namespace()).map(ToOwned::to_owned),
            None => object.namespace().map(ToOwned::to_owned),
        };
        let identity = |object: &Object| (object.group().to_owned(), object.kind().to_owned(), namespace(object), object.name().to_owned());
        objects.iter().map(identity).collect()
    }
}

fn contents_of(wanted: &[Wanted]) -> Contents {
    Contents {
        kinds: wanted.iter().map(|wanted| GroupKind::of(&wanted.object)).collect(),
        namespaces: wanted.iter().filter_map(|wanted| wanted.namespace.clone()).collect(),
    }
}

/// The namespaces of the release that are not there, each with whether the release brings it.
async fn absent_namespaces(target: &Target, wanted: &[Wanted]) -> Result<AbsentNamespaces> {
    let brought = |name: &str| wanted.iter().any(|wanted| is_namespace(&wanted.object) && wanted.object.name() == name);
    let names: BTreeSet<_> = wanted.iter().filter_map(|wanted| wanted.namespace.as_deref()).collect();
    stream::iter(names)
        .map(|name| async move {
            let there = get(&target.client, &format!("/api/v1/namespaces/{}", segment(name))).await?;
            // One that is being deleted takes no new objects.
            let there = there.is_some_and(|namespace| namespace.pointer("/metadata/deletionTimestamp").is_none());
            Ok((!there).then(|| (name.to_owned(), brought(name))))
        })
        .buffer_unordered(AT_ONCE)
        .try_filter_map(async |absent| Ok(absent))
        .try_collect()
        .await
}

fn is_namespace(object: &Object) -> bool {
    object.group().is_empty() && object.kind() == "Namespace"
}

impl Prepare<'_> {
    /// What the cluster has of each object.
    async fn read(&self, wanted: &[Wanted]) -> Result<Vec<Option<Value>>> {
        stream::iter(wanted)
            .map(|wanted| async move {
                let absent = wanted.namespace.as_ref().is_some_and(|namespace| self.absent_namespaces.contains_key(namespace));
                match &wanted.path {
                    Some(path) if !absent => get(&self.target.client, path).await,
                    _ => Ok(None),
                }
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await
    }

    async fn look_at(
        &self,
        wanted: &[Wanted],
        present: &mut [Option<Value>],
        which: impl Fn(&Object) -> bool,
        done: &AtomicUsize,
        progress: &dyn Progress,
    ) -> Result<Vec<(usize, Seen)>> {
        let chosen: Vec<_> = wanted.iter().zip(present).enumerate().filter(|(_, (wanted, _))| which(&wanted.object)).collect();
        stream::iter(chosen)
            .map(|(index, (one, present))| async move {
                let seen = self.look(one, present.take()).await?;
                progress.count(done.fetch_add(1, Ordering::Relaxed) + 1, wanted.len());
                Ok((index, seen))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Which kinds come or change with the release.
    fn note_definitions(&mut self, wanted: &[Wanted], seen: &[(usize, Seen)]) {
        for (index, seen) in seen {
            let definition = &wanted[*index].value;
            if let Ok(kinds) = custom_kinds(definition) {
                let name = wanted[*index].object.name().to_owned();
                self.customs.get_mut().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::new(kinds));
            }
            if seen.entry.action != Action::Unchanged {
                let exists = seen.live.is_some();
                self.coming_kinds.extend(served(definition).into_iter().map(|kind| (kind, exists)));
            }
        }
    }

    /// The schemas of a custom resource: of the release, embedded, or of the cluster.
    pub(super) async fn custom_kinds(&self, wanted: &Wanted) -> Result<Arc<Vec<CustomKind>>> {
        let object = &wanted.object;
        let resource = self.target.resources.get(object);
        let (Some(resource), None) = (resource, self.definitions.kind(object.api_version(), object.kind())) else {
            return Ok(Arc::default());
        };
        let name = format!("{}.{}", resource.plural(), object.group());
        let known = self.customs.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let kinds = match embedded_kind(object.api_version(), object.kind()) {
            Some(kind) => vec![kind.clone()],
            // An aggregated API has no definition.
            None => get(&self.target.client, &custom::path(&name)).await?.and_then(|crd| custom_kinds(&crd).ok()).unwrap_or_default(),
        };
        let kinds = Arc::new(kinds);
        self.customs.lock().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(&kinds));
        Ok(kinds)
    }
}

impl Contents {
    fn add(&mut self, member: &Member) {
        let (group, kind, namespace, _) = identity(member);
        self.kinds.insert(GroupKind { group, kind });
        self.namespaces.extend(namespace);
    }
}
