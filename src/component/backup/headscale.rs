//! Headscale: SQLite makes a copy of the database that is in use; a second job, suspended, brings one back.

use k8s_openapi::api::core::v1::{
    Affinity, Container, PersistentVolumeClaimVolumeSource, PodAffinity, PodAffinityTerm, PodSecurityContext, PodSpec, Volume,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::job::{COPY, SCRIPTS, container, cron_job, restic};
use super::store::{shared, store, volumes, with_scripts};
use super::{Context, Output, Saved, at};
use crate::component::pod;
use crate::config::Headscale;
use crate::diag::Result;

/// The user of Headscale's own pod, whose files these are.
const USER: i64 = 65532;
const DATA: &str = "/var/lib/headscale";
const NAME: &str = "headscale";

pub(super) fn render(context: Context<'_>, headscale: &Headscale, out: &mut Output) -> Result<()> {
    let saved = Saved { name: NAME, namespace: headscale.namespace.as_str(), origin: at([NAME]), ports: &[] };
    let scripts = [("copy.py", include_str!("scripts/copy.py")), ("restore.py", include_str!("scripts/restore.py"))];
    shared(context, &saved, &scripts, out)?;
    let save =
        pod_spec(headscale, &saved, Some(beside_headscale(context)), [python(context, "copy.py", DATA, COPY), store(context, &saved)]);
    out.object(at(["schedule"]), &cron_job(context, &saved, &saved.object(), false, save))?;
    let command = ["restic", "restore", "latest", "--host", context.cluster.cluster.name.as_str(), "--tag", NAME, "--target", COPY];
    let fetch = restic(context, &saved, "fetch", command.map(ToOwned::to_owned).into());
    let restore = pod_spec(headscale, &saved, None, [fetch, python(context, "restore.py", COPY, DATA)]);
    out.object(at([NAME]), &cron_job(context, &saved, "headscale-restore", true, restore))
}

/// The first container's work is done before the second one begins.
fn pod_spec(headscale: &Headscale, saved: &Saved<'_>, affinity: Option<Affinity>, [first, last]: [Container; 2]) -> PodSpec {
    let claim = PersistentVolumeClaimVolumeSource { claim_name: NAME.to_owned(), ..PersistentVolumeClaimVolumeSource::default() };
    let data = Volume { name: "data".to_owned(), persistent_volume_claim: Some(claim), ..Volume::default() };
    let tolerations: Vec<_> = pod::server_tolerations().into_iter().chain(pod::tolerations(&headscale.tolerations)).collect();
    PodSpec {
        service_account_name: Some(saved.object()),
        automount_service_account_token: Some(false),
        security_context: Some(PodSecurityContext {
            fs_group: Some(USER),
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            ..pod::restricted(USER, USER)
        }),
        affinity,
        tolerations: Some(tolerations),
        init_containers: Some(vec![first]),
        containers: vec![last],
        volumes: Some(volumes(saved).into_iter().chain([data]).collect()),
        ..PodSpec::default()
    }
}

fn python(context: Context<'_>, script: &str, from: &str, to: &str) -> Container {
    // Without `-B` Python would write beside the script, which is read-only.
    let command =
        ["python3", "-B"].map(ToOwned::to_owned).into_iter().chain([format!("{SCRIPTS}/{script}"), from.to_owned(), to.to_owned()]);
    let name = script.trim_end_matches(".py");
    let mut container = with_scripts(container(name, &context.backup.python_image().to_string(), command.collect()));
    container.volume_mounts.get_or_insert_default().push(pod::mount("data", DATA));
    container
}

/// Its volume can be mounted by pods of one node alone.
fn beside_headscale(context: Context<'_>) -> Affinity {
    let term = PodAffinityTerm {
        topology_key: "kubernetes.io/hostname".to_owned(),
        label_selector: Some(LabelSelector { match_labels: Some(pod::selector(context.cluster, NAME)), match_expressions: None }),
        ..PodAffinityTerm::default()
    };
    let affinity = PodAffinity { required_during_scheduling_ignored_during_execution: Some(vec![term]), ..PodAffinity::default() };
    Affinity { pod_affinity: Some(affinity), ..Affinity::default() }
}
