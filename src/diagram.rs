//! The release as a picture: its components, what they need of each other, and how they are reached.
//!
//! What needs what is read from the references between the objects, so a picture shows what was rendered and not what was meant. Order that
//! only the config knows (`dependsOn`, `dependencies`) is added to it.

mod dot;
mod mermaid;
mod model;
mod routes;

pub use dot::to_dot;
pub use mermaid::to_mermaid;
pub use model::{Arrow, Diagram, Line, Node, Shape};
