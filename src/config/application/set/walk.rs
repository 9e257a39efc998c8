//! All generators of an ApplicationSet, those within others too.

use super::{Generator, InnerGenerator, NestedGenerator, Plain, Template};
use crate::source::ConfigPath;

/// A generator and where it stands.
#[derive(Debug)]
pub struct GeneratorAt<'a> {
    /// Its path.
    pub path: ConfigPath,
    /// What it has of the kinds that hold no others.
    pub plain: Plain<'a>,
    /// How many generators its `matrix` holds, where it has one.
    pub matrix: Option<usize>,
    /// The same of its `merge`, with the keys that must be equal.
    pub merge: Option<(usize, &'a [String])>,
    /// Templates that lie over the ApplicationSet's own.
    pub templates: Vec<(ConfigPath, &'a Template)>,
    /// Whether it stands within another.
    pub is_nested: bool,
}

impl GeneratorAt<'_> {
    /// The kinds that it has, as keys.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        let plain = &self.plain;
        [
            ("list", plain.list.is_some()),
            ("clusters", plain.clusters.is_some()),
            ("git", plain.git.is_some()),
            ("scmProvider", plain.scm_provider.is_some()),
            ("pullRequest", plain.pull_request.is_some()),
            ("clusterDecisionResource", plain.cluster_decision_resource.is_some()),
            ("plugin", plain.plugin.is_some()),
            ("matrix", self.matrix.is_some()),
            ("merge", self.merge.is_some()),
        ]
        .into_iter()
        .filter_map(|(kind, is_there)| is_there.then_some(kind))
        .collect()
    }
}

/// The generators of an ApplicationSet whose path is given, each before those within it.
#[must_use]
pub fn generators<'a>(path: &ConfigPath, all: &'a [Generator]) -> Vec<GeneratorAt<'a>> {
    let mut found = Vec::new();
    for (number, generator) in all.iter().enumerate() {
        let path = path.key("generators").index(number);
        let (matrix, merge) = (generator.matrix.as_ref(), generator.merge.as_ref());
        let overlays = [("matrix", matrix.and_then(|it| it.template.as_ref())), ("merge", merge.and_then(|it| it.template.as_ref()))];
        found.push(GeneratorAt {
            matrix: matrix.map(|it| it.generators.len()),
            merge: merge.map(|it| (it.generators.len(), it.merge_keys.as_slice())),
            ..one(&path, generator.plain(), &overlays, false)
        });
        for (key, inside) in [("matrix", matrix.map(|it| &it.generators)), ("merge", merge.map(|it| &it.generators))] {
            for (path, generator) in within(&path, key, inside) {
                nested(&path, generator, &mut found);
            }
        }
    }
    found
}

fn nested<'a>(path: &ConfigPath, generator: &'a NestedGenerator, found: &mut Vec<GeneratorAt<'a>>) {
    let (matrix, merge) = (generator.matrix.as_ref(), generator.merge.as_ref());
    found.push(GeneratorAt {
        matrix: matrix.map(|it| it.generators.len()),
        merge: merge.map(|it| (it.generators.len(), it.merge_keys.as_slice())),
        ..one(path, generator.plain(), &[], true)
    });
    for (key, inside) in [("matrix", matrix.map(|it| &it.generators)), ("merge", merge.map(|it| &it.generators))] {
        let innermost = within::<InnerGenerator>(path, key, inside);
        found.extend(innermost.map(|(path, generator)| one(&path, generator.plain(), &[], true)));
    }
}

fn within<'a, G>(path: &ConfigPath, key: &'static str, inside: Option<&'a Vec<G>>) -> impl Iterator<Item = (ConfigPath, &'a G)> {
    let path = path.key(key).key("generators");
    inside.into_iter().flatten().enumerate().map(move |(number, generator)| (path.index(number), generator))
}

fn one<'a>(path: &ConfigPath, plain: Plain<'a>, overlays: &[(&str, Option<&'a Template>)], is_nested: bool) -> GeneratorAt<'a> {
    let own = [
        ("list", plain.list.and_then(|it| it.template.as_ref())),
        ("clusters", plain.clusters.and_then(|it| it.template.as_ref())),
        ("git", plain.git.and_then(|it| it.template.as_ref())),
        ("scmProvider", plain.scm_provider.and_then(|it| it.template.as_ref())),
        ("pullRequest", plain.pull_request.and_then(|it| it.template.as_ref())),
        ("clusterDecisionResource", plain.cluster_decision_resource.and_then(|it| it.template.as_ref())),
        ("plugin", plain.plugin.and_then(|it| it.template.as_ref())),
    ];
    let templates = own.iter().chain(overlays).filter_map(|(key, template)| Some((path.key(*key).key("template"), (*template)?)));
    GeneratorAt { path: path.clone(), plain, matrix: None, merge: None, templates: templates.collect(), is_nested }
}
