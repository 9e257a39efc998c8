//! `extraObjects`: objects of the user's own, as they are.

use super::{Component, Output};
use crate::config::Cluster;
use crate::diag::Result;
use crate::source::ConfigPath;

/// The row in the table of components.
pub(super) const EXTRA: Component =
    Component { name: "extra", enabled: |cluster| !cluster.extra_objects.is_empty(), namespaces: |_| Vec::new(), render };

fn render(cluster: &Cluster, output: &mut Output) -> Result<()> {
    for (at, object) in cluster.extra_objects.iter().enumerate() {
        output.object(ConfigPath::of(["extraObjects"]).index(at), object)?;
    }
    Ok(())
}
