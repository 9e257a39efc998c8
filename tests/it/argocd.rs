//! What the tests of the Argo CD component share.

use manifestgen::config::Cluster;
use manifestgen::manifest::Release;
use manifestgen::render::{Selection, render};
use serde_json::{Value, json};

/// A cluster with this `argocd` section.
pub(crate) fn cluster(argocd: &Value) -> Cluster {
    serde_json::from_value(json!({"cluster": {"name": "home"}, "argocd": argocd})).expect("a cluster")
}

/// The sealed release of the component alone.
pub(crate) fn release(argocd: &Value) -> Release {
    let only = Selection { only: vec!["argocd".to_owned()] };
    render(&cluster(argocd), &only).expect("a sealed release")
}

/// Every version, scope and degree of availability that can be had, by name.
pub(crate) fn variants() -> [(&'static str, Value); 5] {
    [
        ("3.5", json!({})),
        ("3.5 namespaced", json!({"scope": "namespaced"})),
        ("3.5 ha", json!({"ha": true})),
        ("3.5 ha namespaced", json!({"ha": true, "scope": "namespaced"})),
        ("2.13", json!({"version": "2.13.2"})),
    ]
}

/// A section that sets every key that the version has.
pub(crate) fn everything(version: &str) -> Value {
    let mut section = json!({
        "version": version,
        "namespace": "argocd",
        "images": {"argocd": "mirror.example.com/argocd:v1", "dex": "mirror.example.com/dex:v2", "redis": "mirror.example.com/redis:8"},
        "imagePullPolicy": "IfNotPresent",
        "url": "https://argocd.example.com/argocd",
        "additionalUrls": ["https://argocd.example.org"],
        "server": {
            "replicas": 2, "insecure": true, "rootPath": "/argocd", "gzip": true, "tls": {"minimum": "1.2", "maximum": "1.3"},
            "log": {"level": "debug", "format": "json"},
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        },
        "controller": {
            "replicas": 3, "sharding": "consistent-hashing", "statusProcessors": 50, "operationProcessors": 25, "kubectlParallelism": 10,
            "repoServerTimeoutSeconds": 180, "selfHealTimeoutSeconds": 10, "serverSideDiff": true, "log": {"level": "warn"},
            "resources": {"limits": {"memory": "2Gi"}},
        },
        "repoServer": {
            "replicas": 2, "parallelism": 4, "cacheExpiration": "1h", "gitRequestTimeout": "30s", "gitSubmodules": false,
            "maxCombinedDirectoryManifestsSize": "20M", "tls": {"minimum": "1.3"}, "log": {"format": "text"},
            "resources": {"limits": {"memory": "1Gi"}},
        },
        "applicationSet": {
            "replicas": 2, "policy": "create-update", "policyOverride": true, "progressiveSyncs": true, "scmProviders": true,
            "allowedScmProviders": ["https://git.example.com/"], "namespaces": ["team-a"], "log": {"level": "error"},
        },
        "notifications": {
            "services": {"slack": {"token": "$slack-token"}},
            "templates": {"app-synced": {"message": "{{.app.metadata.name}} is synced"}},
            "triggers": {"on-synced": [{"when": "app.status.sync.status == 'Synced'", "send": ["app-synced"]}]},
            "subscriptions": [{"recipients": ["slack:ops"], "triggers": ["on-synced"]}],
            "defaultTriggers": ["on-synced"], "context": {"region": "home"}, "secretKeys": ["slack-token"],
        },
        "redis": {"resources": {"limits": {"memory": "256Mi"}}},
        "admin": {"enabled": false},
        "accounts": [{"name": "ci", "apiKey": true}, {"name": "alice", "login": true}, {"name": "old", "login": true, "enabled": false}],
        "anonymous": true,
        "sessionDuration": "12h",
        "oidc": {
            "name": "SSO", "issuer": "https://sso.example.com", "clientID": "argocd", "clientSecret": {"name": "sso", "key": "client-secret"},
            "cliClientID": "argocd-cli", "requestedScopes": ["openid", "groups"],
            "requestedIDTokenClaims": {"groups": {"essential": true}}, "allowedAudiences": ["argocd"],
        },
        "rbac": {
            "defaultRole": "role:readonly", "scopes": ["groups", "email"], "matchMode": "glob",
            "policies": [
                {"subject": "role:deployer", "resource": "applications", "action": "sync", "object": "shop/*"},
                {"subject": "role:deployer", "resource": "applications", "action": "action/apps/Deployment/restart", "object": "shop/*"},
                {"subject": "role:deployer", "resource": "applications", "action": "delete", "object": "shop/database", "effect": "deny"},
                {"subject": "ci", "resource": "logs", "action": "get", "object": "shop/*"},
                {"subject": "CN=ops, O=home", "resource": "clusters", "action": "*", "object": "*"},
            ],
            "bindings": [{"subject": "developers", "role": "role:deployer"}, {"subject": "alice", "role": "role:admin"}],
            "csv": "p, role:auditor, applications, get, */*, allow\ng, auditors, role:auditor\n",
        },
        "repositories": [
            {"name": "public", "url": "https://git.example.com/public.git", "enableLfs": true, "project": "shop"},
            {"name": "private", "url": "git@git.example.com:private.git", "credentials": "ssh"},
            {"name": "charts", "url": "registry.example.com/charts", "type": "helm", "enableOCI": true, "credentials": "basic"},
        ],
        "credentialTemplates": [{"name": "platform", "url": "https://git.example.com/platform", "credentials": "githubApp"}],
        "tlsCertificates": {"git.example.com": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"},
        "sshKnownHosts": ["git.example.com ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIAzEu89wgQZ4bqs3d63QSMzYVa0MuJ2e2gKTKqu"],
        "gpgKeys": {"4AEE18F83AFDEB23": "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ==\n-----END PGP PUBLIC KEY BLOCK-----\n"},
        "tracking": {"method": "annotation+label", "labelKey": "argocd.argoproj.io/instance", "installationID": "home"},
        "reconciliation": {"timeout": "180s", "jitter": "30s", "hardTimeout": "24h"},
        "customizations": {
            "apps/Deployment": {"ignoreDifferences": {"jsonPointers": ["/spec/replicas"], "managedFieldsManagers": ["kube-controller-manager"]}},
            "example.com/Thing": {
                "health": "return {status = 'Healthy'}\n", "useOpenLibs": true,
                "actions": {
                    "discovery.lua": "return {restart = {}}\n",
                    "definitions": [{"name": "restart", "action.lua": "return obj\n"}],
                },
                "knownTypeFields": [{"field": "spec.template.spec", "type": "core/v1/PodSpec"}],
            },
            "all": {"ignoreResourceUpdates": {"jsonPointers": ["/status"]}},
        },
        "exclusions": [{"apiGroups": ["cilium.io"], "kinds": ["*"]}],
        "inclusions": [{"apiGroups": ["*"], "kinds": ["*"], "clusters": ["https://kubernetes.default.svc"]}],
        "applicationNamespaces": ["team-*"],
        "parameters": {"controller.repo.error.grace.period.seconds": 90, "server.x.frame.options": "deny"},
        "settings": {"kustomize.buildOptions": "--enable-helm", "resource.customLabels": "team,tier", "help.chatUrl": "https://chat.example.com"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}],
    });
    if version.starts_with("3.5") {
        section["controller"]["syncTimeoutSeconds"] = json!(600);
        section["controller"]["syncWaveDelaySeconds"] = json!(1);
        section["parameters"]["server.glob.cache.size"] = json!(1000);
        section["settings"]["commit.author.name"] = json!("Argo CD");
    }
    section
}
