//! Definitions of Application, ApplicationSet and AppProject. They are data: see `data/argocd` and `data/crds`.

use rayon::prelude::*;

use super::{Context, Output, at};
use crate::data;
use crate::diag::{Error, Result};

const NAMES: [&str; 3] = ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"];

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    let minor = context.argocd.minor().as_str();
    let read =
        |name| data::argocd_crd(minor, name).ok_or_else(|| Error::internal(format!("the definition `{name}` of {minor} is missing")));
    // They are large: reading one after the other takes a sixth of a render.
    for crd in NAMES.into_par_iter().map(read).collect::<Result<Vec<_>>>()? {
        out.value(at(["version"]), crd)?;
    }
    Ok(())
}
