//! The one integration test binary: real commands and real parts.

mod architecture;
mod data;
mod parts;
