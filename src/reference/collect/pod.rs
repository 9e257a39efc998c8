//! What pods need.

use crate::reference::{Field, Need, Part, Template};

use super::Needs;

const CONFIG_MAP: (&str, &str) = ("", "ConfigMap");
const SECRET: (&str, &str) = ("", "Secret");

pub(super) fn collect<'a>(template: &Template<'a>, needs: &mut Needs<'a, '_>) {
    let spec = template.spec;
    // `serviceAccount` is the older name of the field; the API server copies one to the other.
    needs.named(Need::ServiceAccount, ("", "ServiceAccount"), spec.get("serviceAccountName").or_else(|| spec.get("serviceAccount")));
    needs.cluster_wide(Need::PriorityClass, ("scheduling.k8s.io", "PriorityClass"), spec.get("priorityClassName"));
    needs.cluster_wide(Need::RuntimeClass, ("node.k8s.io", "RuntimeClass"), spec.get("runtimeClassName"));
    for secret in spec.list("imagePullSecrets") {
        // The kubelet pulls without a missing pull secret and only notes it (kubernetes pkg/kubelet/kubelet_pods.go).
        needs.object(Need::Secret, SECRET, needs.namespace, secret.get("name"), Part::Whole, true);
    }
    for container in template.containers() {
        environment(container, needs);
    }
    for volume in spec.list("volumes") {
        source(volume, needs);
    }
}

fn environment<'a>(container: Field<'a>, needs: &mut Needs<'a, '_>) {
    for from in container.list("env").filter_map(|variable| variable.get("valueFrom")) {
        for (need, kind, reference) in [(Need::ConfigMap, CONFIG_MAP, "configMapKeyRef"), (Need::Secret, SECRET, "secretKeyRef")] {
            let Some(reference) = from.get(reference) else { continue };
            let optional = reference.flag("optional");
            needs.object(need, kind, needs.namespace, reference.get("name"), Part::Whole, optional);
            key(need, kind, reference, reference.get("key"), optional, needs);
        }
    }
    for from in container.list("envFrom") {
        for (need, kind, reference) in [(Need::ConfigMap, CONFIG_MAP, "configMapRef"), (Need::Secret, SECRET, "secretRef")] {
            let Some(reference) = from.get(reference) else { continue };
            needs.object(need, kind, needs.namespace, reference.get("name"), Part::Whole, reference.flag("optional"));
        }
    }
}

/// A volume, or a source of a projected one.
fn source<'a>(volume: Field<'a>, needs: &mut Needs<'a, '_>) {
    for (need, kind, field) in [(Need::ConfigMap, CONFIG_MAP, "configMap"), (Need::Secret, SECRET, "secret")] {
        let Some(source) = volume.get(field) else { continue };
        let name = source.get("name").or_else(|| source.get("secretName"));
        let optional = source.flag("optional");
        needs.object(need, kind, needs.namespace, name, Part::Whole, optional);
        for item in source.list("items") {
            key(need, kind, source, item.get("key"), optional, needs);
        }
    }
    needs.named(Need::Claim, ("", "PersistentVolumeClaim"), volume.get("persistentVolumeClaim").and_then(|claim| claim.get("claimName")));
    let own = volume.at(&["ephemeral", "volumeClaimTemplate", "spec", "storageClassName"]);
    needs.cluster_wide(Need::StorageClass, ("storage.k8s.io", "StorageClass"), own);
    for source_of_all in volume.get("projected").into_iter().flat_map(|projected| projected.list("sources")) {
        source(source_of_all, needs);
    }
}

/// A key of what `owner` names.
fn key<'a>(
    need: Need,
    (group, kind): (&'a str, &'a str),
    owner: Field<'a>,
    key: Option<Field<'a>>,
    optional: bool,
    needs: &mut Needs<'a, '_>,
) {
    let Some(name) = owner.text("name").or_else(|| owner.text("secretName")) else { return };
    let Some((field, key)) = key.and_then(|key| Some((key, key.as_str()?))) else { return };
    let target = crate::reference::Target::Object { group, kind, namespace: needs.namespace, name };
    needs.target(need, target, field, Part::Key(key), optional);
}
