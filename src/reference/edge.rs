//! A need of one object.

use super::Selector;

/// A need of one object, and the place that states it.
#[derive(Debug, Clone)]
pub struct Edge<'a> {
    /// The number of the object that has the need.
    pub from: usize,
    /// JSON pointer of the value that names the target.
    pub pointer: String,
    /// What it is needed for.
    pub need: Need,
    /// What is needed.
    pub target: Target<'a>,
    /// The part of the target that is needed.
    pub part: Part<'a>,
    /// Whether Kubernetes itself goes on without it (`optional: true`).
    pub optional: bool,
}

/// What a target is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// A `ConfigMap`, or a key of it.
    ConfigMap,
    /// A Secret, or a key of it.
    Secret,
    /// The identity of a pod, or the subject of a binding.
    ServiceAccount,
    /// The role of a binding: `Role` or `ClusterRole`.
    Role,
    /// A `PersistentVolumeClaim`.
    Claim,
    /// The `PersistentVolume` that a claim names.
    Volume,
    /// A `StorageClass`.
    StorageClass,
    /// A Service to send requests to, or a port of it.
    Service,
    /// The governing Service of a `StatefulSet`.
    GoverningService,
    /// The pods behind a Service.
    ServicePods,
    /// The pods that a `PodDisruptionBudget` covers.
    BudgetPods,
    /// The pods that a `NetworkPolicy` applies to.
    PolicyPods,
    /// The namespace that an object lives in.
    Namespace,
    /// An `IngressClass`.
    IngressClass,
    /// A `PriorityClass`.
    PriorityClass,
    /// A `RuntimeClass`.
    RuntimeClass,
    /// What a `HorizontalPodAutoscaler` scales.
    ScaleTarget,
    /// The definition of a custom resource's kind.
    Definition,
    /// cert-manager's `Issuer` or `ClusterIssuer`.
    Issuer,
    /// The Gateway that a route hangs on, or a listener of it.
    Gateway,
    /// A `GatewayClass`.
    GatewayClass,
    /// Traefik's `Middleware`, `TLSOption`, `ServersTransport` and their kin.
    Traefik,
    /// Argo CD's `AppProject`.
    Project,
    /// The `HelmChart` that a `HelmChartConfig` changes.
    HelmChart,
}

/// What is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target<'a> {
    /// One object.
    Object {
        /// API group; empty for the core group.
        group: &'a str,
        /// Kind.
        kind: &'a str,
        /// Namespace; empty for a cluster-scoped kind, and for one that is only known when the manifest is applied.
        namespace: &'a str,
        /// Name.
        name: &'a str,
    },
    /// Any pod with certain labels.
    Pods {
        /// Namespace; empty when it is only known when the manifest is applied.
        namespace: &'a str,
        /// The labels.
        selector: Selector<'a>,
    },
    /// The `CustomResourceDefinition` of a kind.
    Definition {
        /// API group.
        group: &'a str,
        /// Kind.
        kind: &'a str,
    },
}

/// The part of a target that is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part<'a> {
    /// That it exists.
    Whole,
    /// A key of a `ConfigMap` or Secret.
    Key(&'a str),
    /// A port of a Service by name.
    PortName(&'a str),
    /// A port of a Service by number.
    PortNumber(i64),
    /// A listener of a Gateway.
    Listener(&'a str),
}
