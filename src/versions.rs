//! The versions that manifestgen renders by default, all in one table.

/// Kubernetes, as `cluster.version` takes it.
pub const KUBERNETES: &str = "1.36";
/// The Kubernetes minors that are known, oldest first.
pub const KUBERNETES_MINORS: [&str; 5] = ["1.33", "1.34", "1.35", "1.36", "1.37"];
/// Headscale.
pub const HEADSCALE: &str = "0.29.0";
