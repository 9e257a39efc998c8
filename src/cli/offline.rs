//! The verdict that needs no server: the schemas of the target versions, and the rules.

use std::collections::HashSet;
use std::path::PathBuf;

use clap::Args;
use rayon::prelude::*;
use serde_json::Value;

use crate::config::{Cluster, ExternalObject, RuleLevel};
use crate::data::{self, CustomKind};
use crate::diag::{Finding, ObjectRef, Result};
use crate::manifest::{Object, Release};
use crate::rule::{self, External, Input, Level, Levels};
use crate::schema::{Catalog, Violation};
use crate::versions;

use super::manifest_files::ManifestFiles;

/// Options of the checks that need no server.
#[derive(Debug, Args)]
pub(super) struct OfflineArgs {
    /// A Kubernetes version to check against, from 1.33 to 1.37; repeatable; by default the cluster's, or 1.36
    #[arg(long, value_name = "VERSION")]
    kubernetes: Vec<String>,
    /// Definitions of custom resources: files or folders; repeatable
    #[arg(long, value_name = "PATH")]
    crd: Vec<PathBuf>,
    /// Report a rule's findings as errors; `room/*` names all rules of a room; repeatable
    #[arg(long, value_name = "RULE")]
    deny: Vec<String>,
    /// Report a rule's findings as warnings; repeatable
    #[arg(long, value_name = "RULE")]
    warn: Vec<String>,
    /// Do not run a rule; repeatable
    #[arg(long, value_name = "RULE")]
    allow: Vec<String>,
}

impl OfflineArgs {
    /// All that can be said without a server.
    pub(super) fn verdict(&self, objects: &[Object], config: Option<(&Cluster, &Release)>) -> Result<Vec<Finding>> {
        let mut said = self.rules(objects, config)?;
        said.extend(self.schemas(objects, config.map(|(cluster, _)| cluster))?);
        once_per_unknown_kind(&mut said);
        if let Some((cluster, _)) = config {
            let brought: HashSet<&str> = cluster.provided_kinds().collect();
            said.retain(|finding| finding.rule != "schema/unknown-kind" || !is_brought(finding, &brought));
        }
        Ok(said)
    }

    /// What API servers of the target versions would refuse.
    fn schemas(&self, objects: &[Object], cluster: Option<&Cluster>) -> Result<Vec<Finding>> {
        let default = || cluster.map_or(versions::KUBERNETES, |cluster| cluster.cluster.version.minor()).to_owned();
        let versions = if self.kubernetes.is_empty() { vec![default()] } else { self.kubernetes.clone() };
        let Definitions { kinds, mut findings } = self.definitions(objects)?;
        let mut catalogs = Vec::new();
        for version in &versions {
            let mut catalog = Catalog::new(version)?;
            catalog.add_kinds(kinds.iter().cloned());
            catalogs.push((version.as_str(), catalog));
        }
        let found: Vec<Vec<Finding>> = objects
            .par_iter()
            .enumerate()
            .with_min_len(16)
            .map(|(number, object)| {
                let found = violations(object, &catalogs).into_iter();
                found.map(|violation| violation.into_finding(object.reference()).with_number(number)).collect()
            })
            .collect();
        // What is wrong with a definition of the set itself is said there, field by field.
        let is_told = |number: usize| found[number].iter().any(Finding::is_error);
        findings.retain(|finding| finding.location.is_some() || !finding.number.is_some_and(is_told));
        findings.extend(found.into_iter().flatten());
        Ok(findings)
    }

    /// What an API server would let through. The release of a cluster is all that the cluster gets; files may be some of it.
    pub(super) fn rules(&self, objects: &[Object], config: Option<(&Cluster, &Release)>) -> Result<Vec<Finding>> {
        let cluster = config.map(|(cluster, _)| cluster);
        let mut levels = Levels::new();
        for (pattern, level) in cluster.iter().flat_map(|cluster| &cluster.rules) {
            levels.set(pattern, of_config(*level))?;
        }
        for (patterns, level) in [(&self.allow, Level::Allow), (&self.warn, Level::Warn), (&self.deny, Level::Deny)] {
            patterns.iter().try_for_each(|pattern| levels.set(pattern, level))?;
        }
        let brought = cluster.iter().flat_map(|cluster| cluster.provided_kinds()).map(definition);
        let external: Vec<External> = cluster.iter().flat_map(|cluster| &cluster.external).map(external).chain(brought).collect();
        let whole = cluster.is_some();
        Ok(rule::check(
            Input {
                objects,
                external: &external,
                secrets: config.map(|(_, release)| release.secrets()).unwrap_or_default(),
                complete: whole,
                server_side_apply: whole,
            },
            &levels,
        ))
    }

