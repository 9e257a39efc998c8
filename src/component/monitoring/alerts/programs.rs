//! Alerts about the programs that the cluster runs.

use super::{About, Alert, Context, Severity};
use crate::component::monitoring::nodes_metric;
use crate::config::cert_manager::Install;
use crate::config::dagger::CacheStorageType;

pub(super) fn all(context: Context<'_>) -> Vec<About> {
    let parts = [headscale(context), argocd(context), certificates(context), dagger(context)];
    parts.into_iter().flatten().chain(backups(context)).collect()
}

/// Nothing that is up reads as the job; also when nobody reads it at all.
fn is_away(job: &str, namespace: &str) -> String {
    format!("absent(up{{job=\"{job}\",namespace=\"{namespace}\"}} == 1)")
}

fn headscale(context: Context<'_>) -> Option<About> {
    let headscale = context.cluster.headscale.as_ref().filter(|headscale| headscale.metrics.enabled)?;
    let namespace = headscale.namespace.to_string();
    let nodes = format!("sum({}{{namespace=\"{namespace}\"}})", nodes_metric(headscale));
    let alerts = vec![
        Alert::new(
            "HeadscaleDown",
            Severity::Critical,
            Some("5m"),
            is_away("headscale", &namespace),
            ["Headscale is down", "Nodes that know each other still talk; none can join, and none learns that another has moved."],
        ),
        Alert::new(
            "HeadscaleNodesGone",
            Severity::Critical,
            Some("15m"),
            format!("{nodes} == 0 and max_over_time({nodes}[1d:5m]) > 0"),
            [
                "Headscale knows no nodes any more",
                "It had some within the last day: its database is empty or another one. A backup brings it back before nodes have to join again.",
            ],
        ),
    ];
    Some(About { name: "headscale", namespace, alerts })
}

/// `controller/metrics/metrics.go` of Argo CD 2.13 and 3.5.
fn argocd(context: Context<'_>) -> Option<About> {
    let namespace = context.cluster.argocd.as_ref()?.namespace.to_string();
    let applications = |labels: &str| format!("max by (namespace, name, project) (argocd_app_info{{{labels}}}) == 1");
    let alerts = vec![
        Alert::new(
            "ArgoCdDown",
            Severity::Critical,
            Some("10m"),
            is_away("argocd-metrics", &namespace),
            ["Argo CD's application controller is down", "Nothing is synced, and what changes in the cluster stays changed."],
        ),
        // Whether others are synced is up to people.
        Alert::new(
            "ArgoCdAppOutOfSync",
            Severity::Warning,
            Some("1h"),
            applications("autosync_enabled=\"true\",sync_status!=\"Synced\""),
            [
                "Application {{ $labels.namespace }}/{{ $labels.name }} is out of sync",
                "It is synced by itself, and has not been for an hour: its syncs fail, or its repository cannot be read.",
            ],
        ),
        Alert::new(
            "ArgoCdAppUnhealthy",
            Severity::Warning,
            Some("15m"),
            applications("health_status=~\"Degraded|Missing|Unknown\""),
            [
                "Application {{ $labels.namespace }}/{{ $labels.name }} is not healthy",
                "`argocd app get {{ $labels.name }}` names the objects that are not.",
            ],
        ),
    ];
    Some(About { name: "argocd", namespace, alerts })
}

/// `internal/collectors/certificate_collector.go` of cert-manager 1.21. Certificates live for hours or for years, so no number of days says
/// that one is late; cert-manager itself says when it should have been renewed.
fn certificates(context: Context<'_>) -> Option<About> {
    let manager = context.cluster.cert_manager.as_ref().filter(|manager| manager.install != Install::None)?;
    let alerts = vec![
        Alert::new(
            "CertificateNotReady",
            Severity::Critical,
            Some("30m"),
            "max by (namespace, name) (certmanager_certificate_ready_status{condition=~\"False|Unknown\"}) == 1".to_owned(),
            [
                "Certificate {{ $labels.namespace }}/{{ $labels.name }} is not ready",
                "It was never issued, or has expired. Its events and those of its CertificateRequests say why.",
            ],
        ),
        Alert::new(
            "CertificateNotRenewed",
            Severity::Warning,
            Some("1h"),
            "max by (namespace, name) (certmanager_certificate_renewal_timestamp_seconds > 0) < time()".to_owned(),
            [
                "Certificate {{ $labels.namespace }}/{{ $labels.name }} is not renewed",
                "Its renewal has been due for an hour. Until it expires everything goes on as it is.",
            ],
        ),
    ];
    Some(About { name: "cert-manager", namespace: manager.namespace.to_string(), alerts })
}

/// `cmd/engine/metrics.go` of dagger 0.19 to 0.21. The engine itself keeps to three quarters of its claim.
fn dagger(context: Context<'_>) -> Option<About> {
    let dagger = context.cluster.dagger.as_ref()?;
    let storage = &dagger.storage;
    let has_claim = storage.r#type == CacheStorageType::Persistent && storage.existing_claim.is_none();
    let size = storage.size.amount().filter(|_| has_claim)?;
    let namespace = dagger.namespace.to_string();
    let alert = Alert::new(
        "DaggerCacheFull",
        Severity::Warning,
        Some("30m"),
        format!("dagger_local_cache_total_disk_size_bytes{{namespace=\"{namespace}\"}} > {}", size / 10 * 9),
        [
            "The cache of {{ $labels.pod }} fills its volume",
            "It takes more than nine tenths of its claim, and builds fail once it is full: its garbage collector does not keep up, or keeps too much.",
        ],
    );
    Some(About { name: "dagger", namespace, alerts: vec![alert] })
}

/// kube-state-metrics 2.17 `docs/metrics/workload/cronjob-metrics.md`. The schedule itself need not be known here.
fn backups(context: Context<'_>) -> Vec<About> {
    let cluster = context.cluster;
    let Some(backup) = &cluster.backup else { return Vec::new() };
    let headscale = cluster.headscale.as_ref().filter(|_| backup.saves_headscale(cluster));
    let argocd = cluster.argocd.as_ref().filter(|_| backup.saves_argocd(cluster));
    let saved = [
        headscale.map(|headscale| ("headscale-backup", headscale.namespace.to_string())),
        argocd.map(|argocd| ("argocd-backup", argocd.namespace.to_string())),
    ];
    let about = |(name, namespace): (&'static str, String)| {
        let of = |metric: &str| format!("kube_cronjob_{metric}{{namespace=\"{namespace}\",cronjob=\"{name}\"}}");
        let (begun, done) = (of("status_last_schedule_time"), of("status_last_successful_time"));
        let failed = format!("{begun} unless {done} >= {begun}");
        let late = format!("{} < time()", of("next_schedule_time"));
        let alert = Alert::new(
            "BackupNotDone",
            Severity::Warning,
            // A job has one hour, and a second try.
            Some("2h"),
            format!("{failed} or {late} or {} == 1", of("spec_suspend")),
            [
                "The backup by {{ $labels.namespace }}/{{ $labels.cronjob }} was not made",
                "Its last job failed, was not begun when it was due, or the CronJob is suspended. The newest copy is older than it should be.",
            ],
        );
        About { name, namespace, alerts: vec![alert] }
    };
    saved.into_iter().flatten().map(about).collect()
}
