//! Three Redis with a Sentinel each, of which two elect the master.

use k8s_openapi::api::apps::v1::{StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy};
use k8s_openapi::api::core::v1::{
    Container, ExecAction, Lifecycle, LifecycleHandler, PodSecurityContext, PodSpec, Probe, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::part::Part;
use super::pod::{config_map, container, mount, named_port, redis_password, resources, scratch, strictly_apart, template, words};
use super::redis_ha::{CONFIG, COUNT, HEALTH, files, read_only, security, sentinel_ids};
use super::{Context, pod};
use crate::component::checksum::checksum;
use crate::config::argocd::PullPolicy;
use crate::diag::Result;

const PART: Part = Part::RedisHa;

/// When a probe begins and gives up: failures, first delay, period, successes.
struct Pace(i32, i32, i32, i32);

const SLOW: Pace = Pace(5, 30, 15, 1);

pub(super) fn stateful_set(context: Context<'_>) -> Result<StatefulSet> {
    let user =
        PodSecurityContext { fs_group: Some(1000), run_as_non_root: Some(true), run_as_user: Some(1000), ..PodSecurityContext::default() };
    let mut health = config_map("health", HEALTH);
    if let Some(source) = &mut health.config_map {
        source.default_mode = Some(0o755);
    }
    let volumes: Vec<Volume> = vec![config_map("config", CONFIG), health, scratch("data")];
    let mut pod = PodSpec {
        affinity: Some(strictly_apart(PART)),
        automount_service_account_token: Some(false),
        security_context: Some(user),
        termination_grace_period_seconds: Some(60),
        ..pod::pod(context, PART, redis(context), vec![init(context)], volumes)
    };
    pod.containers.extend([sentinel(context), split_brain_fix(context)]);
    let mut template = template(context, PART, pod);
    let metadata = template.metadata.get_or_insert_with(ObjectMeta::default);
    metadata.annotations = Some([("checksum/init-config".to_owned(), checksum(&files(context, CONFIG)?))].into());
    let spec = StatefulSetSpec {
        pod_management_policy: Some("OrderedReady".to_owned()),
        replicas: Some(COUNT),
        selector: PART.selector(),
        service_name: Some(PART.name().to_owned()),
        template,
        update_strategy: Some(StatefulSetUpdateStrategy { type_: Some("RollingUpdate".to_owned()), rolling_update: None }),
        ..StatefulSetSpec::default()
    };
    Ok(StatefulSet { metadata: context.metadata("argocd-redis-ha-server", PART.labels()), spec: Some(spec), status: None })
}

/// A container of Redis' image.
fn of_redis(context: Context<'_>, name: &str) -> Container {
    let argocd = context.argocd;
    Container {
        env: Some(vec![redis_password("AUTH")]),
        security_context: Some(security()),
        ..container(context, name, &argocd.images.redis(argocd.minor()), Some(PullPolicy::IfNotPresent))
    }
}

fn redis(context: Context<'_>) -> Container {
    let stop = exec(&["/bin/sh", "/readonly-config/trigger-failover-if-master.sh"]);
    Container {
        command: Some(words(&["redis-server"])),
        args: Some(words(&["/data/conf/redis.conf"])),
        lifecycle: Some(Lifecycle { pre_stop: Some(stop), ..Lifecycle::default() }),
        liveness_probe: Some(script("/health/redis_liveness.sh", &SLOW)),
        readiness_probe: Some(script("/health/redis_readiness.sh", &SLOW)),
        startup_probe: Some(script("/health/redis_readiness.sh", &SLOW)),
        ports: Some(vec![named_port("redis", 6379)]),
        resources: resources(&context.argocd.redis.resources),
        volume_mounts: Some(vec![read_only("config", "/readonly-config"), mount("data", "/data"), mount("health", "/health")]),
        ..of_redis(context, "redis")
    }
}

fn sentinel(context: Context<'_>) -> Container {
    let start = exec(&["/bin/sh", "-c", "sleep 30; redis-cli -p 26379 sentinel reset argocd"]);
    let alive = |pace: &Pace| Some(script("/health/sentinel_liveness.sh", pace));
    Container {
        command: Some(words(&["redis-sentinel"])),
        args: Some(words(&["/data/conf/sentinel.conf"])),
        lifecycle: Some(Lifecycle { post_start: Some(start), ..Lifecycle::default() }),
        liveness_probe: alive(&SLOW),
        readiness_probe: alive(&Pace(5, 30, 15, 3)),
        startup_probe: alive(&Pace(3, 5, 10, 1)),
        ports: Some(vec![named_port("sentinel", 26379)]),
        volume_mounts: Some(vec![mount("data", "/data"), mount("health", "/health")]),
        ..of_redis(context, "sentinel")
    }
}

fn split_brain_fix(context: Context<'_>) -> Container {
    Container {
        command: Some(words(&["sh"])),
        args: Some(words(&["/readonly-config/fix-split-brain.sh"])),
        env: Some(sentinel_ids()),
        liveness_probe: Some(probe(&["cat", "/readonly-config/redis.conf"], &SLOW)),
        readiness_probe: Some(probe(&["sh", "-c", "test -d /proc/1"], &SLOW)),
        volume_mounts: Some(config_and_data()),
        ..of_redis(context, "split-brain-fix")
    }
}

fn init(context: Context<'_>) -> Container {
    Container {
        command: Some(words(&["sh"])),
        args: Some(words(&["/readonly-config/init.sh"])),
        env: Some(sentinel_ids()),
        volume_mounts: Some(config_and_data()),
        ..of_redis(context, "config-init")
    }
}

fn config_and_data() -> Vec<VolumeMount> {
    vec![read_only("config", "/readonly-config"), mount("data", "/data")]
}

fn exec(command: &[&str]) -> LifecycleHandler {
    LifecycleHandler { exec: Some(ExecAction { command: Some(words(command)) }), ..LifecycleHandler::default() }
}

fn script(path: &str, pace: &Pace) -> Probe {
    probe(&["sh", "-c", path], pace)
}

fn probe(command: &[&str], Pace(failures, delay, period, successes): &Pace) -> Probe {
    Probe {
        exec: Some(ExecAction { command: Some(words(command)) }),
        failure_threshold: Some(*failures),
        initial_delay_seconds: Some(*delay),
        period_seconds: Some(*period),
        success_threshold: Some(*successes),
        timeout_seconds: Some(15),
        ..Probe::default()
    }
}
