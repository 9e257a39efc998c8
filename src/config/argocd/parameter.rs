//! Parameters of Argo CD's programs: keys of the ConfigMap `argocd-cmd-params-cm`, and the variables that carry them into the pods.
//!
//! Read in `manifests/base` of Argo CD 2.13.2 and 3.5.1. The two are nearly one table: 3.5 added keys and took one away.

mod application_set;
mod controller;
mod dex;
mod notifications;
mod repo_server;
mod server;

use super::Minor;

/// One variable of a program and the key that it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// The variable's name.
    pub variable: &'static str,
    /// The key.
    pub key: &'static str,
    /// Whether the key is one of `argocd-cm` instead.
    pub in_config: bool,
    /// The only minor that has it; none for all.
    only: Option<Minor>,
}

impl Parameter {
    const fn new(variable: &'static str, key: &'static str, only: Option<Minor>) -> Self {
        Self { variable, key, in_config: false, only }
    }

    /// Whether a minor has it.
    #[must_use]
    pub fn is_in(&self, minor: Minor) -> bool {
        self.only.is_none_or(|only| only == minor)
    }
}

const fn both(variable: &'static str, key: &'static str) -> Parameter {
    Parameter::new(variable, key, None)
}

const fn new(variable: &'static str, key: &'static str) -> Parameter {
    Parameter::new(variable, key, Some(Minor::V35))
}

const fn old(variable: &'static str, key: &'static str) -> Parameter {
    Parameter::new(variable, key, Some(Minor::V213))
}

const fn both_in_config(variable: &'static str, key: &'static str) -> Parameter {
    Parameter { in_config: true, ..both(variable, key) }
}

/// A program of Argo CD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `argocd-server`.
    Server,
    /// `argocd-application-controller`.
    Controller,
    /// `argocd-repo-server`.
    RepoServer,
    /// `argocd-applicationset-controller`.
    ApplicationSet,
    /// `argocd-notifications`.
    Notifications,
    /// `argocd-dex`.
    Dex,
}

impl Program {
    const ALL: [Self; 6] = [Self::Server, Self::Controller, Self::RepoServer, Self::ApplicationSet, Self::Notifications, Self::Dex];

    /// Its parameters, in upstream's order.
    #[must_use]
    pub const fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::Server => server::ALL,
            Self::Controller => controller::ALL,
            Self::RepoServer => repo_server::ALL,
            Self::ApplicationSet => application_set::ALL,
            Self::Notifications => notifications::ALL,
            Self::Dex => dex::ALL,
        }
    }
}

/// Keys that are read from a file in the pod instead of a variable. Argo CD 2.13 has the first two.
const PROFILER: [&str; 4] =
    ["server.profile.enabled", "controller.profile.enabled", "reposerver.profile.enabled", "applicationsetcontroller.profile.enabled"];

fn profilers(minor: Minor) -> &'static [&'static str] {
    if minor == Minor::V213 { &PROFILER[..2] } else { &PROFILER }
}

/// Whether a key of `argocd-cmd-params-cm` is known: in which minors, none for an unknown key.
#[must_use]
pub fn minors_of(key: &str) -> Vec<Minor> {
    let has = |minor: &Minor| {
        let mut all = Program::ALL.iter().flat_map(|program| program.parameters());
        all.any(|parameter| !parameter.in_config && parameter.key == key && parameter.is_in(*minor)) || profilers(*minor).contains(&key)
    };
    Minor::ALL.into_iter().filter(has).collect()
}

/// All keys of `argocd-cmd-params-cm` that a minor has.
pub fn keys(minor: Minor) -> impl Iterator<Item = &'static str> {
    let all = Program::ALL.iter().flat_map(|program| program.parameters());
    let own = all.filter(move |parameter| !parameter.in_config && parameter.is_in(minor)).map(|parameter| parameter.key);
    own.chain(profilers(minor).iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_those_of_the_manifests() {
        let count = |program: Program, minor| program.parameters().iter().filter(|parameter| parameter.is_in(minor)).count();
        // Without `REDIS_PASSWORD`.
        assert_eq!((count(Program::Server, Minor::V213), count(Program::Server, Minor::V35)), (44, 60));
        assert_eq!((count(Program::Controller, Minor::V213), count(Program::Controller, Minor::V35)), (33, 54));
    }

    #[test]
    fn keys_know_their_minors() {
        assert_eq!(minors_of("server.insecure"), Minor::ALL);
        assert_eq!(minors_of("hydrator.enabled"), [Minor::V35]);
        assert_eq!(minors_of("server.login.attempts.expiration"), [Minor::V213]);
        assert_eq!(minors_of("timeout.reconciliation"), []);
        assert_eq!(minors_of("server.insecur"), []);
    }
}
