//! CronJobs, and what all of their pods have.

use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec};
use k8s_openapi::api::core::v1::{Container, EnvVar, EnvVarSource, PodSpec, PodTemplateSpec, SecretKeySelector};
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};

use super::{Context, Output, Saved, at};
use crate::component::pod;
use crate::component::traffic::{dns, port};
use crate::diag::Result;

/// Where a copy lies between the containers.
pub(super) const COPY: &str = "/copy";
/// Where the scripts are mounted.
pub(super) const SCRIPTS: &str = "/scripts";

/// A job for `pod`, by the schedule; a suspended one waits for `kubectl create job --from`.
pub(super) fn cron_job(context: Context<'_>, saved: &Saved<'_>, name: &str, suspended: bool, pod: PodSpec) -> CronJob {
    let metadata = ObjectMeta { labels: Some(context.selector(saved)), ..ObjectMeta::default() };
    let job = JobSpec {
        // A second try helps against a network that was away, a third does not; who started a job by hand looks at it.
        backoff_limit: Some(i32::from(!suspended)),
        active_deadline_seconds: Some(3600),
        template: PodTemplateSpec {
            metadata: Some(metadata),
            spec: Some(PodSpec { restart_policy: Some("Never".to_owned()), enable_service_links: Some(false), ..pod }),
        },
        ..JobSpec::default()
    };
    let spec = CronJobSpec {
        schedule: context.backup.schedule.to_string(),
        time_zone: context.backup.time_zone.clone(),
        suspend: suspended.then_some(true),
        // Two at once would wait for each other's lock of the repository.
        concurrency_policy: Some("Forbid".to_owned()),
        // A control plane that was off at that time makes up for it.
        starting_deadline_seconds: Some(6 * 3600),
        successful_jobs_history_limit: Some(1),
        failed_jobs_history_limit: Some(3),
        job_template: JobTemplateSpec { metadata: None, spec: Some(job) },
    };
    CronJob { metadata: saved.metadata(name), spec: Some(spec), status: None }
}

/// A container that runs restic.
pub(super) fn restic(context: Context<'_>, saved: &Saved<'_>, name: &str, command: Vec<String>) -> Container {
    let set = |name: &str, value: String| EnvVar { name: name.to_owned(), value: Some(value), value_from: None };
    let secret = |key: &&str| EnvVar {
        name: (*key).to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector { name: context.backup.secret.to_string(), key: (*key).to_owned(), optional: None }),
            ..EnvVarSource::default()
        }),
    };
    let plain = [
        set("RESTIC_REPOSITORY", context.backup.repository.clone()),
        set("RESTIC_CACHE_DIR", "/tmp/restic".to_owned()),
        set("BACKUP_HOST", context.cluster.cluster.name.to_string()),
        set("BACKUP_TAG", saved.name.to_owned()),
        set("BACKUP_KEEP", context.backup.keep.to_string()),
    ];
    Container {
        env: Some(plain.into_iter().chain(context.backup.keys().iter().map(secret)).collect()),
        ..container(name, &context.backup.restic_image().to_string(), command)
    }
}

/// A container without rights.
pub(super) fn container(name: &str, image: &str, command: Vec<String>) -> Container {
    Container {
        name: name.to_owned(),
        image: Some(image.to_owned()),
        command: Some(command),
        resources: Some(pod::small()),
        security_context: Some(pod::locked()),
        volume_mounts: Some(vec![pod::mount("copy", COPY), pod::mount("tmp", "/tmp")]),
        ..Container::default()
    }
}

/// What the pods may talk to: the repository, wherever it is, and what the copy needs.
pub(super) fn policy(context: Context<'_>, saved: &Saved<'_>, out: &mut Output) -> Result<()> {
    if !context.cluster.cluster.security.network_policies {
        return Ok(());
    }
    let mut numbers: Vec<u16> = saved.ports.iter().copied().chain([context.backup.port()]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let ports = numbers.into_iter().map(|number| port("TCP", number)).collect();
    let spec = NetworkPolicySpec {
        pod_selector: Some(LabelSelector { match_labels: Some(context.selector(saved)), match_expressions: None }),
        policy_types: Some(vec!["Egress".to_owned()]),
        ingress: None,
        egress: Some(vec![dns(), NetworkPolicyEgressRule { to: None, ports: Some(ports) }]),
    };
    out.object(at(["repository"]), &NetworkPolicy { metadata: saved.metadata(&saved.object()), spec: Some(spec) })
}
