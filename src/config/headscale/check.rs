//! What a schema cannot say about the section: values that must fit each other, the version, or Headscale's own conditions.
//!
//! Every error here either keeps the real server from starting (`tests/it/headscale_fatal.rs` shows each one) or breaks clients.

mod database;
mod derp;
mod dns;
mod network;
mod policy;
mod policy_rules;
mod server;
mod settings;
mod versions;

pub use network::claims as node_ports;

use super::{Headscale, Minor};
use crate::config::{Cluster, Problem, Problems};
use crate::source::ConfigPath;

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(headscale) = &cluster.headscale else { return };
    let mut check = Check { cluster, headscale, problems };
    let topics: [fn(&mut Check<'_>); 8] =
        [versions::check, server::check, network::check, dns::check, derp::check, database::check, settings::check, policy::check];
    for topic in topics {
        topic(&mut check);
    }
}

/// What the topics work on.
struct Check<'a> {
    cluster: &'a Cluster,
    headscale: &'a Headscale,
    problems: &'a mut Problems,
}

impl Check<'_> {
    fn minor(&self) -> Minor {
        self.headscale.version.minor()
    }

    fn error(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.problems.error(path, rule, message, hint)
    }

    fn warning(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.problems.warning(path, rule, message, hint)
    }
}

/// The path of a value in the section.
fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["headscale"]), |path, key| path.key(key))
}
