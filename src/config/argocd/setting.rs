//! Keys of the ConfigMap `argocd-cm` (`util/settings/settings.go` of both versions).

use super::Minor;

/// Keys of both versions that have no key of their own in the section, so that `settings` takes them.
const BOTH: [&str; 36] = [
    "application.links",
    "application.sync.impersonation.enabled",
    "cluster.inClusterEnabled",
    "exec.enabled",
    "exec.shells",
    "extension.config",
    "ga.anonymizeusers",
    "ga.trackingid",
    "globalProjects",
    "helm.enable",
    "helm.valuesFileSchemes",
    "help.chatText",
    "help.chatUrl",
    "jsonnet.enable",
    "kustomize.buildOptions",
    "kustomize.enable",
    "oidc.tls.insecure.skip.verify",
    "passwordPattern",
    "project.links",
    "resource.compareoptions",
    "resource.customLabels",
    "resource.customizations",
    "resource.excludeEventLabelKeys",
    "resource.ignoreResourceUpdatesEnabled",
    "resource.includeEventLabelKeys",
    "resource.links",
    "resource.respectRBAC",
    "server.maxPodLogsToRender",
    "statusbadge.enabled",
    "statusbadge.url",
    "ui.bannercontent",
    "ui.bannerpermanent",
    "ui.bannerposition",
    "ui.bannerurl",
    "ui.cssurl",
    "webhook.maxPayloadSizeMB",
];

/// Keys that 3.5 added.
const NEW: [&str; 11] = [
    "application.allowedNodeLabels",
    "application.sync.impersonation.enforced",
    "application.sync.requireOverridePrivilegeForRevisionSync",
    "commit.author.email",
    "commit.author.name",
    "resource.sensitive.mask.annotations",
    "server.rbac.disableApplicationFineGrainedRBACInheritance",
    "sourceHydrator.commitMessageTemplate",
    "sourceHydrator.readmeMessageTemplate",
    "webhook.refresh.jitter",
    "webhook.refresh.jitter.threshold",
];

/// Keys that 3.5 no longer reads.
const OLD: [&str; 1] = ["server.rbac.log.enforce.enable"];

/// What keys begin with that end in a name of the user's.
const PREFIXES: [&str; 5] = ["extension.config.", "help.download.", "kustomize.buildOptions.", "kustomize.path.", "kustomize.version."];

/// Keys that have a key of their own in the section: what they begin with, and that key.
const ELSEWHERE: [(&str, &str); 18] = [
    ("accounts.", "accounts"),
    ("additionalUrls", "additionalUrls"),
    ("admin.enabled", "admin.enabled"),
    ("application.instanceLabelKey", "tracking.labelKey"),
    ("application.resourceTrackingMethod", "tracking.method"),
    ("dex.config", "dex.connectors"),
    ("installationID", "tracking.installationID"),
    ("oidc.config", "oidc"),
    ("repositories", "repositories"),
    ("repository.credentials", "credentialTemplates"),
    ("resource.customizations.", "customizations"),
    ("resource.exclusions", "exclusions"),
    ("resource.inclusions", "inclusions"),
    ("timeout.hard.reconciliation", "reconciliation.hardTimeout"),
    ("timeout.reconciliation", "reconciliation.timeout"),
    ("url", "url"),
    ("users.anonymous.enabled", "anonymous"),
    ("users.session.duration", "sessionDuration"),
];

