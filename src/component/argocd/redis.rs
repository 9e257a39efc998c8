//! The cache, in one pod.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Container, PodSecurityContext, PodSpec, SecurityContext};

use super::part::Part;
use super::pod::{apart, container, locked_down, ports, redis_password, resources, runtime_default, words};
use super::{Context, pod};
use crate::config::argocd::PullPolicy;

const PART: Part = Part::Redis;

pub(super) fn deployment(context: Context<'_>) -> Deployment {
    let argocd = context.argocd;
    let container = Container {
        // Nothing is saved: everything in the cache can be made anew.
        args: Some(words(&["--save", "", "--appendonly", "no", "--requirepass $(REDIS_PASSWORD)"])),
        env: Some(vec![redis_password("REDIS_PASSWORD")]),
        ports: Some(ports(&[6379])),
        resources: resources(&argocd.redis.resources),
        // The other half is the pod's.
        security_context: Some(SecurityContext { run_as_non_root: None, seccomp_profile: None, ..locked_down() }),
        ..container(context, "redis", &argocd.images.redis(argocd.minor()), Some(PullPolicy::Always))
    };
    let security = PodSecurityContext {
        run_as_non_root: Some(true),
        run_as_user: Some(999),
        seccomp_profile: Some(runtime_default()),
        ..PodSecurityContext::default()
    };
    let pod = PodSpec {
        affinity: Some(apart(context, PART)),
        security_context: Some(security),
        ..pod::pod(context, PART, container, vec![password(context)], Vec::new())
    };
    pod::deployment(context, PART, None, pod)
}

/// Makes up Redis' password, where the Secret is not there yet.
pub(super) fn password(context: Context<'_>) -> Container {
    Container {
        command: Some(words(&["argocd", "admin", "redis-initial-password"])),
        ..container(context, "secret-init", &context.argocd.image(), Some(PullPolicy::IfNotPresent))
    }
}
