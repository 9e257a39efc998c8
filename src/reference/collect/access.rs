//! Bindings and identities.

use crate::manifest::Object;
use crate::reference::{Field, Need, Part};

use super::Needs;

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    match (object.group(), object.kind()) {
        (GROUP, "RoleBinding" | "ClusterRoleBinding") => {
            let role = Field::of(object, &["roleRef"]);
            let name = role.and_then(|role| role.get("name"));
            match role.and_then(|role| role.text("kind")) {
                Some("ClusterRole") => needs.cluster_wide(Need::Role, (GROUP, "ClusterRole"), name),
                Some("Role") => needs.named(Need::Role, (GROUP, "Role"), name),
                _ => {}
            }
            for subject in Field::of(object, &["subjects"]).into_iter().flat_map(|subjects| subjects.items()) {
                if subject.text("kind") == Some("ServiceAccount") {
                    let namespace = subject.text("namespace").unwrap_or(needs.namespace);
                    needs.object(Need::ServiceAccount, ("", "ServiceAccount"), namespace, subject.get("name"), Part::Whole, false);
                }
            }
        }
        ("", "ServiceAccount") => {
            for secret in Field::of(object, &["imagePullSecrets"]).into_iter().flat_map(|secrets| secrets.items()) {
                needs.object(Need::Secret, ("", "Secret"), needs.namespace, secret.get("name"), Part::Whole, true);
            }
        }
        ("", "Secret") => {
            let name = "kubernetes.io/service-account.name";
            needs.named(Need::ServiceAccount, ("", "ServiceAccount"), Field::of(object, &["metadata", "annotations", name]));
        }
        _ => {}
    }
}
