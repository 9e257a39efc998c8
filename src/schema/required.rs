//! Required fields of built-in kinds that the API server does not insist on.
//!
//! The published schemas call a field required when the Go struct always writes it, which says nothing about reading. Whether an
//! unset one is refused is up to each kind's validation.

/// What an unset required field means, by the end of the definition's name, and the field.
const OPTIONAL: &[(&str, &str, Zero)] = &[
    // An empty selector selects all pods; an absent one does too, but says less.
    ("networking.v1.NetworkPolicySpec", "podSelector", Zero::Means),
    // No endpoints yet.
    ("discovery.v1.EndpointSlice", "endpoints", Zero::Means),
    // The priority of pods that name no class.
    ("scheduling.v1.PriorityClass", "value", Zero::Means),
    // The first revision.
    ("apps.v1.ControllerRevision", "revision", Zero::Means),
    // A LimitRange that limits nothing.
    ("core.v1.LimitRangeSpec", "limits", Zero::Means),
    // A header or kernel parameter that is empty on purpose.
    ("core.v1.HTTPHeader", "value", Zero::Means),
    ("core.v1.Sysctl", "value", Zero::Means),
    // The first logical unit of an iSCSI target.
    ("core.v1.ISCSIVolumeSource", "lun", Zero::Means),
    ("core.v1.ISCSIPersistentVolumeSource", "lun", Zero::Means),
    // Do not sleep (KEP-4818, Kubernetes 1.32).
    ("core.v1.SleepAction", "seconds", Zero::Means),
    // All fields are optional, and each default is useful.
    ("storage.v1.CSIDriver", "spec", Zero::Means),
    ("storage.v1.CSINodeSpec", "drivers", Zero::Means),
    ("storage.v1.CSINode", "spec", Zero::Means),
    ("authorization.v1.SelfSubjectAccessReview", "spec", Zero::Means),
    ("authorization.v1.SelfSubjectRulesReview", "spec", Zero::Means),
    // Matches every node, with a weight.
    ("core.v1.PreferredSchedulingTerm", "preference", Zero::Means),
    // Exit code 0 is a code.
    ("core.v1.ContainerStateTerminated", "exitCode", Zero::Means),
    // No rules, an empty zone, no audience: taken, and without any effect.
    ("batch.v1.PodFailurePolicy", "rules", Zero::Taken),
    ("discovery.v1.ForZone", "name", Zero::Taken),
    ("storage.v1.TokenRequest", "audience", Zero::Taken),
    ("core.v1.TypedLocalObjectReference", "kind", Zero::Taken),
    ("core.v1.TypedLocalObjectReference", "name", Zero::Taken),
    ("core.v1.Event", "involvedObject", Zero::Taken),
    ("resource.v1.DeviceClass", "spec", Zero::Taken),
    ("resource.v1.ResourceClaim", "spec", Zero::Taken),
    ("resource.v1.ResourceClaimTemplate", "spec", Zero::Taken),
    ("resource.v1.ResourceClaimTemplateSpec", "spec", Zero::Taken),
    ("resource.v1.ResourcePool", "generation", Zero::Taken),
    ("resource.v1.DeviceCapacity", "value", Zero::Taken),
    // The server's own default is `True`.
    ("batch.v1.PodFailurePolicyOnPodConditionsPattern", "status", Zero::Means),
];

/// What the zero value of a required field that may be unset says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zero {
    /// It says something of its own: it may be written on purpose.
    Means,
    /// The server takes it, but nobody writes it on purpose.
    Taken,
}

/// Whether the server takes an object without this required field.
pub(super) fn is_optional(definition: &str, field: &str) -> bool {
    find(definition, field).is_some()
}

/// Whether a zero value in this required field may be meant.
pub(super) fn zero_is_meaningful(definition: &str, field: &str) -> bool {
    find(definition, field) == Some(Zero::Means)
}

fn find(definition: &str, field: &str) -> Option<Zero> {
    let matches = |name: &str| definition.strip_suffix(name).is_some_and(|before| before.ends_with('.'));
    OPTIONAL.iter().find(|(name, key, _)| *key == field && matches(name)).map(|(_, _, zero)| *zero)
}