    /// The kinds that `--crd` and the objects themselves define. One that cannot be read keeps back nothing but its own kinds.
    fn definitions(&self, objects: &[Object]) -> Result<Definitions> {
        let mut all = Definitions::default();
        if !self.crd.is_empty() {
            let mut given = ManifestFiles::read(&self.crd)?;
            all.findings = given.take_findings();
            let before = all.findings.len();
            all.add(given.objects());
            given.locate(&mut all.findings[before..]);
        }
        all.add(objects);
        Ok(all)
    }
}

/// Kinds that definitions among objects bring, and what is wrong with those definitions.
#[derive(Debug, Default)]
struct Definitions {
    kinds: Vec<CustomKind>,
    findings: Vec<Finding>,
}

impl Definitions {
    fn add(&mut self, objects: &[Object]) {
        let is_definition = |object: &Object| (object.group(), object.kind()) == ("apiextensions.k8s.io", "CustomResourceDefinition");
        for (number, object) in objects.iter().enumerate().filter(|(_, object)| is_definition(object)) {
            match data::custom_kinds(&Value::Object(object.value().clone())) {
                Ok(kinds) => self.kinds.extend(kinds),
                Err(error) => {
                    let cause = error.source.map(|cause| format!(": {cause}")).unwrap_or_default();
                    let finding = Finding::error("schema/definition", format!("{}{cause}", error.message))
                        .with_object(object.reference())
                        .with_number(number);
                    self.findings.push(error.hints.into_iter().fold(finding, Finding::with_hint));
                }
            }
        }
    }
}

/// Whether it is about a kind whose definition an operator brings: nothing is known about its fields here.
fn is_brought(finding: &Finding, brought: &HashSet<&str>) -> bool {
    finding.object.as_ref().is_some_and(|object| {
        let group = object.api_version.split_once('/').map_or("", |(group, _)| group);
        brought.contains(format!("{}.{group}", object.kind).as_str())
    })
}

/// The schemas and a rule both miss the definition of a kind that is not known; the schemas know more about it.
fn once_per_unknown_kind(findings: &mut Vec<Finding>) {
    let unknown: HashSet<ObjectRef> =
        findings.iter().filter(|finding| finding.rule == "schema/unknown-kind").filter_map(|finding| finding.object.clone()).collect();
    findings.retain(|finding| {
        finding.rule != "reference/custom-resource-definition" || !finding.object.as_ref().is_some_and(|object| unknown.contains(object))
    });
}

/// What servers of some versions would refuse in one object; what not all of them refuse is said with their names.
fn violations(object: &Object, catalogs: &[(&str, Catalog)]) -> Vec<Violation> {
    if let [(_, catalog)] = catalogs {
        return catalog.check_fields(object.value());
    }
    let mut found: Vec<(Violation, Vec<&str>)> = Vec::new();
    for (version, catalog) in catalogs {
        for violation in catalog.check_fields(object.value()) {
            match found.iter_mut().find(|(known, _)| (&known.path, &known.message) == (&violation.path, &violation.message)) {
                Some((_, by)) => by.push(version),
                None => found.push((violation, vec![version])),
            }
        }
    }
    let say = |(mut violation, by): (Violation, Vec<&str>)| {
        if by.len() < catalogs.len() {
            violation.message = format!("{} (Kubernetes {})", violation.message, by.join(", "));
        }
        violation
    };
    found.into_iter().map(say).collect()
}

const fn of_config(level: RuleLevel) -> Level {
    match level {
        RuleLevel::Deny => Level::Deny,
        RuleLevel::Warn => Level::Warn,
        RuleLevel::Allow => Level::Allow,
    }
}

/// A definition that an operator brings, `KIND.GROUP`.
fn definition(kind: &str) -> External {
    External { kind: "CustomResourceDefinition".to_owned(), name: kind.to_owned(), ..External::default() }
}

fn external(entry: &ExternalObject) -> External {
    External {
        kind: entry.kind.clone(),
        namespace: entry.namespace.as_ref().map(ToString::to_string),
        name: entry.name.clone(),
        keys: entry.keys.iter().cloned().collect(),
    }
}
