//! The Kubernetes version.

use crate::config::describe::listed;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;
use crate::versions::KUBERNETES_MINORS;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    let version = &cluster.cluster.version;
    let minor = version.minor();
    if minor.is_empty() || KUBERNETES_MINORS.contains(&minor) {
        return;
    }
    let path = ConfigPath::of(["cluster", "version"]);
    let hint = format!("known are {}", listed(KUBERNETES_MINORS));
    problems.error(path, "config/version", format!("Kubernetes `{version}` is not known"), hint);
}
