//! The versions that manifestgen renders by default, all in one table.

/// Kubernetes, as `cluster.version` takes it.
pub const KUBERNETES: &str = "1.36";
/// The Kubernetes minors that are known, oldest first.
pub const KUBERNETES_MINORS: [&str; 5] = ["1.33", "1.34", "1.35", "1.36", "1.37"];
/// Headscale.
pub const HEADSCALE: &str = "0.29.0";
/// Argo CD.
pub const ARGOCD: &str = "3.5.1";
/// Traefik. The definitions of its kinds are those of this version (`data/crds/origin.json`).
pub const TRAEFIK: &str = "3.6.12";
/// cert-manager, likewise.
pub const CERT_MANAGER: &str = "1.21.2";
/// Dex, as the manifests of Argo CD 3.5.1 name it.
pub const ARGOCD_DEX: &str = "ghcr.io/dexidp/dex:v2.45.0";
/// Redis, as the manifests of Argo CD 3.5.1 name it.
pub const ARGOCD_REDIS: &str = "public.ecr.aws/docker/library/redis:8.2.3-alpine";
/// HAProxy in front of Redis, as the manifests of Argo CD 3.5.1 with high availability name it.
pub const ARGOCD_HAPROXY: &str = "public.ecr.aws/docker/library/haproxy:3.0.8-alpine";
/// Dex, as the manifests of Argo CD 2.13.2 name it.
pub const ARGOCD_2_13_DEX: &str = "ghcr.io/dexidp/dex:v2.41.1";
/// Redis, as the manifests of Argo CD 2.13.2 name it: of Docker's own library, so `docker.io/library/redis`.
pub const ARGOCD_2_13_REDIS: &str = "redis:7.0.15-alpine";
/// The Dagger engine.
pub const DAGGER: &str = "0.21.8";
/// Homepage, the cluster's page.
pub const HOMEPAGE: &str = "1.12.3";
/// restic, which keeps backups.
pub const RESTIC: &str = "0.18.1";
/// The tag of Python's image, whose SQLite copies Headscale's database.
pub const PYTHON: &str = "3.13-alpine";
/// Rancher's controller that upgrades k3s. The definition of its `Plan` is of this version (`data/crds/origin.json`).
pub const SYSTEM_UPGRADE: &str = "0.20.1";
/// The chart that brings Prometheus. The definitions of its kinds are those of the operator in it (`data/crds/origin.json`).
pub const KUBE_PROMETHEUS_STACK: &str = "88.5.3";
/// Headlamp, the view of the cluster's objects.
pub const HEADLAMP: &str = "0.45.0";
