//! What to say about a kind that the version does not have.

use crate::data::{Definitions, Kind, all_versions};
use crate::diag::did_you_mean;

use super::pointer::Pointer;
use super::removed;
use super::violation::Violation;

/// The kind is served only where somebody turned it on.
pub(super) fn not_served(definitions: &Definitions, kind: &Kind) -> Violation {
    let message = format!("`{}` is off by default in Kubernetes {}", kind.api_version, definitions.minor());
    let violation = Violation::new("schema/not-served", &Pointer::ROOT.key("apiVersion"), message).warning();
    let turn_on = format!("turn it on with `--runtime-config={}=true`", kind.api_version);
    violation.hint(match served(definitions, &kind.kind).find(|other| other.group() == kind.group()) {
        Some(other) => format!("use `{}`, or {turn_on}", other.api_version),
        None => turn_on,
    })
}

/// The kind is not there at all.
pub(super) fn violation(definitions: &Definitions, api_version: &str, kind: &str) -> Violation {
    let minor = definitions.minor();
    let at = Pointer::ROOT;
    let about_version = |message: String| Violation::new("schema/unknown-kind", &at.key("apiVersion"), message);
    let here = served(definitions, kind).map(|other| format!("`{}`", other.api_version)).collect::<Vec<_>>();
    let instead = (!here.is_empty()).then(|| format!("use {}", here.join(" or ")));

    if let Some(since) = removed::in_version(api_version, kind) {
        let violation = about_version(format!("`{kind}` of `{api_version}` was removed in Kubernetes {since}"));
        return with(violation, instead.or_else(|| removed::successor(kind).map(ToOwned::to_owned)));
    }
    let elsewhere: Vec<_> = all_versions().filter(|other| other.kind(api_version, kind).is_some()).map(Definitions::minor).collect();
    if let (Some(first), Some(last)) = (elsewhere.first(), elsewhere.last()) {
        let there = if first == last { format!("only {first} has it") } else { format!("{first} to {last} have it") };
        let message = format!("Kubernetes {minor} has no `{kind}` of `{api_version}`; {there}");
        return with(about_version(message), instead);
    }
    if !here.is_empty() {
        return with(about_version(format!("Kubernetes {minor} has no `{kind}` of `{api_version}`")), instead);
    }
    let about_kind = |message: String| Violation::new("schema/unknown-kind", &at.key("kind"), message);
    let same_version = || definitions.kinds().iter().filter(|other| *other.api_version == *api_version).map(|other| &*other.kind);
    if same_version().next().is_some() {
        let violation = about_kind(format!("`{api_version}` of Kubernetes {minor} has no kind `{kind}`"));
        return with(violation, did_you_mean(kind, same_version()).map(|near| format!("did you mean `{near}`?")));
    }
    if let Some(near) = did_you_mean(api_version, definitions.kinds().iter().map(|other| &*other.api_version)) {
        return about_version(format!("Kubernetes {minor} has no `{api_version}`")).hint(format!("did you mean `{near}`?"));
    }
    about_kind(format!("nothing is known about `{kind}` of `{api_version}`"))
        .hint("give its CustomResourceDefinition with `--crd`, or put it among the objects")
}

fn with(violation: Violation, hint: Option<String>) -> Violation {
    match hint {
        Some(hint) => violation.hint(hint),
        None => violation,
    }
}

/// Kinds of this name that are served by default.
fn served<'a>(definitions: &'a Definitions, kind: &'a str) -> impl Iterator<Item = &'a Kind> {
    definitions.kinds().iter().filter(move |other| *other.kind == *kind && other.is_served_by_default())
}
