//! What applies to pods by their labels.

use crate::manifest::Object;
use crate::reference::{Field, Need, Part, Selector, Target};

use super::Needs;

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    let (need, key) = match (object.group(), object.kind()) {
        ("policy", "PodDisruptionBudget") => (Need::BudgetPods, "selector"),
        ("networking.k8s.io", "NetworkPolicy") => (Need::PolicyPods, "podSelector"),
        _ => return,
    };
    let Some(field) = Field::of(object, &["spec", key]) else { return };
    let selector = Selector::of_label_selector(field);
    // The empty selector means every pod of the namespace, present or to come.
    if !selector.is_empty() {
        needs.target(need, Target::Pods { namespace: needs.namespace, selector }, field, Part::Whole, false);
    }
}
