//! Which folder of a GitOps tree an object belongs to.

use std::fmt;

use super::Object;

/// A part of the tree that Argo CD syncs as one Application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Argo CD itself, its settings, and what it has to know before anything else.
    Argocd,
    /// The Applications of all other parts.
    BootstrapApps,
    /// What every workload builds on: namespaces, policies, access, storage, routes.
    Infrastructure,
    /// What brings operators.
    Operators,
    /// The cluster's own services.
    System,
    /// Everything else.
    Workloads,
}

impl Part {
    /// All of them, in the order in which they can be applied.
    pub const ALL: [Self; 6] = [Self::Argocd, Self::BootstrapApps, Self::Infrastructure, Self::Operators, Self::System, Self::Workloads];

    /// The name of its folder in an overlay, and of its Application.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Argocd => "argocd",
            Self::BootstrapApps => "bootstrap-apps",
            Self::Infrastructure => "infrastructure",
            Self::Operators => "operators",
            Self::System => "system",
            Self::Workloads => "workloads",
        }
    }
}

/// A folder of the tree that holds objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// `argocd/installation`.
    Installation,
    /// `argocd/configs`.
    Configs,
    /// `argocd/bootstrap-apps`.
    BootstrapApps,
    /// `infrastructure/base/…`: `ingress`, `rbac`, `security` or `storage`.
    Base(&'static str),
    /// `infrastructure/operators`.
    Operators,
    /// `applications/system/…`, by component.
    System(&'static str),
    /// `applications/workloads`.
    Workloads,
}

impl Folder {
    /// The part that syncs it.
    #[must_use]
    pub const fn part(&self) -> Part {
        match self {
            Self::Installation | Self::Configs => Part::Argocd,
            Self::BootstrapApps => Part::BootstrapApps,
            Self::Base(_) => Part::Infrastructure,
            Self::Operators => Part::Operators,
            Self::System(_) => Part::System,
            Self::Workloads => Part::Workloads,
        }
    }
}

impl fmt::Display for Folder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Installation => out.write_str("argocd/installation"),
            Self::Configs => out.write_str("argocd/configs"),
            Self::BootstrapApps => out.write_str("argocd/bootstrap-apps"),
            Self::Base(name) => write!(out, "infrastructure/base/{name}"),
            Self::Operators => out.write_str("infrastructure/operators"),
            Self::System(name) => write!(out, "applications/system/{name}"),
            Self::Workloads => out.write_str("applications/workloads"),
        }
    }
}

/// The folder of each object of a release. Each object has exactly one, so that exactly one Application delivers it.
#[must_use]
pub fn folders(objects: &[Object]) -> Vec<Folder> {
    // Argo CD cannot sync the namespace that it is installed into before it is there.
    let home = objects.iter().find(|object| object.component() == "argocd" && object.namespace().is_some()).and_then(Object::namespace);
    let folder = |object: &Object| match (object.component(), object.kind()) {
        ("base", "Namespace") if Some(object.name()) == home => Folder::Installation,
        ("argocd", "ConfigMap") => Folder::Configs,
        ("argocd", _) => Folder::Installation,
        // The root Application is applied by hand, with Argo CD.
        ("gitops", "Application") if object.name() != "root" => Folder::BootstrapApps,
        ("gitops", _) | ("application" | "operators", "AppProject") => Folder::Configs,
        ("application", _) => Folder::Workloads,
        // Routes ask for certificates, which nothing knows before the definitions of cert-manager are there.
        ("ingress" | "cert-manager", _) => Folder::Base("ingress"),
        // The chart of an operator needs its definitions.
        ("operators", _) | ("monitoring", "CustomResourceDefinition") => Folder::Operators,
        ("base", _) => by_kind(object).unwrap_or(Folder::Base("security")),
        ("extra", _) => by_kind(object).unwrap_or(Folder::Workloads),
        (component, _) => Folder::System(component),
    };
    objects.iter().map(folder).collect()
}

fn by_kind(object: &Object) -> Option<Folder> {
    Some(match (object.group(), object.kind()) {
        ("", "Namespace" | "ResourceQuota" | "LimitRange")
        | ("networking.k8s.io", "NetworkPolicy")
        | ("policy" | "scheduling.k8s.io" | "admissionregistration.k8s.io", _) => Folder::Base("security"),
        ("rbac.authorization.k8s.io", _) | ("", "ServiceAccount") => Folder::Base("rbac"),
        ("storage.k8s.io", _) | ("", "PersistentVolume") => Folder::Base("storage"),
        ("networking.k8s.io" | "gateway.networking.k8s.io" | "traefik.io", _) => Folder::Base("ingress"),
        ("helm.cattle.io" | "apiextensions.k8s.io", _) => Folder::Operators,
        ("monitoring.coreos.com", _) => Folder::System("monitoring"),
        _ => return None,
    })
}
