//! The parts of Argo CD: what each is called, and the labels that pick its pods.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::at;
use crate::source::ConfigPath;

/// What runs as pods of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Controller,
    ApplicationSet,
    Dex,
    Notifications,
    Redis,
    RedisHa,
    HaProxy,
    RepoServer,
    Server,
}

impl Part {
    /// In upstream's order.
    pub(super) const ALL: [Self; 9] = [
        Self::Controller,
        Self::ApplicationSet,
        Self::Dex,
        Self::Notifications,
        Self::Redis,
        Self::RedisHa,
        Self::HaProxy,
        Self::RepoServer,
        Self::Server,
    ];

    /// The value of its pods' label `app.kubernetes.io/name`, and its service account.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Controller => "argocd-application-controller",
            Self::ApplicationSet => "argocd-applicationset-controller",
            Self::Dex => "argocd-dex-server",
            Self::Notifications => "argocd-notifications-controller",
            Self::Redis => "argocd-redis",
            Self::RedisHa => "argocd-redis-ha",
            Self::HaProxy => "argocd-redis-ha-haproxy",
            Self::RepoServer => "argocd-repo-server",
            Self::Server => "argocd-server",
        }
    }

    /// The value of `app.kubernetes.io/component`.
    pub(super) const fn component(self) -> &'static str {
        match self {
            Self::Controller => "application-controller",
            Self::ApplicationSet => "applicationset-controller",
            Self::Dex => "dex-server",
            Self::Notifications => "notifications-controller",
            Self::Redis | Self::RedisHa | Self::HaProxy => "redis",
            Self::RepoServer => "repo-server",
            Self::Server => "server",
        }
    }

    /// The labels of its objects.
    pub(super) const fn labels(self) -> Labels<'static> {
        Labels { component: Some(self.component()), name: self.name() }
    }

    /// The section that it is set up by.
    pub(super) fn origin(self) -> ConfigPath {
        at([match self {
            Self::Controller => "controller",
            Self::ApplicationSet => "applicationSet",
            Self::Dex => "dex",
            Self::Notifications => "notifications",
            Self::Redis => "redis",
            Self::RedisHa | Self::HaProxy => "ha",
            Self::RepoServer => "repoServer",
            Self::Server => "server",
        }])
    }

    /// What its pods are picked by.
    pub(super) fn selector(self) -> LabelSelector {
        LabelSelector { match_labels: Some(self.pod_labels()), match_expressions: None }
    }

    /// The labels of its pods.
    pub(super) fn pod_labels(self) -> BTreeMap<String, String> {
        [("app.kubernetes.io/name".to_owned(), self.name().to_owned())].into()
    }
}

/// Upstream's labels of an object. What it leaves out is added for every object alike.
#[derive(Debug, Clone, Copy)]
pub(super) struct Labels<'a> {
    pub(super) component: Option<&'static str>,
    pub(super) name: &'a str,
}

impl<'a> Labels<'a> {
    /// Of a ConfigMap or Secret that all parts read.
    pub(super) const fn shared(name: &'a str) -> Self {
        Self { component: None, name }
    }

    pub(super) fn to_map(self) -> BTreeMap<String, String> {
        let component = self.component.map(|component| ("app.kubernetes.io/component", component));
        let all = component.into_iter().chain([("app.kubernetes.io/name", self.name), ("app.kubernetes.io/part-of", super::NAME)]);
        all.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }
}
