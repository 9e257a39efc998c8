//! Every key of the section reaches what is rendered.

use manifestgen::config::Cluster;
use manifestgen::manifest::{Object, Release};
use manifestgen::render::{Selection, render};
use serde_json::{Value, json};

use crate::argocd::{everything, release};

/// A key that is left out changes the release; otherwise it would be one that does nothing.
#[test]
fn no_key_is_without_effect() {
    let mut whole = everything("3.5.1");
    // Without the CRDs, whose reading would be nearly all of the time.
    whole["scope"] = json!("namespaced");
    let digest = release(&whole).digest();
    let mut paths = Vec::new();
    leaves(&whole, "", &mut paths);
    assert!(paths.len() > 130, "{} keys", paths.len());
    let mut silent = Vec::new();
    for path in paths {
        let mut changed = whole.clone();
        remove(&mut changed, &path);
        // The defaults, and what cannot be left out.
        let same = ["/version", "/namespace"].contains(&path.as_str());
        let Some(other) = try_release(&changed) else { continue };
        if !same && other.digest() == digest {
            silent.push(path);
        }
    }
    assert_eq!(silent, Vec::<String>::new());
}

fn try_release(section: &Value) -> Option<Release> {
    let cluster: Cluster = serde_json::from_value(json!({"cluster": {"name": "home"}, "argocd": section})).ok()?;
    render(&cluster, &Selection { only: vec!["argocd".to_owned()] }).ok()
}

fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            map.iter().for_each(|(key, value)| leaves(value, &format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")), found));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, item)| leaves(item, &format!("{path}/{index}"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

fn remove(value: &mut Value, path: &str) {
    let (parent, key) = path.rsplit_once('/').expect("a path");
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => drop(map.shift_remove(&key.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(items)) => drop(items.remove(key.parse().expect("an index"))),
        _ => unreachable!("the path is one of the value"),
    }
}

fn data(section: &Value, name: &str) -> String {
    let release = release(section);
    let object = release.objects().iter().find(|object| object.kind() == "ConfigMap" && object.name() == name).expect("there");
    let data = object.pointer("/data").cloned().unwrap_or(json!({}));
    manifestgen::yaml::to_string(&data).expect("YAML")
}

#[test]
fn the_settings_as_argo_cd_reads_them() {
    let mut section = everything("2.13.2");
    // Shown in full: what stands in no other ConfigMap.
    section["gpgKeys"] = json!({});
    insta::assert_snapshot!(data(&section, "argocd-cm"), @r#"
    accounts.alice: login
    accounts.ci: apiKey
    accounts.old: login
    accounts.old.enabled: "false"
    additionalUrls: "- https://argocd.example.org\n"
    admin.enabled: "false"
    application.instanceLabelKey: argocd.argoproj.io/instance
    application.resourceTrackingMethod: annotation+label
    help.chatUrl: https://chat.example.com
    installationID: home
    kustomize.buildOptions: --enable-helm
    oidc.config: |
      name: SSO
      issuer: https://sso.example.com
      clientID: argocd
      clientSecret: $sso:client-secret
      cliClientID: argocd-cli
      requestedScopes:
      - openid
      - groups
      requestedIDTokenClaims:
        groups:
          essential: true
      allowedAudiences:
      - argocd
    resource.customLabels: team,tier
    resource.customizations.actions.example.com_Thing: |
      discovery.lua: "return {restart = {}}\n"
      definitions:
      - name: restart
        action.lua: "return obj\n"
    resource.customizations.health.argoproj.io_Application: |
      hs = {status = "Progressing", message = ""}
      if obj.status ~= nil and obj.status.health ~= nil then
        hs.status = obj.status.health.status
        if obj.status.health.message ~= nil then
          hs.message = obj.status.health.message
        end
      end
      local automated = obj.spec.syncPolicy ~= nil and obj.spec.syncPolicy.automated or nil
      if hs.status == "Healthy" and automated ~= nil and automated.enabled ~= false then
        local operation = obj.status.operationState
        local sync = obj.status.sync ~= nil and obj.status.sync.status or "Unknown"
        local undone = operation == nil or operation.phase == "Running"
        if automated.selfHeal == true then
          undone = undone or sync ~= "OutOfSync" or obj.status.resources == nil
          for _, resource in ipairs(obj.status.resources or {}) do
            undone = undone or (resource.status == "OutOfSync" and resource.requiresPruning ~= true)
          end
        end
        if undone and sync ~= "Synced" then
          hs.status = "Progressing"
          hs.message = "waiting for the sync"
        end
      end
      if obj.metadata.annotations ~= nil and obj.metadata.annotations["argocd.argoproj.io/ignore-healthcheck"] == "true" then
        hs.status = "Healthy"
      end
      return hs
    resource.customizations.health.example.com_Thing: "return {status = 'Healthy'}\n"
    resource.customizations.ignoreDifferences.apps_Deployment: |
      jsonPointers:
      - /spec/replicas
      managedFieldsManagers:
      - kube-controller-manager
    resource.customizations.ignoreResourceUpdates.all: |
      jsonPointers:
      - /status
    resource.customizations.knownTypeFields.example.com_Thing: |
      - field: spec.template.spec
        type: core/v1/PodSpec
    resource.customizations.useOpenLibs.example.com_Thing: "true"
    resource.exclusions: |
      - apiGroups:
        - cilium.io
        kinds:
        - "*"
    resource.ignoreResourceUpdatesEnabled: "true"
    resource.inclusions: |
      - apiGroups:
        - "*"
        kinds:
        - "*"
        clusters:
        - https://kubernetes.default.svc
    timeout.hard.reconciliation: 24h
    timeout.reconciliation: 180s
    timeout.reconciliation.jitter: 30s
    url: https://argocd.example.com/argocd
    users.anonymous.enabled: "true"
    users.session.duration: 43200s
    "#);
}

#[test]
fn the_parameters_as_argo_cd_reads_them() {
    insta::assert_snapshot!(data(&everything("3.5.1"), "argocd-cmd-params-cm"), @r#"
    application.namespaces: team-*
    applicationsetcontroller.allowed.scm.providers: https://git.example.com/
    applicationsetcontroller.enable.leader.election: "true"
    applicationsetcontroller.enable.policy.override: "true"
    applicationsetcontroller.enable.progressive.syncs: "true"
    applicationsetcontroller.enable.scm.providers: "true"
    applicationsetcontroller.log.level: error
    applicationsetcontroller.namespaces: team-a
    applicationsetcontroller.policy: create-update
    controller.diff.server.side: "true"
    controller.kubectl.parallelism.limit: "10"
    controller.log.level: warn
    controller.operation.processors: "25"
    controller.repo.error.grace.period.seconds: "90"
    controller.repo.server.timeout.seconds: "180"
    controller.self.heal.timeout.seconds: "10"
    controller.sharding.algorithm: consistent-hashing
    controller.status.processors: "50"
    controller.sync.timeout.seconds: "600"
    controller.sync.wave.delay.seconds: "1"
    reposerver.enable.git.submodule: "false"
    reposerver.git.request.timeout: 30s
    reposerver.log.format: text
    reposerver.max.combined.directory.manifests.size: 20M
    reposerver.parallelism.limit: "4"
    reposerver.repo.cache.expiration: 1h
    reposerver.tls.minversion: "1.3"
    server.enable.gzip: "true"
    server.glob.cache.size: "1000"
    server.insecure: "true"
    server.log.format: json
    server.log.level: debug
    server.rootpath: /argocd
    server.tls.maxversion: "1.3"
    server.tls.minversion: "1.2"
    server.x.frame.options: deny
    "#);
    insta::assert_snapshot!(data(&json!({"ha": true}), "argocd-cmd-params-cm"), @"redis.server: argocd-redis-ha-haproxy:6379");
}

#[test]
fn rights_and_messages_as_argo_cd_reads_them() {
    insta::assert_snapshot!(data(&everything("3.5.1"), "argocd-rbac-cm"), @r#"
    policy.csv: |
      p, role:deployer, applications, sync, shop/*, allow
      p, role:deployer, applications, action/apps/Deployment/restart, shop/*, allow
      p, role:deployer, applications, delete, shop/database, deny
      p, ci, logs, get, shop/*, allow
      p, "CN=ops, O=home", clusters, *, *, allow
      g, developers, role:deployer
      g, alice, role:admin
      p, role:auditor, applications, get, */*, allow
      g, auditors, role:auditor
    policy.default: role:readonly
    policy.matchMode: glob
    scopes: "[\"groups\",\"email\"]"
    "#);
    insta::assert_snapshot!(data(&everything("3.5.1"), "argocd-notifications-cm"), @r#"
    context: "region: home\n"
    defaultTriggers: "- on-synced\n"
    service.slack: "token: $slack-token\n"
    subscriptions: |
      - recipients:
        - slack:ops
        triggers:
        - on-synced
    template.app-synced: "message: \"{{.app.metadata.name}} is synced\"\n"
    trigger.on-synced: |
      - when: app.status.sync.status == 'Synced'
        send:
        - app-synced
    "#);
}

#[test]
fn secrets_are_declared_and_never_rendered_with_a_value() {
    let release = release(&everything("3.5.1"));
    let declared = release.secrets().iter().map(|secret| {
        let keys: Vec<&str> = secret.keys.iter().map(String::as_str).collect();
        format!("{}/{}: {} ({})\n", secret.namespace, secret.name, keys.join(" "), secret.origin)
    });
    insta::assert_snapshot!(declared.collect::<String>(), @"
    argocd/argocd-notifications-secret: slack-token (argocd.notifications.secretKeys)
    argocd/repo-creds-platform: githubAppID githubAppPrivateKey url (argocd.credentialTemplates[0])
    argocd/repository-charts: enableOCI name password type url username (argocd.repositories[2])
    argocd/repository-private: name sshPrivateKey url (argocd.repositories[1])
    argocd/sso: client-secret (argocd.oidc.clientSecret)
    ");
    let rendered = release.objects().iter().filter(|object| object.kind() == "Secret").map(|object| {
        let keys: Vec<&String> = object.pointer("/data").and_then(Value::as_object).into_iter().flat_map(|data| data.keys()).collect();
        format!("{}: {keys:?}\n", object.name())
    });
    insta::assert_snapshot!(rendered.collect::<String>(), @r#"
    argocd-secret: []
    repository-public: ["enableLfs", "name", "project", "url"]
    "#);
}

/// What is off leaves nothing behind that points to it.
#[test]
fn parts_that_are_off_are_gone() {
    let off = json!({"dex": {"enabled": false}, "notifications": {"enabled": false}, "applicationSet": {"enabled": false}});
    let release = release(&off);
    for word in ["dex", "notifications", "applicationset"] {
        let names: Vec<&str> =
            release.objects().iter().filter(|object| object.group() != "apiextensions.k8s.io").map(Object::name).collect();
        assert!(names.iter().all(|name| !name.contains(word)), "{word}: {names:?}");
    }
    let policies: Vec<String> = release
        .objects()
        .iter()
        .filter(|object| object.kind() == "NetworkPolicy")
        .map(|object| json!(object.value()).to_string())
        .collect();
    for part in ["argocd-dex-server", "argocd-notifications-controller", "argocd-applicationset-controller"] {
        assert!(policies.iter().all(|policy| !policy.contains(part)), "{part}");
    }
}

#[test]
fn another_namespace_is_named_everywhere() {
    let release = release(&json!({"namespace": "cd", "ha": true}));
    for object in release.objects() {
        assert!(object.namespace().is_none_or(|namespace| namespace == "cd"), "{}", object.name());
        let subjects = object.pointer("/subjects").and_then(Value::as_array);
        for subject in subjects.into_iter().flatten().filter(|subject| subject.get("namespace").is_some()) {
            assert_eq!(subject["namespace"], "cd", "{}", object.name());
        }
    }
    let files = release.objects().iter().find(|object| object.name() == "argocd-redis-ha-configmap").expect("there");
    let init = files.pointer("/data/init.sh").and_then(Value::as_str).expect("a script");
    assert!(init.contains("NAMESPACE=\"cd\"") && !init.contains("NAMESPACE=\"argocd\""));
}

/// The notifications controller watches all namespaces then, had no right to, and gave up; the server could write no events.
#[test]
fn applications_in_any_namespace_come_with_upstreams_rights() {
    let Some(module) = crate::rule::module("github.com/argoproj/argo-cd/v3@v3.5.1") else { return };
    let folder = crate::command::folder_with("cluster: {name: home}\nargocd: {applicationNamespaces: [team-a]}\n");
    let text = crate::command::Run::new(folder.path(), &["render", "--only", "argocd", "--format", "json"]).run().good();
    let list: Value = serde_json::from_str(&text).expect("JSON");
    for part in ["server", "notifications-controller"] {
        let role = |kind: &str| {
            let name = format!("argocd-{part}-cluster-apps");
            let found = list["items"]
                .as_array()
                .expect("items")
                .iter()
                .find(|item| item["kind"] == kind && item["metadata"]["name"] == name.as_str());
            found.unwrap_or_else(|| panic!("no {kind} {name}")).clone()
        };
        let file = |end: &str| {
            let path = module.join(format!("examples/k8s-rbac/argocd-server-applications/argocd-{part}-rbac-{end}.yaml"));
            let text = std::fs::read_to_string(path).expect("upstream's example");
            let mut sources = manifestgen::source::Sources::new();
            let source = sources.add("upstream", text.as_str());
            let documents = manifestgen::yaml::parse(source, &text, manifestgen::yaml::Limits::MANIFESTS).expect("YAML");
            documents[0].to_json()
        };
        assert_eq!(role("ClusterRole")["rules"], file("clusterrole")["rules"], "{part}");
        assert_eq!(role("ClusterRoleBinding")["subjects"], file("clusterrolebinding")["subjects"], "{part}");
    }
}
