//! Definitions of Application, ApplicationSet and AppProject. They are data: see `data/argocd` and `data/crds`.

use super::{Context, Output, at};
use crate::data;
use crate::diag::{Error, Result};

const NAMES: [&str; 3] = ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"];

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    for name in NAMES {
        let minor = context.argocd.minor().as_str();
        let crd = data::argocd_crd(minor, name).ok_or_else(|| Error::internal(format!("the definition `{name}` of {minor} is missing")))?;
        out.value(at(["version"]), crd)?;
    }
    Ok(())
}
