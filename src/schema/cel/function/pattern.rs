//! Regular expressions of rules.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::Regex;

use crate::data::go_regex;
use crate::schema::cel::value::Stop;

/// By text; nothing where it cannot be compiled.
type Compiled = HashMap<Box<str>, Option<Arc<Regex>>>;

/// Expressions that were compiled before. A rule asks the same ones for every object.
static COMPILED: LazyLock<Mutex<Compiled>> = LazyLock::new(Mutex::default);

/// How many are kept: more than all embedded definitions have.
const KEPT: usize = 500;

fn compiled(pattern: &str) -> Result<Arc<Regex>, Stop> {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(pattern) {
        return known.clone().ok_or(Stop::Unknown);
    }
    let regex = go_regex(pattern).map(Arc::new);
    if compiled.len() < KEPT {
        compiled.insert(pattern.into(), regex.clone());
    }
    // It may be one that Go reads.
    regex.ok_or(Stop::Unknown)
}

/// Whether the pattern matches somewhere in the text.
pub(in crate::schema::cel) fn matches(text: &str, pattern: &str) -> Result<bool, Stop> {
    Ok(compiled(pattern)?.is_match(text))
}

pub(super) fn find(text: &str, pattern: &str) -> Result<String, Stop> {
    Ok(compiled(pattern)?.find(text).map_or_else(String::new, |found| found.as_str().to_owned()))
}

pub(super) fn find_all(text: &str, pattern: &str, most: i64) -> Result<Vec<String>, Stop> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    Ok(compiled(pattern)?.find_iter(text).take(most).map(|found| found.as_str().to_owned()).collect())
}
