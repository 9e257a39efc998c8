//! The one integration test binary: real commands and real parts.

mod architecture;
mod data;
mod node_files;
mod parts;
mod config_errors;
