//! The ConfigMap `argocd-cmd-params-cm`: what the programs are told.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Context;
use super::settings::text;
use crate::config::argocd::{ApplicationSetPolicy, Log, LogFormat, LogLevel, Sharding, TlsVersion, TlsVersions};
use crate::diag::Result;

/// The content of `argocd-cmd-params-cm`.
pub(super) fn parameters(context: Context<'_>) -> Result<BTreeMap<String, String>> {
    let argocd = context.argocd;
    let mut data = Parameters(BTreeMap::new());
    for (key, value) in &argocd.parameters {
        data.0.insert(key.clone(), text(value)?);
    }
    server(context, &mut data);
    controller(context, &mut data);
    repo_server(context, &mut data);
    application_set(context, &mut data);
    data.log("dexserver", argocd.dex.log);
    data.log("notificationscontroller", argocd.notifications.log);
    data.list("application.namespaces", &argocd.application_namespaces);
    if argocd.ha {
        data.set("redis.server", Some("argocd-redis-ha-haproxy:6379"));
    }
    Ok(data.0)
}

struct Parameters(BTreeMap<String, String>);

impl Parameters {
    fn set(&mut self, key: &str, value: Option<impl ToString>) {
        self.0.extend(value.map(|value| (key.to_owned(), value.to_string())));
    }

    fn list(&mut self, key: &str, words: &[String]) {
        self.set(key, Some(words.join(",")).filter(|list| !list.is_empty()));
    }

    fn log(&mut self, program: &str, log: Log) {
        self.set(&format!("{program}.log.level"), log.level.map(LogLevel::as_str));
        self.set(&format!("{program}.log.format"), log.format.map(LogFormat::as_str));
    }

    fn tls(&mut self, program: &str, tls: TlsVersions) {
        self.set(&format!("{program}.tls.minversion"), tls.minimum.map(TlsVersion::as_str));
        self.set(&format!("{program}.tls.maxversion"), tls.maximum.map(TlsVersion::as_str));
    }
}

fn server(context: Context<'_>, data: &mut Parameters) {
    let server = &context.argocd.server;
    data.set("server.insecure", server.insecure);
    data.set("server.rootpath", server.root_path.as_ref());
    data.set("server.basehref", server.base_href.as_ref());
    data.set("server.enable.gzip", server.gzip);
    data.log("server", server.log);
    data.tls("server", server.tls);
}

fn controller(context: Context<'_>, data: &mut Parameters) {
    let controller = &context.argocd.controller;
    data.set("controller.sharding.algorithm", controller.sharding.map(Sharding::as_str));
    data.set("controller.status.processors", controller.status_processors);
    data.set("controller.operation.processors", controller.operation_processors);
    data.set("controller.kubectl.parallelism.limit", controller.kubectl_parallelism);
    data.set("controller.repo.server.timeout.seconds", controller.repo_server_timeout_seconds);
    data.set("controller.self.heal.timeout.seconds", controller.self_heal_timeout_seconds);
    data.set("controller.sync.timeout.seconds", controller.sync_timeout_seconds);
    data.set("controller.sync.wave.delay.seconds", controller.sync_wave_delay_seconds);
    data.set("controller.diff.server.side", controller.server_side_diff);
    data.log("controller", controller.log);
}

fn repo_server(context: Context<'_>, data: &mut Parameters) {
    let repo_server = &context.argocd.repo_server;
    data.set("reposerver.parallelism.limit", repo_server.parallelism);
    data.set("reposerver.repo.cache.expiration", repo_server.cache_expiration.as_ref());
    data.set("reposerver.git.request.timeout", repo_server.git_request_timeout.as_ref());
    data.set("reposerver.enable.git.submodule", repo_server.git_submodules);
    data.set("reposerver.max.combined.directory.manifests.size", repo_server.max_combined_directory_manifests_size.as_ref());
    data.log("reposerver", repo_server.log);
    data.tls("reposerver", repo_server.tls);
}

fn application_set(context: Context<'_>, data: &mut Parameters) {
    let set = &context.argocd.application_set;
    if set.replicas.is_some_and(|replicas| replicas > 1) {
        data.set("applicationsetcontroller.enable.leader.election", Some(Value::Bool(true)));
    }
    data.set("applicationsetcontroller.policy", set.policy.map(ApplicationSetPolicy::as_str));
    data.set("applicationsetcontroller.enable.policy.override", set.policy_override);
    data.set("applicationsetcontroller.enable.progressive.syncs", set.progressive_syncs);
    data.set("applicationsetcontroller.enable.scm.providers", set.scm_providers);
    data.list("applicationsetcontroller.allowed.scm.providers", &set.allowed_scm_providers);
    data.list("applicationsetcontroller.namespaces", &set.namespaces);
    data.log("applicationsetcontroller", set.log);
}
