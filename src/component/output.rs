//! Where a component puts what it makes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::config::PodSecurity;
use crate::diag::Result;
use crate::manifest::{DeclaredSecret, Object, ReleaseBuilder, ReleaseFile, Versions};
use crate::source::ConfigPath;

/// A namespace that a component needs; `base` makes one object of all needs for the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceNeed {
    /// Its name.
    pub name: String,
    /// The level that the component's pods need at least; none for the cluster's default.
    pub pod_security: Option<PodSecurity>,
    /// The config entry that asked for it.
    pub origin: ConfigPath,
}

/// Takes what one component makes.
#[derive(Debug)]
pub struct Output {
    component: &'static str,
    /// The namespaces of all components that are on.
    namespaces: Vec<NamespaceNeed>,
    built: ReleaseBuilder,
}

impl Output {
    /// For one component; `namespaces` are the needs of all that are on.
    #[must_use]
    pub fn new(component: &'static str, namespaces: Vec<NamespaceNeed>) -> Self {
        Self { component, namespaces, built: ReleaseBuilder::default() }
    }

    /// The namespaces of all components that are on.
    #[must_use]
    pub fn namespaces(&self) -> &[NamespaceNeed] {
        &self.namespaces
    }

    /// Adds an object: a `k8s_openapi` struct, a struct of our own, or a JSON value. Common labels are added later, where it has none.
    pub fn object<T: Serialize>(&mut self, origin: ConfigPath, resource: &T) -> Result<()> {
        self.built.objects.push(Object::new(self.component, origin, resource)?);
        Ok(())
    }

    /// As [`Self::object`], for a JSON value that is of no other use: it is not copied.
    pub fn value(&mut self, origin: ConfigPath, resource: Value) -> Result<()> {
        self.built.objects.push(Object::of_value(self.component, origin, resource)?);
        Ok(())
    }

    /// Adds a definition that is part of the program, without its versions, and these apart.
    pub fn definition(&mut self, origin: ConfigPath, resource: Value, versions: Versions) -> Result<()> {
        self.built.objects.push(Object::of_definition(self.component, origin, resource, versions)?);
        Ok(())
    }

    /// Adds a file.
    pub fn file(&mut self, origin: ConfigPath, path: impl Into<String>, contents: impl Into<String>) -> &mut ReleaseFile {
        self.built.files.push(ReleaseFile {
            path: path.into(),
            contents: contents.into(),
            executable: false,
            component: self.component,
            origin,
            facts: BTreeMap::new(),
        });
        let last = self.built.files.len() - 1;
        &mut self.built.files[last]
    }

    /// Declares a Secret that the component's workloads use and that is delivered by something else.
    pub fn secret<'a>(
        &mut self,
        origin: ConfigPath,
        namespace: impl Into<String>,
        name: impl Into<String>,
        keys: impl IntoIterator<Item = &'a str>,
    ) {
        let keys: BTreeSet<String> = keys.into_iter().map(ToOwned::to_owned).collect();
        let (namespace, name) = (namespace.into(), name.into());
        self.built.secrets.push(DeclaredSecret { namespace, name, keys, component: self.component, origin });
    }

    /// What was made.
    #[must_use]
    pub fn into_built(self) -> ReleaseBuilder {
        self.built
    }
}
