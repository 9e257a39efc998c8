//! Two verdicts on each object: the server's, and ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use manifestgen::diag::Severity;
use manifestgen::schema::{Catalog, Violation};
use serde_json::Value;

/// An object on which both gave a verdict.
pub(crate) struct Case<'a> {
    /// What was done to it.
    pub(crate) class: &'a str,
    /// Where.
    pub(crate) path: &'a str,
    /// The object.
    pub(crate) object: &'a Value,
    /// Whether the server took it.
    pub(crate) accepted: bool,
    /// What the server said against it.
    pub(crate) message: &'a str,
}

/// How two judges compare over a set.
#[derive(Default)]
pub(crate) struct Comparison {
    total: usize,
    same: usize,
    accepted: usize,
    kinds: BTreeSet<String>,
    /// What we refuse although the server accepts it, with what we say.
    pub(crate) refused_wrongly: Vec<String>,
    /// How often we accept what the server refuses, by kind and place, and by what the server says.
    missed: BTreeMap<(String, String), usize>,
}

impl Comparison {
    /// Judges each object with our catalog.
    pub(crate) fn of<'a>(catalog: &Catalog, cases: impl IntoIterator<Item = Case<'a>>) -> Self {
        let mut comparison = Self::default();
        for case in cases {
            let ours: Vec<_> = catalog.check(case.object).into_iter().filter(|violation| violation.severity == Severity::Error).collect();
            comparison.add(&case, &ours);
        }
        comparison
    }

    fn add(&mut self, case: &Case, ours: &[Violation]) {
        let kind = case.object["kind"].as_str().unwrap_or_default();
        self.total += 1;
        self.accepted += usize::from(case.accepted);
        self.kinds.insert(kind.to_owned());
        match (case.accepted, ours.first()) {
            (true, Some(first)) => {
                let said = format!("{kind}: {} at {}: {} {} {}", case.class, case.path, first.rule, first.path, first.message);
                self.refused_wrongly.push(said);
            }
            (false, None) => *self.missed.entry((format!("{kind}{}", without_indexes(case.path)), gist(case.message))).or_default() += 1,
            _ => self.same += 1,
        }
    }

    /// The share of equal verdicts, in percent.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn agreement(&self) -> f64 {
        100.0 * self.same as f64 / self.total.max(1) as f64
    }

    /// How many objects and kinds were compared.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.total, self.kinds.len())
    }

    /// The figures, and the disagreements by class, the largest first, at most `lines` of each sort.
    pub(crate) fn report(&self, name: &str, lines: usize) -> String {
        let mut text = format!(
            "{name}: {} objects of {} kinds, {} of them accepted by the server; same verdict {:.2} %, refused wrongly {}, accepted wrongly {}\n",
            self.size().0,
            self.size().1,
            self.accepted,
            self.agreement(),
            self.refused_wrongly.len(),
            self.missed.values().sum::<usize>(),
        );
        for said in self.refused_wrongly.iter().take(lines) {
            let _ = writeln!(text, "  refused wrongly: {said}");
        }
        let mut missed: Vec<_> = self.missed.iter().collect();
        missed.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for ((place, said), count) in missed.into_iter().take(lines) {
            let _ = writeln!(text, "  accepted wrongly, {count} x {place}: {said}");
        }
        text
    }
}

/// A path with `#` for each index.
fn without_indexes(path: &str) -> String {
    let token = |token: &str| if token.parse::<usize>().is_ok() { "#".to_owned() } else { token.to_owned() };
    path.split('/').map(token).collect::<Vec<_>>().join("/")
}

/// A message without the name of the object and without values.
fn gist(message: &str) -> String {
    let message = message.split_once(" is invalid: ").map_or(message, |(_, rest)| rest);
    let mut text = String::new();
    for (index, part) in message.split('"').enumerate() {
        text.push_str(if index % 2 == 0 { part } else { "…" });
    }
    text.chars().take(160).collect()
}
