//! How the page looks, and what it shows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::HttpUrl;

/// How the page looks, and what it shows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Customizations {
    /// Keys of Homepage's `settings.yaml`, as they are: `theme`, `color`, `background`, `headerStyle`, `language`, `layout` and more.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(extend("examples" = [{"theme": "dark", "color": "slate"}]))]
    pub theme: Map<String, Value>,
    /// The cluster's own name and face.
    pub branding: Branding,
    /// Links of your own, beside those to what runs in the cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub links: Vec<Link>,
    /// Figures of the cluster.
    pub metrics: Metrics,
}

/// The page's name and face.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Branding {
    /// The title; by default the cluster's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The URL of a picture at the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo: Option<HttpUrl>,
    /// The URL of the icon that browsers show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub favicon: Option<HttpUrl>,
    /// Styles of your own (CSS).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub css: String,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Link {
    /// What the page calls it.
    pub name: String,
    /// Where it leads.
    pub href: HttpUrl,
    /// The heading that it stands under.
    #[serde(default = "links")]
    pub group: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A picture: the URL of one, or the name of one that Homepage knows, `gitea.png` or `mdi-router`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// A URL that the page asks, from its pod, to show whether it is there; often an address inside of the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HttpUrl>,
}

fn links() -> String {
    "Links".to_owned()
}

/// Figures of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Metrics {
    /// Whether the page shows CPU and memory of the cluster and its nodes, from k3s' metrics-server.
    pub enabled: bool,
    /// Prometheus servers, and what is asked of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("x-merge-key" = "name"))]
    pub sources: Vec<MetricsSource>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { enabled: true, sources: Vec::new() }
    }
}

/// A Prometheus server, and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsSource {
    /// What the page calls it.
    pub name: String,
    /// Its URL, as the page's pod reaches it.
    #[schemars(extend("examples" = ["http://prometheus.monitoring.svc.cluster.local:9090"]))]
    pub url: HttpUrl,
    /// What is shown.
    pub queries: Vec<PrometheusQuery>,
}

/// A figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrometheusQuery {
    /// What the page calls it.
    pub label: String,
    /// The query (PromQL).
    #[schemars(extend("examples" = ["count(up == 0)"]))]
    pub query: String,
}
