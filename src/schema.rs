//! What an API server would say to an object, found without one.
//!
//! The judge is the server, not JSON Schema: unknown fields are refused, an explicit null is the same as no field, `3.0` is a whole
//! number, an unset required string is one that is empty. The facts were measured on kube-apiserver 1.36 (`tests/it/schema.rs`
//! compares) and read in the Go modules `k8s.io/kubernetes` and `k8s.io/apimachinery`.

mod catalog;
mod cel;
mod constraint;
mod json_schema;
mod pointer;
mod removed;
mod required;
mod scalar;
mod semantic;
mod text_format;
mod unknown_kind;
mod unset;
mod violation;
mod walk;

pub use catalog::{Catalog, check};
pub(crate) use pointer::Pointer;
pub use unset::unset_required;
pub use violation::Violation;
