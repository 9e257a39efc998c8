//! Nodes as the lists name them. Their real names are each side's own.

use std::collections::BTreeSet;

/// `primer`, `workers`, `worker2` or `all`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    All,
    Workers,
    /// The primer is 0.
    One(usize),
}

impl Who {
    pub(super) fn read(text: &str) -> Option<Self> {
        match text {
            "all" => Some(Self::All),
            "workers" => Some(Self::Workers),
            "primer" => Some(Self::One(0)),
            _ => {
                let number: usize = text.strip_prefix("worker")?.parse().ok()?;
                (number > 0 && text == format!("worker{number}")).then_some(Self::One(number))
            }
        }
    }

    pub(super) const fn is_one(self) -> bool {
        matches!(self, Self::One(_))
    }

    fn has(self, node: usize) -> bool {
        match self {
            Self::All => true,
            Self::Workers => node > 0,
            Self::One(one) => node == one,
        }
    }
}

/// The nodes out of `count` that are meant, in order.
pub(super) fn nodes(named: &[String], without: &[String], count: usize) -> Vec<usize> {
    let has = |names: &[String], node: usize| names.iter().filter_map(|name| Who::read(name)).any(|who| who.has(node));
    (0..count).filter(|node| has(named, *node) && !has(without, *node)).collect()
}

/// The variables in capitals that a command uses and does not set by itself: `$NODE_NAME` and `${NODE_NAME}`.
pub(super) fn variables(command: &str) -> BTreeSet<String> {
    let letter = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    let name = |rest: &str| -> String { rest.trim_start_matches('{').chars().take_while(|one| letter(*one)).collect() };
    let used = command.split('$').skip(1).map(name);
    used.filter(|name| name.starts_with(|first: char| first.is_ascii_uppercase())).collect()
}
