//! Which Application waits for which.

use std::collections::HashMap;

use super::Application;

/// The sync wave of each Application: one more than the latest that it waits for, 0 where it waits for none.
///
/// Names that are no entry, and what would close a circle, do not count: the check of the config has refused them.
#[must_use]
pub fn waves(applications: &[Application]) -> Vec<u32> {
    let graph = Graph::new(applications);
    let mut waves = vec![None; applications.len()];
    (0..applications.len()).map(|at| graph.wave(at, &mut waves, &mut Vec::new())).collect()
}

/// Entries by place, with the places that each waits for.
pub(super) struct Graph {
    edges: Vec<Vec<Edge>>,
}

/// `dependsOn[key]` of one entry is the entry at `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) key: usize,
    pub(super) to: usize,
}

impl Graph {
    pub(super) fn new(applications: &[Application]) -> Self {
        let places: HashMap<&str, usize> = applications.iter().enumerate().map(|(at, entry)| (entry.name.as_str(), at)).collect();
        let edges = applications.iter().enumerate().map(|(from, entry)| {
            let names = entry.depends_on.iter().enumerate();
            names.filter_map(|(key, name)| Some(Edge { from, key, to: *places.get(name.as_str())? })).collect()
        });
        Self { edges: edges.collect() }
    }

    fn wave(&self, at: usize, waves: &mut Vec<Option<u32>>, on_the_way: &mut Vec<usize>) -> u32 {
        if let Some(wave) = waves[at] {
            return wave;
        }
        on_the_way.push(at);
        let before = self.edges[at].iter().filter(|edge| !on_the_way.contains(&edge.to)).map(|edge| edge.to).collect::<Vec<_>>();
        let wave = before.into_iter().map(|to| self.wave(to, waves, on_the_way) + 1).max().unwrap_or(0);
        on_the_way.pop();
        waves[at] = Some(wave);
        wave
    }

    /// Circles, each as the edges that close it. Every edge stands in at most one of them.
    pub(super) fn circles(&self) -> Vec<Vec<Edge>> {
        let mut circles = Vec::new();
        let mut done = vec![false; self.edges.len()];
        for start in 0..self.edges.len() {
            self.search(start, &mut done, &mut Vec::new(), &mut circles);
        }
        circles
    }

    fn search(&self, at: usize, done: &mut Vec<bool>, way: &mut Vec<Edge>, circles: &mut Vec<Vec<Edge>>) {
        for edge in &self.edges[at] {
            let begin = way.iter().position(|before| before.from == edge.to);
            if edge.to == at {
                circles.push(vec![*edge]);
            } else if let Some(begin) = begin {
                circles.push(way[begin..].iter().copied().chain([*edge]).collect());
            } else if !done[edge.to] {
                way.push(*edge);
                self.search(edge.to, done, way, circles);
                way.pop();
            }
        }
        done[at] = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn applications(edges: &[Vec<usize>]) -> Vec<Application> {
        let entry = |(at, edges): (usize, &Vec<usize>)| {
            let names: Vec<String> = edges.iter().map(|to| format!("a{to}")).collect();
            serde_json::from_value(json!({"name": format!("a{at}"), "repoURL": "x", "dependsOn": names})).expect("an entry")
        };
        edges.iter().enumerate().map(entry).collect()
    }

    #[test]
    fn a_wave_comes_after_all_that_it_waits_for() {
        assert_eq!(waves(&applications(&[vec![], vec![0], vec![0, 1], vec![], vec![3, 2]])), [0, 1, 2, 0, 3]);
    }

    #[test]
    fn circles_are_found_once() {
        let found = |edges: &[Vec<usize>]| -> Vec<Vec<usize>> {
            let circles = Graph::new(&applications(edges)).circles();
            circles.iter().map(|circle| circle.iter().map(|edge| edge.from).collect()).collect()
        };
        assert_eq!(found(&[vec![1], vec![2], vec![0]]), [[0, 1, 2]]);
        assert_eq!(found(&[vec![0]]), [[0]]);
        assert_eq!(found(&[vec![1], vec![2], vec![1]]), [[1, 2]]);
        assert_eq!(found(&[vec![1, 2], vec![2], vec![]]), Vec::<Vec<usize>>::new());
    }

    proptest! {
        #[test]
        fn without_a_circle_every_wave_is_later(edges in prop::collection::vec(prop::collection::vec(0..12_usize, 0..4), 1..12)) {
            let count = edges.len();
            let edges: Vec<Vec<usize>> = edges.into_iter().map(|to| to.into_iter().filter(|to| *to < count).collect()).collect();
            let applications = applications(&edges);
            let waves = waves(&applications);
            let circles = Graph::new(&applications).circles();
            let late = edges.iter().enumerate().all(|(from, to)| to.iter().all(|to| waves[from] > waves[*to]));
            // An order exists exactly where there is no circle.
            prop_assert_eq!(late, circles.is_empty());
        }
    }
}
