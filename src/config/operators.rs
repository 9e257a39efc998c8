//! The section `operators`: operators and other programs of the cluster, installed from Helm charts.

mod check;
mod steps;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use check::check;
pub use steps::{Step, steps};

use super::monitoring::{self, Stack};
use super::{Cluster, DnsLabel, DnsName, PodSecurity};

/// The AppProject of operators that Argo CD installs: it allows their charts, every namespace and every kind of object.
pub const OPERATORS_PROJECT: &str = "operators";

/// An operator, installed from a Helm chart by Argo CD or by k3s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operator {
    /// Its name, which is that of the Helm release, too.
    pub name: DnsLabel,
    /// The namespace that it goes to. It is made with the release.
    pub namespace: DnsLabel,
    /// The chart.
    pub chart: Chart,
    /// The chart's values, as they are; null removes a default of the chart.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
    /// The operators that are installed before this one. Argo CD waits until they are healthy, which needs `gitops`; k3s installs all at
    /// once, and tries each again until what it needs is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["cert-manager"]]))]
    pub dependencies: Vec<DnsLabel>,
    /// A chart with the operator's custom resource definitions, where they have one of their own. It is installed before the operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crds: Option<Chart>,
    /// Who installs it; by default Argo CD where the cluster has the section `argocd`, else k3s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installer: Option<Installer>,
    /// The PodSecurity level of its namespace; by default `cluster.security.podSecurityStandard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_security_standard: Option<PodSecurity>,
    /// Whether its namespace denies traffic as all others do. By default a policy lets its pods talk to everybody: what they need is known
    /// to the chart alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub isolated: bool,
    /// The kinds whose definitions it brings, so that objects of them are no findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["ServiceMonitor.monitoring.coreos.com"]]))]
    pub provides: Vec<ProvidedKind>,
}

/// Serde asks for a reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// A chart of a Helm repository or of an OCI registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Chart {
    /// The repository: `https://…` with an `index.yaml`, or `oci://HOST/PATH` without the chart's name.
    #[schemars(extend("examples" = ["https://charts.jetstack.io", "oci://registry.example.com/charts"]))]
    pub repository: String,
    /// The chart's name in it.
    #[schemars(regex(pattern = r"^[A-Za-z0-9][-A-Za-z0-9._]*$"), extend("examples" = ["cert-manager"]))]
    pub name: String,
    /// Its version.
    #[schemars(extend("examples" = ["v1.21.2"]))]
    pub version: String,
    /// A folder on this machine with a copy of the chart, as `helm pull --untar` makes it, relative to where manifestgen runs: `validate`
    /// holds `values` against its `values.schema.json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["charts/cert-manager"]))]
    pub folder: Option<String>,
}

impl Chart {
    /// The host and path of an OCI registry; none for a repository with an index.
    #[must_use]
    pub fn registry(&self) -> Option<&str> {
        self.repository.strip_prefix("oci://").map(|rest| rest.trim_end_matches('/'))
    }
}

/// Who installs an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Installer {
    /// Argo CD, by an Application.
    Argocd,
    /// k3s' Helm controller, by a HelmChart.
    K3s,
}

/// A kind and its group, `ServiceMonitor.monitoring.coreos.com`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(extend("pattern" = "^[A-Z][A-Za-z0-9]*([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)+$"))]
pub struct ProvidedKind(pub String);

impl Cluster {
    /// The kinds whose definitions operators bring, those of the release and those that are there already, `KIND.GROUP`.
    pub fn provided_kinds(&self) -> impl Iterator<Item = &str> {
        let own = self.operators.iter().flat_map(|operator| &operator.provides).map(|kind| kind.0.as_str());
        let external = self.monitoring.as_ref().is_some_and(|monitoring| monitoring.stack == Stack::External);
        own.chain(monitoring::KINDS.into_iter().filter(move |_| external))
    }
}

impl Operator {
    /// Who installs it.
    #[must_use]
    pub fn installer(&self, cluster: &Cluster) -> Installer {
        self.installer.unwrap_or(if cluster.argocd.is_some() { Installer::Argocd } else { Installer::K3s })
    }

    /// The operators before it, as the graph takes names.
    pub(in crate::config) fn dependency_names(&self) -> Vec<DnsName> {
        self.dependencies.iter().map(|name| DnsName::from(name.as_str())).collect()
    }
}
