//! The grammar of CEL, the Common Expression Language: text into expressions.
//!
//! Source: <https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax>, and the macros that `k8s.io/apiserver` brings. What an
//! expression is worth is up to [`crate::schema`], which knows the types. The crates at hand evaluate without any limit and panic on
//! message literals, so rules of strangers need a reader of our own.

mod expression;
mod grammar;
mod literal;
mod names;
mod parser;
mod token;

pub use expression::{Binary, Call, Expression, Fold, FoldKind, Item, Literal};
pub use grammar::FORMATS;
pub use names::Free;
pub use parser::{NotRead, RESERVED, parse};
