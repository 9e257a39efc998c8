//! A running cluster: reaching it, and letting it judge a release.

mod admission;
mod connect;
mod custom;
mod discovery;
mod field_path;
mod foundation;
mod judge;
mod pod;
mod pod_security;
mod pods;
mod refusal;
mod report;
mod request;
mod typed_patch;
mod validate;
mod verdict;
mod warning;

pub use connect::{Connection, client_of, connect};
pub use custom::define;
pub use report::{NotChecked, ServerReport};
pub use request::exists;
pub use validate::{Mode, validate_on_server};