/// Keys of `argocd-cmd-params-cm` that have a key of their own in the section: it, and that key.
const PARAMETERS_ELSEWHERE: [(&str, &str); 44] = [
    ("application.namespaces", "applicationNamespaces"),
    ("applicationsetcontroller.allowed.scm.providers", "applicationSet.allowedScmProviders"),
    ("applicationsetcontroller.enable.policy.override", "applicationSet.policyOverride"),
    ("applicationsetcontroller.enable.progressive.syncs", "applicationSet.progressiveSyncs"),
    ("applicationsetcontroller.enable.scm.providers", "applicationSet.scmProviders"),
    ("applicationsetcontroller.enable.leader.election", "applicationSet.replicas"),
    ("applicationsetcontroller.log.format", "applicationSet.log.format"),
    ("applicationsetcontroller.log.level", "applicationSet.log.level"),
    ("applicationsetcontroller.namespaces", "applicationSet.namespaces"),
    ("applicationsetcontroller.policy", "applicationSet.policy"),
    ("controller.diff.server.side", "controller.serverSideDiff"),
    ("controller.kubectl.parallelism.limit", "controller.kubectlParallelism"),
    ("controller.log.format", "controller.log.format"),
    ("controller.log.level", "controller.log.level"),
    ("controller.operation.processors", "controller.operationProcessors"),
    ("controller.repo.server.timeout.seconds", "controller.repoServerTimeoutSeconds"),
    ("controller.self.heal.timeout.seconds", "controller.selfHealTimeoutSeconds"),
    ("controller.sharding.algorithm", "controller.sharding"),
    ("controller.status.processors", "controller.statusProcessors"),
    ("controller.sync.timeout.seconds", "controller.syncTimeoutSeconds"),
    ("controller.sync.wave.delay.seconds", "controller.syncWaveDelaySeconds"),
    ("dexserver.log.format", "dex.log.format"),
    ("dexserver.log.level", "dex.log.level"),
    ("notificationscontroller.log.format", "notifications.log.format"),
    ("notificationscontroller.log.level", "notifications.log.level"),
    ("redis.server", "ha"),
    ("reposerver.enable.git.submodule", "repoServer.gitSubmodules"),
    ("reposerver.git.request.timeout", "repoServer.gitRequestTimeout"),
    ("reposerver.log.format", "repoServer.log.format"),
    ("reposerver.log.level", "repoServer.log.level"),
    ("reposerver.max.combined.directory.manifests.size", "repoServer.maxCombinedDirectoryManifestsSize"),
    ("reposerver.parallelism.limit", "repoServer.parallelism"),
    ("reposerver.repo.cache.expiration", "repoServer.cacheExpiration"),
    ("reposerver.tls.maxversion", "repoServer.tls.maximum"),
    ("reposerver.tls.minversion", "repoServer.tls.minimum"),
    ("server.basehref", "server.baseHref"),
    ("server.enable.gzip", "server.gzip"),
    ("server.insecure", "server.insecure"),
    ("server.log.format", "server.log.format"),
    ("server.log.level", "server.log.level"),
    ("server.rootpath", "server.rootPath"),
    ("server.tls.maxversion", "server.tls.maximum"),
    ("server.tls.minversion", "server.tls.minimum"),
    ("hydrator.enabled", ""),
];

/// What is to be said of a key of `settings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It stands where it belongs.
    Here,
    /// Only this other minor has it.
    Only(Minor),
    /// The section has this key for it; empty where what it turns on is not built.
    Elsewhere(&'static str),
    /// No version has it.
    Unknown,
}

/// Where a key of `argocd-cm` belongs.
pub(super) fn place(key: &str, minor: Minor) -> Place {
    let named = |prefix: &&str| key.starts_with(*prefix) && key.len() > prefix.len();
    let own = ELSEWHERE.iter().find(|(known, _)| if known.ends_with('.') { key.starts_with(known) } else { key == *known });
    match own {
        Some((_, own)) => Place::Elsewhere(own),
        None if BOTH.contains(&key) || PREFIXES.iter().any(named) => Place::Here,
        None if NEW.contains(&key) => {
            if minor == Minor::V35 {
                Place::Here
            } else {
                Place::Only(Minor::V35)
            }
        }
        None if OLD.contains(&key) => {
            if minor == Minor::V213 {
                Place::Here
            } else {
                Place::Only(Minor::V213)
            }
        }
        None => Place::Unknown,
    }
}

/// Where a key of `argocd-cmd-params-cm` belongs.
pub(super) fn place_of_parameter(key: &str, minor: Minor) -> Place {
    let minors = super::minors_of_parameter(key);
    match (PARAMETERS_ELSEWHERE.iter().find(|(known, _)| key == *known), minors.as_slice()) {
        (_, []) => Place::Unknown,
        (Some((_, own)), _) => Place::Elsewhere(own),
        (None, minors) if minors.contains(&minor) => Place::Here,
        (None, [other, ..]) => Place::Only(*other),
    }
}

/// The keys that `settings` takes with a minor, to guess what was meant.
pub(super) fn names(minor: Minor) -> impl Iterator<Item = &'static str> {
    let more: &[&str] = if minor == Minor::V35 { &NEW } else { &OLD };
    BOTH.into_iter().chain(more.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_sent_where_they_belong() {
        assert_eq!(place("exec.enabled", Minor::V213), Place::Here);
        assert_eq!(place("help.download.linux-amd64", Minor::V35), Place::Here);
        assert_eq!(place("help.download.", Minor::V35), Place::Unknown);
        assert_eq!(place("commit.author.name", Minor::V213), Place::Only(Minor::V35));
        assert_eq!(place("url", Minor::V35), Place::Elsewhere("url"));
        assert_eq!(place("resource.customizations.health.apps_Deployment", Minor::V35), Place::Elsewhere("customizations"));
        assert_eq!(place("resource.customizations", Minor::V35), Place::Here);
    }

    #[test]
    fn every_parameter_with_a_key_of_its_own_is_one() {
        for (key, _) in PARAMETERS_ELSEWHERE {
            assert_ne!(place_of_parameter(key, Minor::V35), Place::Unknown, "{key}");
        }
        assert_eq!(place_of_parameter("server.glob.cache.size", Minor::V213), Place::Only(Minor::V35));
    }
}
