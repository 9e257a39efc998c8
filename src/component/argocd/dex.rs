//! Dex, the identity broker.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Affinity, Container, PodSpec, SecurityContext};

use super::part::Part;
use super::pod::{away_from_others, container, environment, locked_down, mount, optional_secret, ports, resources, scratch, wished, words};
use super::{Context, pod};
use crate::config::argocd::{Program, PullPolicy};

const PART: Part = Part::Dex;

pub(super) fn deployment(context: Context<'_>) -> Deployment {
    let argocd = context.argocd;
    let container = Container {
        command: Some(words(&["/shared/argocd-dex", "rundex"])),
        env: Some(environment(context, Program::Dex, Vec::new())),
        ports: Some(ports(&[5556, 5557, 5558])),
        resources: resources(&argocd.dex.resources),
        security_context: Some(SecurityContext { run_as_user: context.is_new().then_some(1001), ..locked_down() }),
        volume_mounts: Some(vec![mount("static-files", "/shared"), mount("dexconfig", "/tmp"), mount("argocd-dex-server-tls", "/tls")]),
        ..container(context, "dex", &argocd.images.dex(argocd.minor()), Some(PullPolicy::Always))
    };
    // Dex' image has no Argo CD, which writes Dex' config.
    let copy = Container {
        command: Some(words(&["/bin/cp", "-n", "/usr/local/bin/argocd", "/shared/argocd-dex"])),
        volume_mounts: Some(vec![mount("static-files", "/shared"), mount("dexconfig", "/tmp")]),
        ..container_of_argocd(context)
    };
    let volumes =
        vec![scratch("static-files"), scratch("dexconfig"), optional_secret("argocd-dex-server-tls", &["tls.crt", "tls.key", "ca.crt"])];
    let affinity = Affinity { pod_anti_affinity: Some(wished(vec![away_from_others()])), ..Affinity::default() };
    let pod = PodSpec { affinity: Some(affinity), ..pod::pod(context, PART, container, vec![copy], volumes) };
    pod::deployment(context, PART, None, pod)
}

fn container_of_argocd(context: Context<'_>) -> Container {
    container(context, "copyutil", &context.argocd.image(), Some(PullPolicy::Always))
}
