//! The form of the lists, and what has to hold in one before it is played.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::node::{Who, variables};
use crate::diag::{Error, Result};

/// The steps of a story.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct List {
    /// The flake's package that plays the same list in virtual machines.
    pub vm: String,
    /// What checks have to know of a node beside its name and address: a command for each, whose output it is. It is asked once for each
    /// node, so it is something that stays.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// In this order.
    pub steps: Vec<Step>,
}

/// Something that is done, and what must hold after it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct Step {
    /// The name of the action, in each side's code.
    pub id: String,
    /// What reports call it.
    pub says: String,
    /// The one side that plays it, where it is only one.
    pub only: Option<Only>,
    /// In this order.
    #[serde(default)]
    pub checks: Vec<Check>,
}

/// The side that plays a step, with the reason why the other one does not.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::scenario) enum Only {
    Lab(String),
    Vm(String),
}

impl Only {
    fn because(&self) -> &str {
        let (Self::Lab(because) | Self::Vm(because)) = self;
        because
    }
}

/// A command that has to succeed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::scenario) struct Check {
    /// On which nodes it runs.
    #[serde(default = "primer")]
    pub on: Vec<String>,
    /// With each of these in turn as `$TO_…`, but for the node that it runs on.
    pub to: Option<Vec<String>>,
    /// Nodes that are in neither.
    #[serde(default)]
    pub without: Vec<String>,
    /// The command, for bash.
    pub run: String,
    /// For how many seconds it is tried again. 0 is one try.
    #[serde(default)]
    pub within: u64,
    /// It has to fail.
    #[serde(default)]
    pub fails: bool,
}

fn primer() -> Vec<String> {
    vec!["primer".to_owned()]
}

impl List {
    /// Reads a list that is to be played with these actions.
    ///
    /// # Errors
    /// An internal error that names everything that is wrong with it.
    pub(in crate::scenario) fn read(text: &str, actions: &[&str]) -> Result<Self> {
        let list: Self = serde_json::from_str(text).map_err(|cause| Error::internal("a list of steps cannot be read").caused_by(cause))?;
        let problems = list.problems(actions);
        if problems.is_empty() { Ok(list) } else { Err(Error::internal(format!("the list of `{}`: {}", list.vm, problems.join("; ")))) }
    }

    /// What is wrong with it for whoever plays it with these actions.
    pub(super) fn problems(&self, actions: &[&str]) -> Vec<String> {
        let mut problems = Vec::new();
        let mut ids = BTreeSet::new();
        for step in &self.steps {
            let (id, acts) = (step.id.as_str(), actions.contains(&step.id.as_str()));
            if !ids.insert(id) {
                problems.push(format!("step `{id}` is there twice"));
            }
            if step.only.as_ref().is_some_and(|only| only.because().is_empty()) {
                problems.push(format!("step `{id}` does not say why only one side plays it"));
            }
            match step.only {
                Some(Only::Vm(_)) if acts => problems.push(format!("step `{id}` is left out here and has an action")),
                Some(Only::Vm(_)) => {}
                _ if !acts && step.checks.is_empty() => problems.push(format!("step `{id}` has neither an action nor a check")),
                _ => {}
            }
            for check in &step.checks {
                let named = check.on.iter().chain(check.to.iter().flatten()).chain(&check.without);
                let strangers = named.filter(|name| Who::read(name).is_none());
                problems.extend(strangers.map(|name| format!("step `{id}`: `{name}` is no node")));
                let pair = check.to.is_some();
                let unknown = variables(&check.run).into_iter().filter(|name| !self.knows(name, pair));
                problems.extend(unknown.map(|name| format!("step `{id}`: `${name}` is no variable")));
            }
        }
        problems.extend(actions.iter().filter(|id| !ids.contains(*id)).map(|id| format!("the action `{id}` has no step")));
        problems
    }

    fn knows(&self, variable: &str, pair: bool) -> bool {
        let Some((whose, what)) = variable.split_once('_') else { return matches!(variable, "NODES" | "WORKERS") };
        let node = whose == "NODE" || (whose == "TO" && pair) || Who::read(&whose.to_lowercase()).is_some_and(Who::is_one);
        node && (matches!(what, "NAME" | "ADDRESS") || self.values.contains_key(what))
    }
}
