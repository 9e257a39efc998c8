//! The one integration test binary: real commands and real parts.

mod architecture;
mod parts;
mod yaml_peers;
mod yaml_round_trip;
mod yaml_strategies;
