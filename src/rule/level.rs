//! How strictly each rule is taken.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::diag::{Error, Result, did_you_mean};

use super::ALL;

/// How strictly a rule is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Its findings are errors.
    Deny,
    /// Its findings are warnings.
    Warn,
    /// It is not run.
    Allow,
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Allow => "allow",
        })
    }
}

impl FromStr for Level {
    type Err = Box<Error>;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "deny" => Ok(Self::Deny),
            "warn" => Ok(Self::Warn),
            "allow" => Ok(Self::Allow),
            _ => Err(Error::usage(format!("`{text}` is not a level of a rule")).hint("levels are `deny`, `warn` and `allow`")),
        }
    }
}

/// The levels that were asked for, by rule. What is not in here has its default, where a rule that denies may still warn about what
/// it cannot know for certain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<&'static str, Level>);

impl Levels {
    /// Every rule at its default.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the level of one rule, or of all rules of a room with `room/*`. What is set later wins.
    ///
    /// # Errors
    /// Wrong usage when there is no such rule.
    pub fn set(&mut self, pattern: &str, level: Level) -> Result<()> {
        let before = self.0.len();
        let room = pattern.strip_suffix('*').filter(|room| room.is_empty() || room.ends_with('/'));
        for rule in ALL.iter().filter(|rule| rule.id == pattern || room.is_some_and(|room| rule.id.starts_with(room))) {
            self.0.insert(rule.id, level);
        }
        let known = self.0.len() > before || self.0.keys().any(|id| *id == pattern || room.is_some_and(|room| id.starts_with(room)));
        if known { Ok(()) } else { Err(Error::usage(format!("there is no rule `{pattern}`")).hint(suggestion(pattern))) }
    }

    /// The level that was asked for.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Level> {
        self.0.get(id).copied()
    }
}

/// What to say about a rule that does not exist.
pub(super) fn suggestion(pattern: &str) -> String {
    if pattern.starts_with("schema/") {
        return "what the API server itself would refuse cannot be allowed".to_owned();
    }
    let mut rooms: Vec<String> = ALL.iter().filter_map(|rule| Some(format!("{}/*", rule.id.split_once('/')?.0))).collect();
    rooms.dedup();
    let candidates = ALL.iter().map(|rule| rule.id).chain(rooms.iter().map(String::as_str));
    // Whoever forgot the room still named the rule.
    let same_name = ALL.iter().map(|rule| rule.id).find(|id| id.split_once('/').is_some_and(|(_, name)| name == pattern));
    match same_name.or_else(|| did_you_mean(pattern, candidates)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "docs/RULES.md lists all rules".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_settings_win() {
        let mut levels = Levels::new();
        levels.set("reference/*", Level::Allow).expect("a room");
        levels.set("reference/secret", Level::Deny).expect("a rule");
        assert_eq!(levels.get("reference/secret"), Some(Level::Deny));
        assert_eq!(levels.get("reference/config-map"), Some(Level::Allow));
        assert_eq!(levels.get("pod/image-tag"), None);
        levels.set("*", Level::Warn).expect("all");
        assert_eq!(levels.get("reference/secret"), Some(Level::Warn));
    }

    #[test]
    fn an_unknown_rule_gets_a_suggestion() {
        let hint = |pattern| Levels::new().set(pattern, Level::Deny).expect_err("unknown").hints.concat();
        assert_eq!(hint("reference/secrets"), "did you mean `reference/secret`?");
        assert_eq!(hint("image-tag"), "did you mean `pod/image-tag`?");
        assert_eq!(hint("references/*"), "did you mean `reference/*`?");
        assert!(hint("schema/unknown-field").contains("API server"));
        assert!(Levels::new().set("ref*", Level::Deny).is_err());
    }
}
