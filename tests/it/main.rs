//! The one integration test binary: real commands and real parts.

mod architecture;
mod config_errors;
mod data;
mod lab;
mod lab_server;
mod node_files;
mod parts;
mod process;
mod server;
mod yaml_peers;
mod yaml_round_trip;
mod yaml_strategies;
