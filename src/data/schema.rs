//! A schema in the terms of Kubernetes' structural schemas.
//!
//! Built-in kinds and custom resources share it: <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema>.

use serde_json::Value;

use super::pattern::Pattern;
use super::validation::Validation;

/// What a value may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    /// Its type.
    pub kind: Type,
    /// Whether an explicit null is a value of its own (custom resources only; built-in kinds take null as absent).
    pub nullable: bool,
    /// What stands there when nothing is written.
    pub default: Option<Value>,
    /// What else must hold.
    pub constraints: Option<Box<Constraints>>,
    /// Whether it, or a schema below it, has CEL rules.
    pub ruled: bool,
}

impl Schema {
    /// A schema that says nothing.
    #[must_use]
    pub const fn any() -> Self {
        Self { kind: Type::Any, nullable: true, default: None, constraints: None, ruled: false }
    }

    /// Whether a value below may be a number or text, whichever was written.
    #[must_use]
    pub fn has_int_or_string(&self) -> bool {
        match &self.kind {
            Type::IntOrString => true,
            Type::Object(object) => {
                object.properties.iter().map(|(_, schema)| schema).chain(object.additional.as_deref()).any(Self::has_int_or_string)
            }
            Type::Array(array) => array.items.has_int_or_string(),
            _ => false,
        }
    }
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    /// A definition of the same version, by number.
    Reference(u32),
    /// A mapping.
    Object(Object),
    /// A list.
    Array(Array),
    /// Text.
    String(Option<Format>),
    /// A whole number: of 32 bits, or of 64.
    Integer {
        /// Whether it must fit 32 bits.
        narrow: bool,
    },
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits, or text.
    IntOrString,
    /// Anything at all.
    Any,
}

/// A mapping: of known fields, of free keys, or both.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// Known fields, sorted by name.
    pub properties: Vec<(Box<str>, Schema)>,
    /// Fields that must be there, as the schema says.
    pub required: Vec<Box<str>>,
    /// The values of free keys.
    pub additional: Option<Box<Schema>>,
    /// Whether unknown fields are kept (`x-kubernetes-preserve-unknown-fields`).
    pub preserve: bool,
    /// Whether it is a whole object with `apiVersion`, `kind` and `metadata` (`x-kubernetes-embedded-resource`).
    pub embedded: bool,
    /// Whether appliers own it as a whole (`x-kubernetes-map-type: atomic`).
    pub atomic: bool,
}

impl Object {
    /// The schema of a known field.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<&Schema> {
        let index = self.properties.binary_search_by(|(key, _)| (**key).cmp(name)).ok()?;
        Some(&self.properties[index].1)
    }
}

/// A list.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    /// Its entries.
    pub items: Box<Schema>,
    /// How appliers merge it, and what must not stand in it twice.
    pub list_type: ListType,
}

/// How a list is merged (`x-kubernetes-list-type`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListType {
    /// Replaced as a whole.
    Atomic,
    /// A set of scalars.
    Set,
    /// A list of mappings, told apart by these keys.
    Map(Vec<Box<str>>),
}

/// The formats of text that somebody checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Base64.
    Byte,
    /// RFC 3339.
    DateTime,
    /// A quantity of resources, `100m`; numbers are taken too.
    Quantity,
    /// Any other, by the name that the schema gives it.
    Other(Box<str>),
}

/// What must hold beyond the type.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Constraints {
    /// The values that are allowed; empty for all.
    pub one_of_values: Vec<Value>,
    /// A regular expression that must match somewhere in the text.
    pub pattern: Option<Pattern>,
    /// Lengths of text, in characters.
    pub length: (Option<u64>, Option<u64>),
    /// Lengths of a list.
    pub items: (Option<u64>, Option<u64>),
    /// Numbers of keys of a mapping.
    pub properties: (Option<u64>, Option<u64>),
    /// The least number, and whether it is itself excluded.
    pub minimum: Option<(f64, bool)>,
    /// The greatest number, and whether it is itself excluded.
    pub maximum: Option<(f64, bool)>,
    /// The number that must divide it.
    pub multiple_of: Option<f64>,
    /// All must hold. In these four, types and fields of the schema itself are not repeated.
    pub all_of: Vec<Schema>,
    /// At least one must hold.
    pub any_of: Vec<Schema>,
    /// Exactly one must hold.
    pub one_of: Vec<Schema>,
    /// Must not hold.
    pub not: Option<Box<Schema>>,
    /// CEL rules.
    pub validations: Vec<Validation>,
}
