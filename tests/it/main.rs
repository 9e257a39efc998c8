//! The one integration test binary: real commands and real parts.

// Helpers take `json!(…)` as it comes, and a table of cases is as long as it is.
#![allow(clippy::needless_pass_by_value, clippy::too_many_lines)]

mod accepted;
mod application;
mod architecture;
mod command;
mod commands;
mod config_errors;
mod config_properties;
mod data;
mod headscale;
mod headscale_fatal;
mod headscale_keys;
mod headscale_matrix;
mod headscale_postgres;
mod headscale_real;
mod headscale_render;
mod headscale_server;
mod lab;
mod lab_server;
mod node_files;
mod parts;
mod process;
mod render_command;
mod rule;
mod schema;
mod secret;
mod secret_config;
mod server;
mod server_connect;
mod validate_command;
mod validate_offline;
mod yaml_peers;
mod yaml_round_trip;
mod yaml_strategies;
