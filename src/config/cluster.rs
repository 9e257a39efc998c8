//! The whole of `cluster.yaml`, and its `cluster` section.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Access, Application, ArgoCd, Backup, CertManager, Cidrs, Dagger, Dashboard, DnsLabel, DnsName, ExternalObject, Gitops, Headscale,
    Image, Ingress, IpAddress, K3s, KubernetesVersion, Mesh, Monitoring, NodeEntry, Operator, Project, PublicKey, Quantity, RuleLevel,
    SecretEntry, Storage, SystemUpgrade,
};

/// One cluster: what `cluster.yaml` holds once its layers are merged.
///
/// A component is on when its section is there: `headscale: {}` turns it on with defaults, `headscale: null` turns an inherited one off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// Facts about the cluster as a whole.
    pub cluster: ClusterSection,
    /// What all k3s servers of the cluster must agree on, and what all nodes share.
    #[serde(default)]
    pub k3s: K3s,
    /// The machines of the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub nodes: Vec<NodeEntry>,
    /// A WireGuard mesh between the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<Mesh>,
    /// The coordination server of the mesh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headscale: Option<Headscale>,
    /// Argo CD, which keeps the cluster as a Git repository says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub argocd: Option<ArgoCd>,
    /// What Argo CD keeps the cluster in step with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub applications: Vec<Application>,
    /// Projects of Argo CD: what their Applications may do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub projects: Vec<Project>,
    /// The ingress controller and its routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Ingress>,
    /// cert-manager, which makes and renews certificates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_manager: Option<CertManager>,
    /// The Git repository that holds the cluster's tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gitops: Option<Gitops>,
    /// Regular copies of what the cluster's programs know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// Upgrades of k3s on running nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_upgrade: Option<SystemUpgrade>,
    /// Metrics of the cluster's own programs, and alerts about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
    /// A page with links to what runs in the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dashboard: Option<Dashboard>,
    /// A Dagger engine for builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dagger: Option<Dagger>,
    /// Operators and other programs of the cluster, installed from Helm charts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub operators: Vec<Operator>,
    /// Replaces image references, for mirrors and offline labs: the key is the reference as rendered without this map.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, Image>,
    /// How strictly rules are taken, by id such as `pod/image-tag`; `pod/*` names all rules of a room.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"pod/image-tag": "deny"}]))]
    pub rules: BTreeMap<String, RuleLevel>,
    /// Objects that this cluster needs and that something else brings, so that references to them are no findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub external: Vec<ExternalObject>,
    /// Groups of public keys that secrets are encrypted for, by name: people, and machines that are no nodes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"admins": ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"]}]))]
    pub recipients: BTreeMap<DnsLabel, Vec<PublicKey>>,
    /// Secrets in files of their own, encrypted with age: how they are made, who can read them and where they go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub secrets: Vec<SecretEntry>,
    /// Kubernetes objects of your own, written in full and rendered as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_objects: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// Facts about the cluster as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterSection {
    /// The cluster's name.
    pub name: DnsLabel,
    /// The Kubernetes version that the cluster runs, `1.36` or `1.36.3`.
    #[serde(default = "default_version")]
    pub version: KubernetesVersion,
    /// Networks of pods and services.
    #[serde(default)]
    pub network: Network,
    /// Storage classes.
    #[serde(default)]
    pub storage: Storage,
    /// Defaults that keep workloads apart.
    #[serde(default)]
    pub security: Security,
    /// Namespaces of your own, beside those that components need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub namespaces: Vec<NamespaceEntry>,
    /// Who may do what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub access: Vec<Access>,
}

/// A namespace of your own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamespaceEntry {
    /// Its name.
    pub name: DnsLabel,
    /// Its PodSecurity level; by default `cluster.security.podSecurityStandard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod_security_standard: Option<PodSecurity>,
    /// What all its objects may use together (ResourceQuota), by resource: `requests.cpu`, `limits.memory`, `pods`,
    /// `requests.storage`, `count/deployments.apps`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"requests.cpu": "4", "limits.memory": "8Gi", "pods": "20"}]))]
    pub quota: BTreeMap<String, Quantity>,
    /// What each container gets that says nothing, and how far it may go (LimitRange).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containers: Option<ContainerDefaults>,
}

/// What each container of a namespace gets that says nothing, and how far it may go, by resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}))]
pub struct ContainerDefaults {
    /// What is kept free for one that says nothing.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Quantity>,
    /// What one that says nothing may use at most.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Quantity>,
    /// The highest limit that one may ask for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub max: BTreeMap<String, Quantity>,
    /// The lowest request that one may make.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub min: BTreeMap<String, Quantity>,
}

fn default_version() -> KubernetesVersion {
    crate::versions::KUBERNETES.into()
}

/// Networks of pods and services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Network {
    /// Addresses of pods (k3s `cluster-cidr`).
    pub cidr: Cidrs,
    /// Addresses of Services (k3s `service-cidr`).
    pub service_cidr: Cidrs,
    /// Address of the cluster's DNS Service; by default the tenth of `serviceCidr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(example = "10.43.0.10")]
    pub dns: Option<IpAddress>,
    /// The DNS domain of the cluster.
    pub domain: DnsName,
}

impl Default for Network {
    /// k3s' own defaults.
    fn default() -> Self {
        Self { cidr: "10.42.0.0/16".into(), service_cidr: "10.43.0.0/16".into(), dns: None, domain: "cluster.local".into() }
    }
}

impl Network {
    /// The addresses of the cluster's DNS Service: `dns`, or else the tenth of each service network, as k3s has it.
    #[must_use]
    pub fn dns_addresses(&self) -> Vec<IpAddress> {
        let tenth = |network: IpNet| {
            let address = match network {
                IpNet::V4(network) => IpAddr::V4(u32::from(network.network()).checked_add(10)?.into()),
                IpNet::V6(network) => IpAddr::V6(u128::from(network.network()).checked_add(10)?.into()),
            };
            network.contains(&address).then(|| IpAddress(address.to_string()))
        };
        match &self.dns {
            Some(address) => vec![address.clone()],
            None => self.service_cidr.networks().into_iter().filter_map(tenth).collect(),
        }
    }
}

/// A level of the Pod Security Standards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PodSecurity {
    /// Hardened pods only.
    Restricted,
    /// Known privilege escalations are refused.
    #[default]
    Baseline,
    /// Everything is allowed.
    Privileged,
}

impl PodSecurity {
    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Restricted => "restricted",
            Self::Baseline => "baseline",
            Self::Privileged => "privileged",
        }
    }
}

/// Defaults that keep workloads apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Security {
    /// The PodSecurity level of namespaces that ask for no other.
    pub pod_security_standard: PodSecurity,
    /// Whether namespaces deny traffic that no policy allows.
    pub network_policies: bool,
}

impl Default for Security {
    fn default() -> Self {
        Self { pod_security_standard: PodSecurity::Restricted, network_policies: true }
    }
}
