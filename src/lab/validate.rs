//! A release before a control plane of its own.

use kube::Client;
use serde_json::Value;

use super::{ControlPlane, ControlPlaneOptions};
use crate::diag::{Progress, Result};
use crate::live::{self, Mode, ServerReport};
use crate::manifest::Release;

/// Starts a control plane, lets it judge a release, and throws it away.
///
/// `definitions` are `CustomResourceDefinitions` that the cluster has from elsewhere, such as k3s' own; those whose kinds the release uses and does not
/// define itself are created first.
///
/// # Errors
/// Environment errors of [`ControlPlane::start`] and [`live::validate_on_server`]; an interruption (exit code 130), after everything was
/// cleaned up.
pub async fn validate(
    release: &Release,
    definitions: &[Value],
    options: &ControlPlaneOptions,
    progress: &dyn Progress,
) -> Result<ServerReport> {
    ControlPlane::with(options, progress, async |client| judge(release, definitions, client, progress).await).await
}

/// Lets a fresh control plane judge a release.
pub(super) async fn judge(release: &Release, definitions: &[Value], client: Client, progress: &dyn Progress) -> Result<ServerReport> {
    live::define(&client, &used(release, definitions)).await?;
    live::validate_on_server(release, &client, Mode::Ephemeral, progress).await
}

/// The definitions that the release's objects need and that it does not bring.
fn used(release: &Release, definitions: &[Value]) -> Vec<Value> {
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let wanted = |definition: &&Value| {
        let (group, kind) = (text(definition, "/spec/group"), text(definition, "/spec/names/kind"));
        release.objects().iter().any(|object| object.group() == group && object.kind() == kind)
            && !release
                .objects()
                .iter()
                .any(|object| object.kind() == "CustomResourceDefinition" && object.name() == text(definition, "/metadata/name"))
    };
    definitions.iter().filter(wanted).cloned().collect()
}
