//! Headlamp.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::DashboardService;
use crate::config::argocd::Resources;
use crate::config::{HttpUrl, Image, Port, Quantity};

/// The port of its pod and of its Service (headlamp `Dockerfile`).
pub const HEADLAMP_PORT: Port = Port(4466);

/// A view of the cluster's objects, with what people may do by their own rights: they log in with a token or by OpenID Connect, and its
/// own ServiceAccount may do nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Headlamp {
    /// The container image; by default Headlamp 0.45.0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// How it is reached.
    pub service: DashboardService,
    /// The path that it is served under, such as `/headlamp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(/[-A-Za-z0-9._~]+)+$"))]
    pub base_path: Option<String>,
    /// The URL that browsers use, for the page's link to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["https://headlamp.example.com"]))]
    pub url: Option<HttpUrl>,
    /// CPU and memory of the container.
    pub resources: Resources,
}

impl Default for Headlamp {
    fn default() -> Self {
        let of = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity::from(*amount))).collect();
        Self {
            image: None,
            service: DashboardService::default(),
            base_path: None,
            url: None,
            resources: Resources { requests: of(&[("cpu", "50m"), ("memory", "128Mi")]), limits: of(&[("memory", "512Mi")]) },
        }
    }
}

impl Headlamp {
    /// The image that runs.
    #[must_use]
    pub fn image(&self) -> Image {
        self.image.clone().unwrap_or_else(|| format!("ghcr.io/headlamp-k8s/headlamp:v{}", crate::versions::HEADLAMP).into())
    }
}
