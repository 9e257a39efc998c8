//! Headlamp: what people see in it is what their own rights let them see.

use k8s_openapi::api::core::v1::{Container, ContainerPort, HTTPGetAction, PodSpec, Probe, ServiceAccount};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Context, Output, at, pages};
use crate::component::pod;
use crate::config::dashboard::{HEADLAMP_PORT, Headlamp};
use crate::diag::Result;

/// `headlamp` of the image, whose group is 101 (headlamp `charts/headlamp/values.yaml`).
const USER: i64 = 100;

/// Adds the ServiceAccount without any rights, the pod and the Service.
pub(super) fn render(context: Context<'_>, headlamp: &Headlamp, out: &mut Output) -> Result<()> {
    let name = context.dashboard.headlamp_name();
    let account =
        ServiceAccount { metadata: context.metadata(&name), automount_service_account_token: Some(false), ..ServiceAccount::default() };
    out.object(at(["headlamp"]), &account)?;
    let spec = PodSpec {
        service_account_name: Some(name.clone()),
        // `-in-cluster` takes the API server's certificate from the mounted token; the account may do nothing with it.
        automount_service_account_token: Some(true),
        enable_service_links: Some(false),
        security_context: Some(pod::restricted(USER, 101)),
        containers: vec![container(headlamp)],
        volumes: Some(vec![pod::scratch("tmp")]),
        ..PodSpec::default()
    };
    out.object(at(["headlamp"]), &pages::one_pod(context, &name, "headlamp", None, spec))?;
    out.object(at(["headlamp", "service"]), &pages::service(context, &name, "headlamp", HEADLAMP_PORT, &headlamp.service))
}

fn container(headlamp: &Headlamp) -> Container {
    let mut args = vec!["-in-cluster".to_owned()];
    args.extend(headlamp.base_path.as_ref().map(|path| format!("-base-url={path}")));
    let path = headlamp.base_path.as_deref().unwrap_or_default();
    let get = HTTPGetAction { path: Some(format!("{path}/")), port: IntOrString::String("http".to_owned()), ..HTTPGetAction::default() };
    let probe = || Probe { http_get: Some(get.clone()), timeout_seconds: Some(5), ..Probe::default() };
    Container {
        name: "headlamp".to_owned(),
        image: Some(headlamp.image().to_string()),
        args: Some(args),
        ports: Some(vec![ContainerPort {
            name: Some("http".to_owned()),
            container_port: HEADLAMP_PORT.as_i32(),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        liveness_probe: Some(Probe { period_seconds: Some(20), ..probe() }),
        readiness_probe: Some(Probe { period_seconds: Some(10), ..probe() }),
        resources: Some(pod::resources(&headlamp.resources.requests, &headlamp.resources.limits))
            .filter(|_| !headlamp.resources.is_empty()),
        security_context: Some(pod::locked()),
        volume_mounts: Some(vec![pod::mount("tmp", "/tmp")]),
        ..Container::default()
    }
}
