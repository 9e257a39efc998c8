//! Whole stories: rehearsals on a throw-away control plane, and tests on throw-away clusters with real nodes.

mod apply;
mod argocd;
mod backend;
mod dagger;
mod headscale;
mod ingress;
mod kubectl;
mod mesh;
mod own;
mod rehearse;
mod report;
mod steps;
mod upgrade;
mod web;

pub use argocd::argocd;
pub use dagger::dagger;
pub use headscale::{HeadscaleOptions, headscale};
pub use ingress::ingress;
pub use mesh::mesh;
pub use rehearse::{Rehearsal, rehearse};
pub use report::{Checked, Report, ReportStep};
pub use upgrade::upgrade;
