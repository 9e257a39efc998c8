//! Whole stories: rehearsals on a throw-away control plane, and tests on throw-away clusters with real nodes.

mod apply;
mod argocd;
mod headscale;
mod kubectl;
mod mesh;
mod rehearse;
mod report;
mod steps;
mod web;

pub use argocd::argocd;
pub use headscale::{HeadscaleOptions, headscale};
pub use mesh::mesh;
pub use rehearse::{Rehearsal, rehearse};
pub use report::{Checked, Report, ReportStep};
