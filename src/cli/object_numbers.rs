//! Which object of a set a finding is about.

use std::collections::HashMap;

use crate::diag::{Finding, ObjectRef};
use crate::manifest::Object;

/// The objects of a set by what findings call them.
#[derive(Debug)]
pub(super) struct ObjectNumbers<'a> {
    objects: &'a [Object],
    /// Made once somebody asks: a server names the object, our own checks know its number.
    by_reference: Option<HashMap<ObjectRef, usize>>,
}

impl<'a> ObjectNumbers<'a> {
    pub(super) const fn new(objects: &'a [Object]) -> Self {
        Self { objects, by_reference: None }
    }

    /// The number of the object that a finding is about; the first one where several have its name.
    pub(super) fn of(&mut self, finding: &Finding) -> Option<usize> {
        let reference = finding.object.as_ref()?;
        if finding.number.is_some() {
            return finding.number;
        }
        let objects = self.objects;
        // Backwards, so that the first one stays.
        let all = || objects.iter().enumerate().rev().map(|(number, object)| (object.reference(), number)).collect();
        self.by_reference.get_or_insert_with(all).get(reference).copied()
    }
}
