//! cert-manager's certificates and issuers (<https://cert-manager.io/docs/reference/api-docs/>).

use crate::manifest::Object;
use crate::reference::{Field, Need, Part};

use super::Needs;

const GROUP: &str = "cert-manager.io";

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    let Some(spec) = Field::of(object, &["spec"]) else { return };
    match object.kind() {
        "Certificate" | "CertificateRequest" => {
            let Some(issuer) = spec.get("issuerRef") else { return };
            // Issuers of other groups belong to other controllers.
            if issuer.text("group").is_some_and(|group| group != GROUP) {
                return;
            }
            match issuer.text("kind") {
                Some("ClusterIssuer") => needs.cluster_wide(Need::Issuer, (GROUP, "ClusterIssuer"), issuer.get("name")),
                None | Some("Issuer") => needs.named(Need::Issuer, (GROUP, "Issuer"), issuer.get("name")),
                Some(_) => {}
            }
        }
        // The Secrets of a ClusterIssuer live in cert-manager's own namespace, which the object does not tell.
        "Issuer" => needs.object(Need::Secret, ("", "Secret"), needs.namespace, spec.at(&["ca", "secretName"]), Part::Whole, false),
        _ => {}
    }
}
