//! The `backup` section: copies of what the cluster's own programs know and no Git repository holds, in a restic repository.
//!
//! k3s' own state is not here: its etcd makes snapshots itself (`k3s.defaults.server.etcdSnapshotScheduleCron`, `etcdS3`).

mod check;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use check::check;

use super::format::Cron;
use super::headscale::{DatabaseType, StorageType};
use super::{Cluster, DnsName, Image};

/// Regular copies of Headscale's database and of Argo CD's settings, encrypted, in a restic repository.
///
/// docs/BACKUP.md says how they come back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(example = serde_json::json!({"repository": "s3:https://s3.example.com/backups/home"}))]
pub struct Backup {
    /// The restic repository: `s3:https://HOST/BUCKET/PATH` or `rest:https://HOST/PATH`. Keys and passwords never stand in it.
    #[schemars(regex(pattern = r"^(s3|rest):https?://[^\s]+$"), extend("examples" = ["s3:https://s3.example.com/backups/home"]))]
    pub repository: String,
    /// The Secret in the namespace of each program whose keys are restic's environment: `RESTIC_PASSWORD`, and `AWS_ACCESS_KEY_ID` and
    /// `AWS_SECRET_ACCESS_KEY` for S3 or `RESTIC_REST_USERNAME` and `RESTIC_REST_PASSWORD` for a REST server.
    #[serde(default = "secret")]
    pub secret: DnsName,
    /// When copies are made.
    #[serde(default = "nightly")]
    pub schedule: Cron,
    /// The time zone of the schedule, as `Europe/Berlin`; by default that of the control plane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[A-Za-z][-+_A-Za-z0-9]*(/[-+_A-Za-z0-9]+)*$"))]
    pub time_zone: Option<String>,
    /// How many copies of each program are kept.
    #[serde(default = "a_fortnight")]
    #[schemars(range(min = 1))]
    pub keep: u16,
    /// Whether Headscale is saved; by default where it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headscale: Option<bool>,
    /// Whether Argo CD is saved; by default where it is on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argocd: Option<bool>,
    /// The image with restic and a shell; by default restic 0.18.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restic_image: Option<Image>,
    /// The image with Python, whose SQLite copies Headscale's database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_image: Option<Image>,
}

fn secret() -> DnsName {
    "backup".into()
}

fn nightly() -> Cron {
    "30 3 * * *".into()
}

const fn a_fortnight() -> u16 {
    14
}

impl Backup {
    /// The image with restic.
    #[must_use]
    pub fn restic_image(&self) -> Image {
        self.restic_image.clone().unwrap_or_else(|| format!("docker.io/restic/restic:{}", crate::versions::RESTIC).into())
    }

    /// The image with Python.
    #[must_use]
    pub fn python_image(&self) -> Image {
        self.python_image.clone().unwrap_or_else(|| format!("docker.io/library/python:{}", crate::versions::PYTHON).into())
    }

    /// Whether Headscale is saved.
    #[must_use]
    pub fn saves_headscale(&self, cluster: &Cluster) -> bool {
        let can = cluster.headscale.as_ref().is_some_and(|headscale| {
            headscale.database.r#type == DatabaseType::Sqlite && headscale.storage.r#type == StorageType::Persistent
        });
        can && self.headscale.unwrap_or(true)
    }

    /// Whether Argo CD is saved.
    #[must_use]
    pub fn saves_argocd(&self, cluster: &Cluster) -> bool {
        cluster.argocd.is_some() && self.argocd.unwrap_or(true)
    }

    /// The keys of the Secret.
    #[must_use]
    pub fn keys(&self) -> &'static [&'static str] {
        if self.repository.starts_with("s3:") {
            &["RESTIC_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        } else {
            &["RESTIC_PASSWORD", "RESTIC_REST_USERNAME", "RESTIC_REST_PASSWORD"]
        }
    }

    /// The TCP port of the repository.
    #[must_use]
    pub fn port(&self) -> u16 {
        let url = self.repository.split_once(':').map_or("", |(_, url)| url);
        let (scheme, rest) = url.split_once("://").unwrap_or(("https", url));
        let authority = rest.split('/').next().unwrap_or_default();
        let own = authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).and_then(|(_, port)| port.parse().ok());
        own.unwrap_or(if scheme == "http" { 80 } else { 443 })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Backup;

    #[test]
    fn the_port_is_that_of_the_url() {
        let port = |repository: &str| serde_json::from_value::<Backup>(json!({"repository": repository})).expect("a section").port();
        assert_eq!(port("s3:https://s3.example.com/b/home"), 443);
        assert_eq!(port("s3:http://minio.backup.svc:9000/b"), 9000);
        assert_eq!(port("rest:http://10.0.0.5/"), 80);
        assert_eq!(port("rest:https://[fd00::1]/"), 443);
        assert_eq!(port("rest:https://[fd00::1]:8000/"), 8000);
    }
}
