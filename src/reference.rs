//! Which object needs which.
//!
//! [`Graph::of`] reads a set of objects once and knows afterwards every need in it (a `ConfigMap`'s key, a Service's pods, an
//! Ingress' backend port) with the place that states it, and finds what answers it. It judges nothing: whether an unanswered need
//! is a mistake is for `rule/` to say.

mod collect;
mod edge;
mod field;
mod graph;
mod index;
mod provided;
mod selector;
mod template;
mod well_known;

pub use edge::{Edge, Need, Part, Target};
pub use field::Field;
pub use graph::{Answer, Graph};
pub use selector::Selector;
pub use template::Template;
pub use well_known::{is_builtin_group, is_system_namespace};
