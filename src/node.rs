//! A node's own side: k3s without systemd, kept running by a process that may be the first one of a container.

mod config;
mod environment;
mod flags;
mod join;
mod notify;
mod prepare;
mod run;
mod service;
mod snapshotter;
mod supervise;

pub use config::NodeConfig;
pub use environment::{CgroupVersion, Environment};
pub use flags::{Flag, Role};
pub use prepare::Preparation;
pub use run::{Plan, RunOptions, plan, run};
pub use service::{containerfile, unit, unit_name};
pub use snapshotter::{Snapshotter, overlay_works};
pub use supervise::{Supervised, ends, idle, supervise};
