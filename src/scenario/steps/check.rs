//! A check on a node.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::list::{Check, List};
use super::node::{Who, nodes, variables};
use super::play::Stage;
use crate::diag::{Error, Result};

/// The bound in seconds of a command that is tried once.
const ONE_TRY: u64 = 120;

/// Between two tries, as the VM tests' driver waits.
const PAUSE: Duration = Duration::from_secs(1);

/// What nodes said of themselves, by node and name of the value.
pub(super) type Values = BTreeMap<(usize, String), String>;

/// Runs a check on all of its nodes. How often that was, and the last line that was written.
pub(super) async fn run<S: Stage>(list: &List, check: &Check, stage: &S, values: &mut Values) -> Result<(usize, Option<String>)> {
    let count = stage.nodes().len();
    let (mut times, mut said) = (0, None);
    for node in nodes(&check.on, &check.without, count) {
        let targets: Vec<Option<usize>> = match &check.to {
            None => vec![None],
            Some(to) => nodes(to, &check.without, count).into_iter().filter(|to| *to != node).map(Some).collect(),
        };
        for target in targets {
            let variables = environment(list, check, stage, values, node, target).await?;
            let text = until(stage, node, check, &variables).await?;
            said = text.trim().lines().next_back().map(ToOwned::to_owned);
            times += 1;
        }
    }
    Ok((times, said))
}

/// The variables that the check uses.
async fn environment<S: Stage>(
    list: &List,
    check: &Check,
    stage: &S,
    values: &mut Values,
    node: usize,
    target: Option<usize>,
) -> Result<Vec<(String, String)>> {
    let nodes = stage.nodes();
    let mut environment = Vec::new();
    for variable in variables(&check.run) {
        let names = |from: usize| nodes[from..].iter().map(|node| node.name.as_str()).collect::<Vec<_>>().join(" ");
        let value = match variable.split_once('_') {
            None => names(usize::from(variable == "WORKERS")),
            Some((whose, what)) => {
                let meant = match (whose, Who::read(&whose.to_lowercase())) {
                    ("NODE", _) => Some(node),
                    ("TO", _) => target,
                    (_, Some(Who::One(one))) => Some(one),
                    _ => None,
                };
                let none = || Error::environment(format!("there is no node for `${variable}`"));
                let meant = meant.filter(|one| *one < nodes.len()).ok_or_else(none)?;
                match what {
                    "NAME" => nodes[meant].name.clone(),
                    "ADDRESS" => nodes[meant].address.to_string(),
                    value => of_node(list, check.within, stage, values, meant, value).await?,
                }
            }
        };
        environment.push((variable, value));
    }
    Ok(environment)
}

async fn of_node<S: Stage>(list: &List, within: u64, stage: &S, values: &mut Values, node: usize, value: &str) -> Result<String> {
    let key = (node, value.to_owned());
    if let Some(known) = values.get(&key) {
        return Ok(known.clone());
    }
    let unknown = || Error::internal(format!("the list has no value `{value}`"));
    let run = list.values.get(value).ok_or_else(unknown)?.clone();
    let question = Check { on: Vec::new(), to: None, without: Vec::new(), run, within, fails: false };
    let answer = until(stage, node, &question, &[]).await?.trim().to_owned();
    values.insert(key, answer.clone());
    Ok(answer)
}

/// What it writes to stdout, when it ends as it should.
async fn until<S: Stage>(stage: &S, node: usize, check: &Check, variables: &[(String, String)]) -> Result<String> {
    let deadline = Instant::now() + Duration::from_secs(check.within);
    loop {
        let tried = once(stage, node, check, variables).await?;
        match tried {
            Ok(said) => return Ok(said),
            Err(why) if Instant::now() >= deadline => {
                let name = &stage.nodes()[node].name;
                let how = if check.fails { "does not fail" } else { "failed" };
                let long = if check.within > 0 { format!(" for {} s", check.within) } else { String::new() };
                return Err(Error::environment(format!("on `{name}`, `{}` {how}{long}", check.run)).caused_by(why));
            }
            Err(_) => sleep(PAUSE).await,
        }
    }
}

/// One try, as the VM tests' driver does it (`nixos/lib/test-driver`: `execute`): under `timeout`, in bash, with these settings.
async fn once<S: Stage>(
    stage: &S,
    node: usize,
    check: &Check,
    variables: &[(String, String)],
) -> Result<std::result::Result<String, String>> {
    let mut command = stage.shell(node, "timeout")?;
    let bound = if check.within > 0 { check.within } else { ONE_TRY };
    command.args([&bound.to_string(), "bash", "-c", &format!("set -euo pipefail; {}", check.run)]);
    command.envs(variables.iter().map(|(name, value)| (name, value)));
    let cannot = |cause| Error::environment("cannot run a command on a node").caused_by(cause);
    let output = command.kill_on_drop(true).output().await.map_err(cannot)?;
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.success() != check.fails {
        return Ok(Ok(said.into_owned()));
    }
    let words = [said.trim(), complained.trim()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ");
    Ok(Err(if words.is_empty() { output.status.to_string() } else { words }))
}
