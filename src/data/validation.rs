//! A CEL rule of a schema.

use std::sync::{Arc, OnceLock};

use crate::cel::{Expression, parse};

/// A CEL rule (`x-kubernetes-validations`), read when it is first needed.
#[derive(Debug, Clone)]
pub struct Validation {
    /// The expression; `self` is the value.
    pub rule: Box<str>,
    /// What to say when it does not hold.
    pub message: Option<Box<str>>,
    /// The field to name instead of the value, relative to it: `.a.b`.
    pub field_path: Option<Box<str>>,
    /// Whether `oldSelf` is optional; otherwise a rule that names it is about changes only.
    pub optional_old_self: bool,
    message_expression: Option<Box<str>>,
    read: OnceLock<Option<Arc<Expression>>>,
    read_message: OnceLock<Option<Arc<Expression>>>,
}

/// What a rule is made of, as the definition writes it.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) rule: Box<str>,
    pub(super) message: Option<Box<str>>,
    pub(super) message_expression: Option<Box<str>>,
    pub(super) field_path: Option<Box<str>>,
    pub(super) optional_old_self: bool,
}

impl From<Parts> for Validation {
    fn from(parts: Parts) -> Self {
        let Parts { rule, message, message_expression, field_path, optional_old_self } = parts;
        Self { rule, message, field_path, optional_old_self, message_expression, read: OnceLock::new(), read_message: OnceLock::new() }
    }
}

impl Validation {
    /// The rule, where it can be read here. That it cannot says nothing about the server.
    #[must_use]
    pub fn expression(&self) -> Option<&Expression> {
        self.read.get_or_init(|| parse(&self.rule).ok().map(Arc::new)).as_deref()
    }

    /// What makes the message, where there is such a thing.
    #[must_use]
    pub fn message_expression(&self) -> Option<&Expression> {
        let text = self.message_expression.as_ref()?;
        self.read_message.get_or_init(|| parse(text).ok().map(Arc::new)).as_deref()
    }
}

impl PartialEq for Validation {
    fn eq(&self, other: &Self) -> bool {
        let parts = |rule: &Self| {
            let Self { rule, message, field_path, optional_old_self, message_expression, .. } = rule.clone();
            (rule, message, field_path, optional_old_self, message_expression)
        };
        parts(self) == parts(other)
    }
}
