//! Whose Kubernetes a lab's nodes run.

use std::path::PathBuf;

use super::LabOptions;
use super::addresses::Addresses;
use super::k3s::{self, K3s};
use super::programs::{Base, Programs};
use super::start::{self, Started};
use crate::diag::{Progress, Result};
use crate::process::{Guard, Places};

/// Whose Kubernetes a lab's nodes run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Distribution {
    /// Kubernetes' own programs, one by one.
    #[default]
    Upstream,
    /// k3s, which `node run` keeps running on each node. It was run with a stand-in only.
    K3s,
}

/// The programs of a distribution.
pub(super) enum Parts {
    Upstream(Box<Programs>),
    K3s(K3s),
}

impl Parts {
    /// Finds all of them.
    ///
    /// # Errors
    /// An environment error that names what is missing and the way to get it.
    pub(super) fn find(distribution: Distribution, places: &Places, manifestgen: PathBuf) -> Result<Self> {
        match distribution {
            Distribution::Upstream => Programs::find(places, manifestgen).map(|programs| Self::Upstream(Box::new(programs))),
            Distribution::K3s => K3s::find(places, manifestgen).map(Self::K3s),
        }
    }

    /// Starts a lab of them and waits until the nodes are Ready and DNS answers.
    pub(super) async fn start(
        &self,
        guard: &mut Guard,
        options: &LabOptions,
        addresses: &Addresses,
        progress: &dyn Progress,
    ) -> Result<Started> {
        match self {
            Self::Upstream(programs) => start::start(guard, options, programs, addresses, progress).await,
            Self::K3s(k3s) => k3s::start(guard, options, k3s, addresses, progress).await,
        }
    }

    /// What is needed of them while the lab runs.
    pub(super) fn into_base(self) -> Base {
        match self {
            Self::Upstream(programs) => programs.base,
            Self::K3s(k3s) => k3s.base,
        }
    }
}
