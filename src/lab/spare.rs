//! A control plane that is started ahead.

use tokio::task::JoinHandle;

use super::validate::judge;
use super::{ControlPlane, ControlPlaneOptions};
use crate::diag::{Error, NoProgress, Progress, Result};
use crate::live::ServerReport;
use crate::manifest::Release;

/// Control planes for one judgement each, the next one started while nobody waits.
///
/// A used one is thrown away: without a controller-manager a deleted Namespace never ends, so nothing could clean it.
pub struct Spare {
    options: ControlPlaneOptions,
    next: Option<JoinHandle<Result<ControlPlane>>>,
}

impl Spare {
    /// Starts the first one in the background of the current runtime.
    #[must_use]
    pub fn new(options: ControlPlaneOptions) -> Self {
        let mut spare = Self { options, next: None };
        spare.refill();
        spare
    }

    /// As [`super::validate`], on the control plane that is ready.
    ///
    /// # Errors
    /// As [`super::validate`].
    pub async fn validate(&mut self, release: &Release, progress: &dyn Progress) -> Result<ServerReport> {
        self.refill();
        let Some(next) = self.next.take() else { return Err(Error::internal("no control plane was started")) };
        let control_plane = next.await.map_err(|cause| Error::internal("a control plane's start broke off").caused_by(cause))??;
        let report = judge(release, &[], control_plane.client(), progress).await;
        let stopped = control_plane.stop().await;
        self.refill();
        report.and_then(|report| stopped.map(|()| report))
    }

    /// Gives Services other addresses. One that is ready and has the wrong ones is thrown away.
    pub fn set_service_cidr(&mut self, service_cidr: &str) {
        if self.options.service_cidr != service_cidr {
            service_cidr.clone_into(&mut self.options.service_cidr);
            if let Some(wrong) = self.next.take() {
                wrong.abort();
            }
        }
    }

    fn refill(&mut self) {
        let options = self.options.clone();
        self.next.get_or_insert_with(|| tokio::spawn(async move { ControlPlane::start(&options, &NoProgress).await }));
    }
}
