//! The one integration test binary: real commands and real parts.

mod architecture;
mod config_errors;
mod data;
mod node_files;
mod parts;
