//! The program that answers requests from outside.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::headscale::{Resources, ServiceType, Toleration};
use crate::config::{DnsLabel, DnsName, Image, LabelKey, LabelValue, Port, Quantity};

/// The program that answers, and the objects that it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Controller {
    /// What kind of controller there is.
    pub r#type: ControllerType,
    /// The namespace that it runs in: by default `traefik`, or `kube-system` for the one that k3s brings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<DnsLabel>,
    /// With `type: traefik`, the kind of object that routes become.
    pub form: TraefikForm,
    /// The IngressClass, or the GatewayClass with `type: gateway`; by default `traefik`, or `nginx` with `type: nginx`. With another class
    /// than `traefik`, something else installs the controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["istio"]))]
    pub class: Option<DnsName>,
    /// Whether Traefik is installed: by k3s with `k3s.bundledTraefik`, else as a Deployment of our own. Off leaves that to something else.
    pub install: bool,
    /// The image of our own Traefik.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// How many pods.
    #[schemars(range(min = 1, max = 100))]
    pub replicas: u16,
    /// How it is reached from outside of the cluster.
    pub service: ControllerService,
    /// How much its log says.
    pub log_level: LogLevel,
    /// Whether every request is logged.
    pub access_log: bool,
    /// Further arguments of Traefik.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["--serversTransport.maxIdleConnsPerHost=100"]]))]
    pub arguments: Vec<String>,
    /// Further values for the chart of the Traefik that k3s brings.
    #[serde(skip_serializing_if = "Map::is_empty")]
    #[schemars(extend("examples" = [{"logs": {"access": {"enabled": true}}}]))]
    pub values: Map<String, Value>,
    /// CPU and memory of the container.
    pub resources: Resources,
    /// Labels that nodes of its pods must have.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = {"format": "label-key"}))]
    pub node_selector: BTreeMap<LabelKey, LabelValue>,
    /// Taints that its pods tolerate, besides those of control-plane nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
}

impl Default for Controller {
    fn default() -> Self {
        let amounts = |pairs: &[(&str, &str)]| pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity::from(*amount))).collect();
        Self {
            r#type: ControllerType::default(),
            namespace: None,
            form: TraefikForm::default(),
            class: None,
            install: true,
            image: None,
            replicas: 1,
            service: ControllerService::default(),
            log_level: LogLevel::default(),
            access_log: false,
            arguments: Vec::new(),
            values: Map::new(),
            resources: Resources { requests: amounts(&[("cpu", "100m"), ("memory", "64Mi")]), limits: amounts(&[("memory", "256Mi")]) },
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
        }
    }
}

impl Controller {
    /// The IngressClass or GatewayClass.
    #[must_use]
    pub fn class(&self) -> DnsName {
        let own = if self.r#type == ControllerType::Nginx { "nginx" } else { "traefik" };
        self.class.clone().unwrap_or_else(|| own.into())
    }

    /// The image of our own Traefik.
    #[must_use]
    pub fn image(&self) -> Image {
        self.image.clone().unwrap_or_else(|| format!("docker.io/library/traefik:v{}", crate::versions::TRAEFIK).into())
    }
}

/// What kind of controller there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ControllerType {
    /// Traefik, by its own kinds or by Ingresses.
    #[default]
    Traefik,
    /// A controller of the IngressClass `nginx`, which something else installs.
    Nginx,
    /// The Gateway API, served by Traefik or by the controller of another GatewayClass.
    Gateway,
}

/// The kind of object that routes become for Traefik.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TraefikForm {
    /// Traefik's own kind, which carries everything.
    #[default]
    IngressRoute,
    /// Kubernetes' own kind, which carries less (docs/INGRESS.md).
    Ingress,
}

/// How the controller is reached from outside of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ControllerService {
    /// The type of its Service. With `LoadBalancer`, k3s opens the ports on every node.
    pub r#type: ServiceType,
    /// The port of plain HTTP.
    pub http_port: Port,
    /// The port of HTTPS.
    pub https_port: Port,
    /// The port of plain HTTP on every node, where the type is `NodePort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_node_port: Option<Port>,
    /// The port of HTTPS on every node, where the type is `NodePort`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub https_node_port: Option<Port>,
    /// Annotations, such as those of a load balancer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Default for ControllerService {
    fn default() -> Self {
        Self {
            r#type: ServiceType::LoadBalancer,
            http_port: Port(80),
            https_port: Port(443),
            http_node_port: None,
            https_node_port: None,
            annotations: BTreeMap::new(),
        }
    }
}

/// How much Traefik's log says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Everything.
    Debug,
    /// What happens.
    #[default]
    Info,
    /// What may be wrong.
    Warn,
    /// What is wrong.
    Error,
}

impl LogLevel {
    /// As Traefik has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}
