//! Definitions of Application, ApplicationSet and AppProject. They are data: see `data/argocd` and `data/crds`.

use super::{Context, Output, at};
use crate::data;
use crate::diag::{Error, Result};
use crate::manifest::Versions;

const NAMES: [&str; 3] = ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"];

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let minor = context.argocd.minor().as_str();
    for name in NAMES {
        let missing = || Error::internal(format!("the definition `{name}` of {minor} is missing"));
        let crd = data::argocd_crd(minor, name).ok_or_else(missing)?;
        // A test reads the versions of every definition.
        let versions = Versions::new(crd.versions, move || data::argocd_crd_versions(minor, name).unwrap_or_default());
        out.definition(at(["version"]), crd.beginning, versions)?;
    }
    Ok(())
}
