//! The `certManager` section: who makes certificates, and which.
//!
//! Facts are read in the CRDs and the documentation of cert-manager 1.21.

mod certificate;
mod check;
mod issuer;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use certificate::{Certificate, KeyAlgorithm, KeyRotation, PrivateKey};
pub use check::check;
pub use issuer::{Acme, Ca, Http01, Issuer, SelfSigned, SelfSignedCa};

use super::{DnsLabel, HttpUrl};

/// cert-manager, its issuers and certificates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(example = serde_json::json!({"issuers": [{"name": "internal", "selfSignedCa": {}}]}))]
pub struct CertManager {
    /// Who installs cert-manager from its chart. The definitions of its kinds come with the release, so that issuers can come with it, too.
    pub install: Install,
    /// The version of the chart, which is that of cert-manager.
    #[schemars(regex(pattern = r"^v?[0-9]+[.][0-9]+[.][0-9]+$"), example = "v1.21.2")]
    pub version: String,
    /// The repository of the chart.
    pub repository: HttpUrl,
    /// The namespace that cert-manager runs in, and in which it looks for what ClusterIssuers name.
    pub namespace: DnsLabel,
    /// Further values for the chart.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(extend("examples" = [{"prometheus": {"enabled": true}}]))]
    pub values: Map<String, Value>,
    /// Who signs certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub issuers: Vec<Issuer>,
    /// Certificates besides those that routes ask for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub certificates: Vec<Certificate>,
}

impl Default for CertManager {
    fn default() -> Self {
        Self {
            install: Install::default(),
            version: format!("v{}", crate::versions::CERT_MANAGER),
            repository: "https://charts.jetstack.io".into(),
            namespace: "cert-manager".into(),
            values: Map::new(),
            issuers: Vec::new(),
            certificates: Vec::new(),
        }
    }
}

/// Who installs cert-manager.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Install {
    /// k3s' Helm controller, by a HelmChart.
    #[default]
    HelmChart,
    /// Argo CD, by an Application.
    Application,
    /// Something else, which also brings the definitions.
    None,
}
