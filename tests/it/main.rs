//! The one integration test binary: real commands and real parts.

mod architecture;
mod config_errors;
mod data;
mod node_files;
mod parts;
mod schema;
mod yaml_peers;
mod yaml_round_trip;
mod yaml_strategies;
