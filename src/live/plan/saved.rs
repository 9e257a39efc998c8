//! A plan that was saved, and whether the cluster still is what it was made for.

use serde_json::Value;

use super::entry::{Plan, VERSION};
use crate::diag::{Error, Result};

/// A plan that `plan -o` saved.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedPlan(Value);

impl SavedPlan {
    /// Reads the JSON form of a plan.
    ///
    /// # Errors
    /// Wrong usage: no plan, or one of another version.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::usage("this is no saved plan").hint("`manifestgen plan -o FILE` makes one");
        let value: Value = serde_json::from_str(text).map_err(|cause| wrong().caused_by(cause))?;
        match value["version"].as_u64() {
            Some(VERSION) if value["entries"].is_array() && value["release"]["digest"].is_string() => Ok(Self(value)),
            Some(other) if other != VERSION => {
                Err(Error::usage(format!("the plan has version {other}, and this program reads version {VERSION}")).hint("make it anew"))
            }
            _ => Err(wrong()),
        }
    }

    /// What the caller added to the plan when it saved it.
    #[must_use]
    pub fn get(&self, key: &str) -> &Value {
        &self.0[key]
    }

    /// Whether a plan made now is the saved one. What nobody sets (`status`) may have moved; so may the version of an object with it.
    ///
    /// # Errors
    /// An environment error that names what moved, or wrong usage when the release is another.
    pub fn check(&self, now: &Plan) -> Result<()> {
        if self.0["release"]["digest"] != now.digest.as_str() {
            return Err(Error::usage("the config changed since the plan was saved").hint("make the plan anew, and look at it again"));
        }
        let now = now.to_json();
        let mut moved: Vec<String> = Vec::new();
        let (old, new) = (entries(&self.0), entries(&now));
        for entry in new.iter().chain(old) {
            let before = old.iter().find(|other| other["object"] == entry["object"]);
            let after = new.iter().find(|other| other["object"] == entry["object"]);
            if !same(before, after) {
                let name = name(&entry["object"]);
                if !moved.contains(&name) {
                    moved.push(name);
                }
            }
        }
        if moved.is_empty() {
            return Ok(());
        }
        let more = if moved.len() > 5 { format!(" and {} more", moved.len() - 5) } else { String::new() };
        moved.truncate(5);
        Err(Error::environment(format!("the cluster moved since the plan was saved: {}{more}", moved.join(", ")))
            .hint("make the plan anew, and look at it again"))
    }
}

fn entries(plan: &Value) -> &[Value] {
    plan["entries"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Whether two looks at an object saw the same, and would do the same.
fn same(before: Option<&Value>, after: Option<&Value>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let equal = |field: &str| before[field] == after[field];
    if !["action", "uid", "changes", "conflicts"].iter().all(|field| equal(field)) {
        return false;
    }
    // Nothing happens to it: whatever others did to it is no matter of the plan.
    if ["unchanged", "keep"].contains(&after["action"].as_str().unwrap_or_default()) {
        return true;
    }
    // A Secret has no digest, and no status that would move its version.
    equal("resourceVersion") || (!after["state"].is_null() && equal("state"))
}

fn name(object: &Value) -> String {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    match text("namespace") {
        "" => format!("{} `{}`", text("kind"), text("name")),
        namespace => format!("{} `{namespace}/{}`", text("kind"), text("name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_no_plans() {
        for text in ["", "{}", "[]", "{\"version\": 1}"] {
            assert_eq!(SavedPlan::parse(text).expect_err("no plan").message, "this is no saved plan", "{text}");
        }
        assert!(SavedPlan::parse(r#"{"version": 7}"#).expect_err("newer").message.contains("version 7"));
    }
}
