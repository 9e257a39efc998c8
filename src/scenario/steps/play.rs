//! Playing a list.

use futures_util::future::LocalBoxFuture;
use tokio::process::Command;

use super::check::{Values, run};
use super::list::{List, Only};
use crate::diag::Result;
use crate::lab::NodeInfo;
use crate::scenario::report::{Checked, Recorder, Seen};

/// Where a story is played.
pub(in crate::scenario) trait Stage {
    /// The nodes, the primer first.
    fn nodes(&self) -> Vec<NodeInfo>;

    /// A program on a node, in the environment of somebody who is logged in there.
    fn shell(&self, node: usize, program: &str) -> Result<Command>;
}

/// What is done at a step.
pub(in crate::scenario) type Action<S> = for<'a> fn(&'a mut S) -> LocalBoxFuture<'a, Seen<()>>;

/// Goes through the list up to the first step that fails.
///
/// # Errors
/// Only an interruption.
pub(in crate::scenario) async fn play<S: Stage>(
    list: &List,
    actions: &[(&str, Action<S>)],
    recorder: &mut Recorder<'_>,
    stage: &mut S,
) -> Result<()> {
    let mut values = Values::new();
    for step in &list.steps {
        if let Some(Only::Vm(because)) = &step.only {
            recorder.leave_out(&step.says, &format!("only in the VM test {}: {because}", list.vm));
            continue;
        }
        let action = actions.iter().find(|(id, _)| *id == step.id).map(|(_, action)| action);
        let mut checked = Vec::new();
        let played = async {
            let mut seen = None;
            if let Some(action) = action {
                ((), seen) = action(stage).await?;
            }
            let mut said = None;
            for check in &step.checks {
                let (times, last) = run(list, check, stage, &mut values).await?;
                checked.push(Checked { run: check.run.clone(), fails: check.fails, times });
                said = last;
            }
            Ok(((), seen.or(said)))
        };
        let done = recorder.step(&step.says, played).await?;
        recorder.checked(checked);
        if done.is_none() {
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
