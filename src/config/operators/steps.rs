//! What is installed, and in which order.

use super::{Chart, Operator};
use crate::config::dependencies::Graph;

/// One chart to install.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step<'a> {
    /// The number of the operator.
    pub number: usize,
    /// The operator.
    pub operator: &'a Operator,
    /// The chart: its own, or that of its definitions.
    pub chart: &'a Chart,
    /// One more than the latest that it waits for; 0 where it waits for none.
    pub wave: u32,
}

impl Step<'_> {
    /// Whether it installs the operator's definitions.
    #[must_use]
    pub fn is_crds(&self) -> bool {
        self.operator.crds.as_ref().is_some_and(|crds| std::ptr::eq(crds, self.chart))
    }

    /// The name of the Helm release.
    #[must_use]
    pub fn name(&self) -> String {
        let name = &self.operator.name;
        if self.is_crds() { format!("{name}-crds") } else { name.to_string() }
    }
}

/// All charts of all operators, in the order of the config, an operator's definitions before it.
#[must_use]
pub fn steps(operators: &[Operator]) -> Vec<Step<'_>> {
    let charts = operators.iter().enumerate().flat_map(|(number, operator)| {
        let charts = operator.crds.iter().chain([&operator.chart]);
        charts.map(move |chart| Step { number, operator, chart, wave: 0 })
    });
    let mut steps: Vec<Step<'_>> = charts.collect();
    let entries: Vec<(String, Vec<String>)> = steps
        .iter()
        .map(|step| {
            let before = step.operator.dependencies.iter().map(ToString::to_string);
            let own = (step.operator.crds.is_some() && !step.is_crds()).then(|| format!("{}-crds", step.operator.name));
            (step.name(), before.chain(own).collect())
        })
        .collect();
    let waves = Graph::new(entries.iter().map(|(name, before)| (name.as_str(), before.as_slice()))).waves();
    for (step, wave) in steps.iter_mut().zip(waves) {
        step.wave = wave;
    }
    steps
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn definitions_and_dependencies_come_first() {
        let chart = json!({"repository": "https://charts.example.com", "name": "a", "version": "1"});
        let operators: Vec<Operator> = serde_json::from_value(json!([
            {"name": "c", "namespace": "c", "chart": chart, "dependencies": ["b"]},
            {"name": "b", "namespace": "b", "chart": chart, "crds": chart, "dependencies": ["a"]},
            {"name": "a", "namespace": "a", "chart": chart},
        ]))
        .expect("operators");
        let order: Vec<_> = steps(&operators).iter().map(|step| (step.name(), step.wave)).collect();
        let order: Vec<_> = order.iter().map(|(name, wave)| (name.as_str(), *wave)).collect();
        assert_eq!(order, [("c", 3), ("b-crds", 1), ("b", 2), ("a", 0)]);
    }
}
