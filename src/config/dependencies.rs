//! Which named entry waits for which: Applications, operators.

use std::collections::HashMap;

use super::Problems;
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

/// Entries by place, with the places that each waits for.
pub(super) struct Graph {
    edges: Vec<Vec<Edge>>,
}

/// The name at `key` of one entry is the entry at `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) key: usize,
    pub(super) to: usize,
}

impl Graph {
    /// Of names, each with those that it waits for. Names that are no entry do not count: the check of the config has refused them.
    pub(super) fn new<'a, N: ToString + 'a>(entries: impl IntoIterator<Item = (&'a str, &'a [N])>) -> Self {
        let entries: Vec<_> = entries.into_iter().collect();
        let places: HashMap<&str, usize> = entries.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
        let edges = entries.iter().enumerate().map(|(from, (_, before))| {
            let names = before.iter().enumerate();
            names.filter_map(|(key, name)| Some(Edge { from, key, to: *places.get(name.to_string().as_str())? })).collect()
        });
        Self { edges: edges.collect() }
    }

    /// The wave of each entry: one more than the latest that it waits for, 0 where it waits for none. What would close a circle does not
    /// count.
    pub(super) fn waves(&self) -> Vec<u32> {
        let mut waves = vec![None; self.edges.len()];
        (0..self.edges.len()).map(|at| self.wave(at, &mut waves, &mut Vec::new())).collect()
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

/// How a section words its dependencies.
pub(super) struct Form {
    /// The rule that findings name.
    pub(super) rule: &'static str,
    /// The section, a list.
    pub(super) section: &'static str,
    /// The key with the names.
    pub(super) key: &'static str,
    /// What an entry is.
    pub(super) noun: &'static str,
}

/// Names that are no entry, and circles, each of their links at its line.
pub(super) fn check<N: ToString>(form: &Form, entries: &[(&str, &[N])], problems: &mut Problems) {
    let path = |number: usize, key: usize| ConfigPath::of([form.section]).index(number).key(form.key).index(key);
    let names = || entries.iter().map(|(name, _)| *name);
    for (number, (own, before)) in entries.iter().enumerate() {
        for (key, name) in before.iter().map(ToString::to_string).enumerate() {
            if names().any(|known| known == name) {
                continue;
            }
            let hint = did_you_mean(&name, names().filter(|other| other != own)).map_or_else(
                || format!("only an entry of `{}` can be waited for", form.section),
                |meant| format!("did you mean `{meant}`?"),
            );
            let message = format!("there is no {} `{name}` that `{own}` could wait for", form.noun);
            // In the place of a name that is wrong itself stands another by now.
            let own_name = ConfigPath::of([form.section]).index(number).key("name");
            problems.error(path(number, key), form.rule, message, hint).involving(own_name);
        }
    }
    for circle in Graph::new(entries.iter().copied()).circles() {
        let name = |number: usize| entries[number].0;
        let mut way: Vec<String> = circle.iter().map(|edge| format!("`{}`", name(edge.from))).collect();
        way.extend(circle.first().map(|edge| format!("`{}`", name(edge.from))));
        // Each link of the chain is shown at its line: any of them may be the wrong one.
        for edge in &circle {
            let message = if circle.len() == 1 {
                format!("`{}` waits for itself", name(edge.from))
            } else {
                format!("`{}` waits for `{}` in a circle: {}", name(edge.from), name(edge.to), way.join(" → "))
            };
            problems.error(path(edge.from, edge.key), form.rule, message, "remove one link of it");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn graph(edges: &[Vec<usize>]) -> Graph {
        let names: Vec<String> = (0..edges.len()).map(|at| format!("a{at}")).collect();
        let before: Vec<Vec<String>> = edges.iter().map(|edges| edges.iter().map(|to| format!("a{to}")).collect()).collect();
        Graph::new(names.iter().map(String::as_str).zip(before.iter().map(Vec::as_slice)))
    }

    #[test]
    fn a_wave_comes_after_all_that_it_waits_for() {
        assert_eq!(graph(&[vec![], vec![0], vec![0, 1], vec![], vec![3, 2]]).waves(), [0, 1, 2, 0, 3]);
    }

    #[test]
    fn circles_are_found_once() {
        let found = |edges: &[Vec<usize>]| -> Vec<Vec<usize>> {
            let circles = graph(edges).circles();
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
            let waves = graph(&edges).waves();
            let circles = graph(&edges).circles();
            let late = edges.iter().enumerate().all(|(from, to)| to.iter().all(|to| waves[from] > waves[*to]));
            // An order exists exactly where there is no circle.
            prop_assert_eq!(late, circles.is_empty());
        }
    }
}
