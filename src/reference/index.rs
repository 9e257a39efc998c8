//! Objects and pods by what finds them.

use std::collections::HashMap;

use crate::manifest::Object;

use super::selector::is_added;
use super::{Selector, Template};

type ObjectKey<'a> = (&'a str, &'a str, &'a str, &'a str);
type LabelKey<'a> = (&'a str, &'a str, &'a str);

/// Stands in [`Index::pods_by_label`] for "any namespace"; no namespace has this name.
const ANY: &str = "*";

/// Objects by group, kind, namespace and name; pods by label.
///
/// An object without a namespace gets the one that it will be applied in. It is filed under the empty name, and answers to all.
#[derive(Debug, Default)]
pub(super) struct Index<'a> {
    objects: HashMap<ObjectKey<'a>, usize>,
    by_name: HashMap<(&'a str, &'a str, &'a str), usize>,
    definitions: HashMap<(&'a str, &'a str), usize>,
    pods_by_label: HashMap<LabelKey<'a>, Vec<usize>>,
    pods_by_namespace: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Index<'a> {
    pub(super) fn of(objects: &'a [Object], templates: &[Template<'a>]) -> Self {
        let mut index = Self { objects: HashMap::with_capacity(objects.len()), ..Self::default() };
        for (number, object) in objects.iter().enumerate() {
            let (group, kind, namespace, name) = (object.group(), object.kind(), object.namespace().unwrap_or_default(), object.name());
            index.objects.entry((group, kind, namespace, name)).or_insert(number);
            index.by_name.entry((group, kind, name)).or_insert(number);
            if (group, kind) == ("apiextensions.k8s.io", "CustomResourceDefinition") {
                let text = |pointer| object.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default();
                index.definitions.entry((text("/spec/group"), text("/spec/names/kind"))).or_insert(number);
            }
        }
        for (number, template) in templates.iter().enumerate() {
            for namespace in [template.namespace, ANY] {
                index.pods_by_namespace.entry(namespace).or_default().push(number);
            }
            for (key, value) in template.labels.into_iter().flatten() {
                let Some(value) = value.as_str() else { continue };
                for namespace in [template.namespace, ANY] {
                    index.pods_by_label.entry((namespace, key, value)).or_default().push(number);
                }
            }
        }
        index
    }

    pub(super) fn object(&self, group: &'a str, kind: &'a str, namespace: &'a str, name: &'a str) -> Option<usize> {
        if let Some(number) = self.objects.get(&(group, kind, namespace, name)) {
            return Some(*number);
        }
        if namespace.is_empty() {
            return self.by_name.get(&(group, kind, name)).copied();
        }
        self.objects.get(&(group, kind, "", name)).copied()
    }

    pub(super) fn definition(&self, group: &'a str, kind: &'a str) -> Option<usize> {
        self.definitions.get(&(group, kind)).copied()
    }

    /// The numbers of the templates in a namespace that fulfil a selector.
    pub(super) fn pods(&self, namespace: &'a str, selector: &Selector<'a>, templates: &[Template<'a>]) -> Vec<usize> {
        let candidates = |namespace: &'a str| -> &[usize] {
            // The rarest label leaves the least to look through.
            let own = selector.labels.iter().filter(|(key, _)| !is_added(key));
            let lists = own.map(|(key, value)| self.pods_by_label.get(&(namespace, key, value)));
            match lists.min_by_key(|list| list.map_or(0, Vec::len)) {
                Some(list) => list.map(Vec::as_slice).unwrap_or_default(),
                None => self.pods_in(namespace),
            }
        };
        let everywhere = if namespace.is_empty() { [candidates(ANY), &[]] } else { [candidates(namespace), candidates("")] };
        let fulfils = |number: &usize| selector.matches(&templates[*number]);
        everywhere.into_iter().flatten().copied().filter(fulfils).collect()
    }

    /// The numbers of the templates in a namespace.
    pub(super) fn pods_in(&self, namespace: &str) -> &[usize] {
        self.pods_by_namespace.get(namespace).map(Vec::as_slice).unwrap_or_default()
    }
}
