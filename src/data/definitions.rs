//! The kinds and schemas of one Kubernetes version.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::versions::KUBERNETES_MINORS;

use super::{Kind, Schema, Scope, parse, text};

/// The kinds and schemas of one Kubernetes version. A schema is parsed when it is first asked for.
#[derive(Debug)]
pub struct Definitions {
    minor: &'static str,
    kinds: Vec<Kind>,
    /// The number of each kind's definition.
    roots: Vec<u32>,
    by_kind: HashMap<(&'static str, &'static str), u32>,
    schemas: Vec<Definition>,
    by_name: HashMap<&'static str, u32>,
}

#[derive(Debug)]
struct Definition {
    name: &'static str,
    text: &'static str,
    schema: OnceLock<Schema>,
}

impl Definitions {
    /// The version at a place in [`KUBERNETES_MINORS`].
    pub(super) fn embedded(index: usize) -> Self {
        let schemas: Vec<_> = text::definitions(index).map(|(name, text)| Definition { name, text, schema: OnceLock::new() }).collect();
        let by_name: HashMap<_, _> = schemas.iter().map(|definition| definition.name).zip(0..).collect();
        let (mut kinds, mut roots) = (Vec::new(), Vec::new());
        let mut by_kind = HashMap::new();
        for (row, number) in text::kinds(index).zip(0..) {
            by_kind.insert((row.api_version, row.kind), number);
            kinds.push(Kind {
                api_version: row.api_version.into(),
                kind: row.kind.into(),
                plural: row.plural.into(),
                scope: if row.namespaced { Scope::Namespaced } else { Scope::Cluster },
            });
            roots.push(by_name[row.definition]);
        }
        Self { minor: KUBERNETES_MINORS[index], kinds, roots, by_kind, schemas, by_name }
    }

    /// The version, `1.36`.
    #[must_use]
    pub const fn minor(&self) -> &'static str {
        self.minor
    }

    /// Whether the version is `1.MINOR` or newer.
    #[must_use]
    pub fn is_since(&self, minor: u32) -> bool {
        self.minor.strip_prefix("1.").and_then(|own| own.parse().ok()).is_some_and(|own: u32| own >= minor)
    }

    /// All kinds that a manifest can create, by `apiVersion` and kind.
    #[must_use]
    pub fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// One kind, `apps/v1` `Deployment`.
    #[must_use]
    pub fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        self.by_kind.get(&(api_version, kind)).map(|number| &self.kinds[*number as usize])
    }

    /// The schema of a kind, and the full name of its definition.
    #[must_use]
    pub fn schema(&self, api_version: &str, kind: &str) -> Option<(&Schema, &'static str)> {
        let number = self.roots[*self.by_kind.get(&(api_version, kind))? as usize];
        Some((self.definition(number), self.name(number)))
    }

    /// The number of a definition by its full name, `io.k8s.api.core.v1.PodSpec`.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The full name of a definition, by the number that a [`super::Type::Reference`] has.
    #[must_use]
    pub fn name(&self, number: u32) -> &'static str {
        self.schemas[number as usize].name
    }

    /// A definition, by the number that a [`super::Type::Reference`] has.
    ///
    /// # Panics
    /// When the number comes from another version, or the embedded data is broken; both are bugs.
    #[must_use]
    pub fn definition(&self, number: u32) -> &Schema {
        let definition = &self.schemas[number as usize];
        definition
            .schema
            .get_or_init(|| parse::text(definition.text, &|name| self.number(name)).expect("a test parses every embedded definition"))
    }

    /// The schema itself where it is a reference, together with the name of the definition that it came from.
    #[must_use]
    pub fn resolve<'a>(&'a self, schema: &'a Schema) -> (&'a Schema, Option<&'static str>) {
        match schema.kind {
            super::Type::Reference(number) => (self.definition(number), Some(self.name(number))),
            _ => (schema, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{Type, all_versions, kubernetes};

    use super::*;

    #[test]
    fn every_definition_of_every_version_parses() {
        for definitions in all_versions() {
            assert!(definitions.kinds.len() > 60, "{} kinds in {}", definitions.kinds.len(), definitions.minor);
            for number in 0..u32::try_from(definitions.schemas.len()).expect("few") {
                assert!(!definitions.name(number).is_empty() && definitions.definition(number).default.is_none());
            }
        }
    }

    #[test]
    fn scope_and_plural_come_from_the_paths() {
        let definitions = kubernetes("1.36").expect("known");
        let kind = |api_version, name| definitions.kind(api_version, name).map(|kind| (&*kind.plural, kind.scope));
        assert_eq!(kind("apps/v1", "Deployment"), Some(("deployments", Scope::Namespaced)));
        assert_eq!(kind("v1", "Namespace"), Some(("namespaces", Scope::Cluster)));
        assert_eq!(kind("networking.k8s.io/v1", "Ingress"), Some(("ingresses", Scope::Namespaced)));
        assert_eq!(kind("policy/v1", "Eviction"), None);
    }

    #[test]
    fn a_schema_leads_to_its_parts() {
        let definitions = kubernetes("1.33").expect("known");
        let (schema, _) = definitions.schema("apps/v1", "Deployment").expect("a kind");
        let Type::Object(object) = &schema.kind else { panic!("no object") };
        let (spec, name) = definitions.resolve(object.property("spec").expect("a spec"));
        assert_eq!(name, Some("io.k8s.api.apps.v1.DeploymentSpec"));
        let Type::Object(spec) = &spec.kind else { panic!("no object") };
        assert_eq!(*spec.required, ["selector".into(), "template".into()]);
    }

    #[test]
    fn alpha_and_beta_are_off_by_default() {
        let definitions = kubernetes("1.36").expect("known");
        let served = |api_version, kind| definitions.kind(api_version, kind).map(Kind::is_served_by_default);
        assert_eq!(served("resource.k8s.io/v1", "ResourceClaim"), Some(true));
        assert_eq!(served("resource.k8s.io/v1beta2", "ResourceClaim"), Some(false));
    }
}
