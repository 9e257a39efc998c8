//! What a CI system is told so that its `dagger` finds the engine.

use crate::config::{Cluster, Dagger, Host};

/// The variable that the `dagger` command line reads (`engine/client`, `_EXPERIMENTAL_DAGGER_RUNNER_HOST`).
const VARIABLE: &str = "_EXPERIMENTAL_DAGGER_RUNNER_HOST";
/// Where the URLs have clients mount the Secret with their certificate.
const CLIENT_CERTIFICATES: &str = "/run/secrets/dagger";

/// A line for the environment of a CI system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunnerHost {
    /// For whom: `inside of the cluster`.
    pub whence: &'static str,
    /// `_EXPERIMENTAL_DAGGER_RUNNER_HOST=tcp://…`.
    pub assignment: String,
}

/// How the engine is reached from inside of the cluster, and from outside where it can be; none where there is no engine.
#[must_use]
pub fn runner_hosts(cluster: &Cluster) -> Vec<RunnerHost> {
    let Some(dagger) = &cluster.dagger else { return Vec::new() };
    let inside = dagger.service_host(cluster);
    let inside = RunnerHost { whence: "inside of the cluster", assignment: assignment(dagger, &inside, dagger.service.port.0) };
    // The names of the cluster's DNS mean nothing out there.
    let outside = dagger.outside(cluster);
    let outside = outside.map(|(host, port)| RunnerHost { whence: "outside of the cluster", assignment: assignment(dagger, host, port) });
    std::iter::once(inside).chain(outside).collect()
}

fn assignment(dagger: &Dagger, host: &str, port: u16) -> String {
    let is_v6 = Host::from(host).address().is_some_and(|address| address.is_ipv6());
    let host = if is_v6 { format!("[{host}]") } else { host.to_owned() };
    if dagger.tls.is_none() {
        return format!("{VARIABLE}=tcp://{host}:{port}");
    }
    // engine/client/drivers/tls.go
    let file = |key: &str, name: &str| format!("{key}={CLIENT_CERTIFICATES}/{name}");
    let files = [file("ca_path", "ca.crt"), file("cert_path", "tls.crt"), file("key_path", "tls.key")].join("&");
    format!("{VARIABLE}=tls://{host}:{port}?{files}")
}
