//! Built-in profiles: whole configs that need no file.

/// Their names.
pub(crate) const NAMES: [&str; 4] = ["primer", "worker", "minimal", "full"];

/// The text of a built-in profile.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    match name {
        "primer" => Some(include_str!("profiles/primer.yaml")),
        "worker" => Some(include_str!("profiles/worker.yaml")),
        "minimal" => Some(include_str!("profiles/minimal.yaml")),
        "full" => Some(include_str!("profiles/full.yaml")),
        _ => None,
    }
}

/// What messages call a built-in profile.
pub(crate) fn title(name: &str) -> String {
    format!("profile {name} (built in)")
}

/// The names of the built-in profiles.
#[must_use]
pub const fn profiles() -> &'static [&'static str] {
    &NAMES
}
