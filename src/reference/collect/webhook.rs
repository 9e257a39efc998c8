//! Services that the API server itself calls.

use crate::manifest::Object;
use crate::reference::{Field, Need, Part, Target};

use super::Needs;

pub(super) fn collect<'a>(object: &'a Object, needs: &mut Needs<'a, '_>) {
    match object.kind() {
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            for webhook in Field::of(object, &["webhooks"]).into_iter().flat_map(|webhooks| webhooks.items()) {
                service(webhook.at(&["clientConfig", "service"]), needs);
            }
        }
        "CustomResourceDefinition" => {
            service(Field::of(object, &["spec", "conversion", "webhook", "clientConfig", "service"]), needs);
        }
        "APIService" => service(Field::of(object, &["spec", "service"]), needs),
        _ => {}
    }
}

/// Port 443 unless another is named (kubernetes `pkg/apis/admissionregistration/v1/defaults.go`).
fn service<'a>(service: Option<Field<'a>>, needs: &mut Needs<'a, '_>) {
    let Some(service) = service else { return };
    let (Some(name), Some(namespace)) = (service.text("name"), service.text("namespace")) else { return };
    needs.object(Need::Service, ("", "Service"), namespace, service.get("name"), Part::Whole, false);
    let target = Target::Object { group: "", kind: "Service", namespace, name };
    let number = service.integer("port").unwrap_or(443);
    needs.target(Need::Service, target, service.get("port").unwrap_or(service), Part::PortNumber(number), false);
}
