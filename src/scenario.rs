//! Whole stories: rehearsals on a throw-away control plane, and tests on throw-away clusters with real nodes.

mod headscale;
mod kubectl;
mod rehearse;
mod report;
mod web;

pub use headscale::{HeadscaleOptions, headscale};
pub use rehearse::{Rehearsal, rehearse};
pub use report::{Report, ReportStep};
