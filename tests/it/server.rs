//! A real API server judges releases: what it takes, and what it says to planted mistakes.
//!
//! All tests share one server, so each uses namespaces, ports and groups of its own.

use std::fmt::Write;

use manifestgen::diag::{Finding, NoProgress, Severity};
use manifestgen::live::{Mode, ServerReport, client_of, validate_on_server};
use manifestgen::manifest::{Object, Release, ReleaseBuilder};
use manifestgen::source::ConfigPath;
use serde_json::{Value, json};

use crate::lab_server::kubeconfig;

fn release(values: &[Value]) -> Release {
    let objects = values.iter().map(|value| Object::new("test", ConfigPath::root(), value).expect("an object")).collect();
    ReleaseBuilder { objects, ..ReleaseBuilder::default() }.finish("test")
}

fn judge(mode: Mode, values: &[Value]) -> Option<ServerReport> {
    let kubeconfig = std::fs::read(kubeconfig()?).expect("a kubeconfig");
    let kubeconfig = serde_json::from_slice(&kubeconfig).expect("JSON");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let release = release(values);
    Some(runtime.block_on(async {
        let client = client_of(kubeconfig).await.expect("a client");
        validate_on_server(&release, &client, mode, &NoProgress).await.expect("a report")
    }))
}

fn line(finding: &Finding) -> String {
    let object = finding.object.as_ref().expect("an object");
    let mark = if finding.severity == Severity::Error { "" } else { "warning " };
    let mut line = format!("{mark}{} {} {} {}", finding.rule, object.kind, object.name, finding.path.as_deref().unwrap_or("-"));
    write!(line, ": {}", finding.message).expect("text");
    if let Some(hint) = &finding.hint {
        write!(line, " [{hint}]").expect("text");
    }
    line
}

#[track_caller]
fn check(mode: Mode, values: &[Value], expected: &[&str]) {
    let Some(report) = judge(mode, values) else { return };
    let mut found: Vec<_> = report.findings.iter().map(line).collect();
    found.extend(report.not_checked.iter().map(|not| format!("not checked {} {}: {}", not.object.kind, not.object.name, not.reason)));
    assert!(found == expected, "found:\n{}\nexpected:\n{}", found.join("\n"), expected.join("\n"));
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn level(name: &str, level: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"pod-security.kubernetes.io/enforce": level}}})
}

fn deployment(namespace: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut value = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}},
        },
    });
    change(&mut value);
    value
}

fn service(namespace: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace}, "spec": spec})
}

fn widgets(group: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("widgets.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced", "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
                "type": "object",
                "properties": {"spec": {
                    "type": "object",
                    "required": ["size"],
                    "properties": {"size": {"type": "integer"}, "max": {"type": "integer"}, "color": {"type": "string", "enum": ["red", "blue"]}},
                    "x-kubernetes-validations": [{"rule": "!has(self.max) || self.size <= self.max", "message": "size must not be above max"}],
                }},
            }}}],
        },
    })
}

fn widget(group: &str, namespace: &str, spec: &Value) -> Value {
    json!({"apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "w", "namespace": namespace}, "spec": spec})
}

fn container(deployment: &mut Value) -> &mut Value {
    &mut deployment["spec"]["template"]["spec"]["containers"][0]
}

#[test]
fn a_good_release_of_many_kinds_passes_with_its_own_namespace_and_definition() {
    let restricted = json!({
        "runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
    });
    let template = json!({
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "c", "image": "x", "securityContext": restricted, "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]},
    });
    let meta = |name: &str| json!({"name": name, "namespace": "good"});
    let mut job_template = template.clone();
    job_template["spec"]["restartPolicy"] = "Never".into();
    job_template["spec"]["volumes"] = json!([{"name": "data", "emptyDir": {}}]);
    job_template["metadata"] = json!({});
    let objects = [
        level("good", "restricted"),
        widgets("good.example.com"),
        widget("good.example.com", "good", &json!({"size": 1, "max": 2})),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta("sa")}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("cm"), "data": {"a": "b"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": meta("s"), "stringData": {"a": "b"}}),
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta("pvc"), "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "good"}, "value": 5}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "good:reader"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": meta("rb"), "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "good:reader"}, "subjects": [{"kind": "ServiceAccount", "name": "sa", "namespace": "good"}]}),
        json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": meta("st"), "spec": {
            "serviceName": "svc", "selector": {"matchLabels": {"a": "b"}}, "template": template,
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}],
        }}),
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta("cj"), "spec": {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": job_template}}}}),
        service("good", "svc", &json!({"clusterIP": "None", "selector": {"a": "b"}, "ports": [{"port": 80}]})),
        service("good", "np", &json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30411}]})),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta("np"), "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": meta("ing"), "spec": {"defaultBackend": {"service": {"name": "svc", "port": {"number": 80}}}}}),
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "good"}, "webhooks": [{
            "name": "a.good.example.com", "clientConfig": {"service": {"name": "svc", "namespace": "good"}}, "sideEffects": "None", "admissionReviewVersions": ["v1"],
            "rules": [{"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}],
        }]}),
    ];
    let Some(report) = judge(Mode::Ephemeral, &objects) else { return };
    assert_eq!(report.findings, []);
    assert_eq!(report.not_checked, []);
    // All but the webhook, which would stand in everybody's way.
    assert_eq!((report.objects, report.applied, report.pods), (17, 16, 2));
    assert!(report.server_version.starts_with("v1."), "{}", report.server_version);
}

#[test]
fn unknown_fields_and_wrong_types_are_all_found_at_once() {
    let bad = deployment("fields", |value| {
        container(value)["prots"] = json!([]);
        container(value)["imagePullPolcy"] = "Always".into();
        container(value)["env"] = json!([{"name": "A", "value": 1}]);
        container(value)["resources"] = json!({"limits": {"memory": "1Gb", "cpu": "x"}});
        value["spec"]["foo"] = 1.into();
        value["spec"]["replicas"] = "3".into();
        value["metadata"]["labels"] = json!({"app.kubernetes.io/name": true});
        value["spec"]["template"]["spec"]["restartPolicy"] = "Never".into();
    });
    check(
        Mode::Ephemeral,
        &[namespace("fields"), bad],
        &[
            r#"schema/type Deployment d /metadata/labels/app.kubernetes.io~1name: must be a string, not a boolean [write it in quotes: "true"]"#,
            "schema/unknown-field Deployment d /spec/foo: unknown field `foo`",
            "schema/type Deployment d /spec/replicas: must be a number, not a string [write it without quotes]",
            r#"schema/type Deployment d /spec/template/spec/containers/0/env/0/value: must be a string, not a number [write it in quotes: "1"]"#,
            "schema/unknown-field Deployment d /spec/template/spec/containers/0/imagePullPolcy: unknown field `imagePullPolcy`",
            "schema/unknown-field Deployment d /spec/template/spec/containers/0/prots: unknown field `prots`",
            "schema/format Deployment d /spec/template/spec/containers/0/resources/limits/cpu: `x` is no quantity like `500m`, `1.5` or `2Gi`",
            "schema/format Deployment d /spec/template/spec/containers/0/resources/limits/memory: `1Gb` is no quantity like `500m`, `1.5` or `2Gi`",
            r#"schema/value Deployment d /spec/template/spec/restartPolicy: `Never` is not one of the values that are allowed: supported values: "Always""#,
        ],
    );
}

#[test]
fn values_are_judged_as_the_server_does() {
    let ns = "values";
    let objects = [
        namespace(ns),
        deployment(ns, |value| {
            value["spec"].as_object_mut().expect("a mapping").remove("selector");
            container(value)["ports"] = json!([{"name": "http", "containerPort": 80}, {"name": "http", "containerPort": 81}]);
            container(value)["volumeMounts"] = json!([{"name": "v", "mountPath": "/v"}]);
        }),
        deployment(ns, |value| {
            value["metadata"]["name"] = "dup".into();
            container(value)["env"] = json!([{"name": "A", "value": "1"}, {"name": "B"}, {"name": "A", "value": "2"}]);
        }),
        deployment(ns, |value| {
            value["metadata"]["name"] = "probe".into();
            container(value)["livenessProbe"] = json!({"httpGet": {"path": "/", "port": true}});
        }),
        deployment(ns, |value| value["metadata"]["name"] = "Bad_Name".into()),
        deployment(ns, |value| value["metadata"]["name"] = "a/b".into()),
        deployment(ns, |value| {
            value["metadata"]["name"] = "managed".into();
            value["metadata"]["managedFields"] = json!([{"manager": "x"}]);
        }),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": ns}, "data": {"ok": "aGk=", "bad": "hunter2!"}}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "t", "namespace": ns}, "type": "kubernetes.io/tls", "stringData": {"a b": "hunter2"}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big", "namespace": ns}, "data": {"a": "x".repeat(1_100_000)}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "huge", "namespace": ns}, "data": {"a": "x".repeat(4_000_000)}}),
    ];
    check(
        Mode::Ephemeral,
        &objects,
        &[
            "schema/value ConfigMap big -: may not be more than 1048576 bytes",
            "schema/too-large ConfigMap huge -: the object is larger than the API server takes (3 MiB, 1.5 MiB in etcd)",
            "schema/format Secret s /data/bad: must be base64 [a Secret takes plain text in `stringData`]",
            "schema/required Secret t /data/tls.crt: `tls.crt` is required",
            "schema/required Secret t /data/tls.key: `tls.key` is required",
            "schema/value Secret t /stringData/a b: a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "schema/value Deployment Bad_Name /metadata/name: `Bad_Name`: a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            "schema/value Deployment a/b /metadata/name: `a/b` must not contain `/`",
            "schema/required Deployment d /spec/selector: `selector` is required",
            "schema/value Deployment d /spec/template/metadata/labels: `selector` does not match template `labels`",
            "schema/duplicate Deployment d /spec/template/spec/containers/0/ports/1/name: `http` stands here twice",
            "schema/not-found Deployment d /spec/template/spec/containers/0/volumeMounts/0/name: there is no `v`",
            r#"schema/duplicate Deployment dup /spec/template/spec/containers/0/env/2: `name="A"` stands here twice"#,
            "schema/value Deployment managed /metadata/managedFields: metadata.managedFields must be nil",
            "schema/type Deployment probe /spec/template/spec/containers/0/livenessProbe/httpGet/port: must not be a boolean",
        ],
    );
}

#[test]
fn numbers_that_only_a_real_creation_refuses() {
    let ns = "numbers";
    let node_port = |name: &str, port: u32| {
        service(ns, name, &json!({"type": "NodePort", "ports": [{"port": 80}, {"name": "x", "port": 81, "nodePort": port}]}))
    };
    let mut objects = vec![
        namespace(ns),
        service(ns, "ip", &json!({"clusterIP": "10.99.0.1", "ports": [{"port": 80}]})),
        node_port("low", 99),
        node_port("one", 30421),
        node_port("two", 30421),
    ];
    for object in &mut objects[2..] {
        object["spec"]["ports"][0]["name"] = "y".into();
    }
    check(
        Mode::Ephemeral,
        &objects,
        &[
            "schema/value Service ip /spec/clusterIP: `10.99.0.1`: failed to allocate IP 10.99.0.1: the provided IP (10.99.0.1) is not in the valid range. The range of valid IPs is 10.43.0.0/16",
            "schema/value Service low /spec/ports/1/nodePort: `99`: provided port is not in the valid range. The range of valid ports is 30000-32767",
            "schema/value Service two /spec/ports/1/nodePort: `30421`: provided port is already allocated [the Service `numbers/one` has it]",
        ],
    );
}

#[test]
fn pods_that_admission_refuses_are_found_in_their_workload() {
    let objects = [
        level("pods-restricted", "restricted"),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "pods-warned", "labels": {"pod-security.kubernetes.io/warn": "baseline"}}}),
        deployment("pods-restricted", |_| ()),
        deployment("pods-warned", |value| value["spec"]["template"]["spec"]["hostNetwork"] = true.into()),
        deployment("pods-warned", |value| {
            value["metadata"]["name"] = "priority".into();
            value["spec"]["template"]["spec"]["priorityClassName"] = "nobody".into();
        }),
    ];
    check(
        Mode::Ephemeral,
        &objects,
        &[
            r#"pod-security/restricted Deployment d /spec/template/spec/containers/0/securityContext/allowPrivilegeEscalation: Pods of this Deployment will be refused: violates PodSecurity `restricted`: allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false) [change the pod template, or the label `pod-security.kubernetes.io/enforce` of the namespace `pods-restricted`]"#,
            r#"pod-security/restricted Deployment d /spec/template/spec/containers/0/securityContext/capabilities/drop: Pods of this Deployment will be refused: violates PodSecurity `restricted`: unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]) [change the pod template, or the label `pod-security.kubernetes.io/enforce` of the namespace `pods-restricted`]"#,
            r#"pod-security/restricted Deployment d /spec/template/spec/containers/0/securityContext/runAsNonRoot: Pods of this Deployment will be refused: violates PodSecurity `restricted`: runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true) [change the pod template, or the label `pod-security.kubernetes.io/enforce` of the namespace `pods-restricted`]"#,
            r#"pod-security/restricted Deployment d /spec/template/spec/containers/0/securityContext/seccompProfile/type: Pods of this Deployment will be refused: violates PodSecurity `restricted`: seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost") [change the pod template, or the label `pod-security.kubernetes.io/enforce` of the namespace `pods-restricted`]"#,
            "warning pod-security/baseline Deployment d /spec/template/spec/hostNetwork: violates PodSecurity `baseline`: host namespaces (hostNetwork=true)",
            "schema/forbidden Deployment priority /spec/template/spec/priorityClassName: Pods of this Deployment will be refused: no PriorityClass with name nobody was found",
        ],
    );
}

#[test]
fn what_is_not_there_is_named() {
    let group = "places.example.com";
    let mut refused = widgets("other-places.example.com");
    refused["metadata"]["name"] = "gadgets.other-places.example.com".into();
    let objects = [
        namespace("places"),
        deployment("nowhere", |_| ()),
        json!({"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "old", "namespace": "places"}, "spec": {}}),
        json!({"apiVersion": "example.org/v1", "kind": "Gizmo", "metadata": {"name": "g"}}),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "places-bad", "labels": {"pod-security.kubernetes.io/enforce": "bogus"}}}),
        deployment("places-bad", |_| ()),
        widgets(group),
        widget(group, "places", &json!({"size": 5, "max": 3})),
        refused,
        widget("other-places.example.com", "places", &json!({"size": 1})),
    ];
    check(
        Mode::Ephemeral,
        &objects,
        &[
            "schema/value Namespace places-bad /metadata/labels/pod-security.kubernetes.io~1enforce: `bogus`: must be one of privileged, baseline, restricted",
            r#"schema/value CustomResourceDefinition gadgets.other-places.example.com /metadata/name: `gadgets.other-places.example.com`: must be spec.names.plural+"."+spec.group"#,
            "schema/unknown-namespace Deployment d /metadata/namespace: there is no namespace `nowhere` [add the Namespace to the release, or use one that is there]",
            "schema/unknown-kind Deployment old /apiVersion: the API server has no `Deployment` of `apps/v1beta1` [use `apps/v1`]",
            "schema/unknown-kind Gizmo g /kind: the API server has no `Gizmo` of `example.org/v1` [add its CustomResourceDefinition to the release, or check the spelling of `apiVersion` and `kind`]",
            "schema/value Widget w /spec: size must not be above max",
            "not checked Deployment d: its namespace `places-bad` is refused",
            "not checked Widget w: its definition `gadgets.other-places.example.com` is refused",
        ],
    );
}

#[test]
fn custom_resources_are_judged_by_the_definition_beside_them() {
    let group = "custom.example.com";
    let mut typo = widget(group, "custom", &json!({"size": "1", "colour": "red", "color": "green"}));
    typo["metadata"]["name"] = "typo".into();
    let mut missing = widget(group, "custom", &json!({"color": "green"}));
    missing["metadata"]["name"] = "missing".into();
    check(
        Mode::Ephemeral,
        &[namespace("custom"), widgets(group), typo, missing],
        &[
            r#"schema/value Widget missing /spec/color: `green` is not one of the values that are allowed: supported values: "red", "blue""#,
            "schema/required Widget missing /spec/size: `size` is required",
            r#"schema/value Widget typo /spec/color: `green` is not one of the values that are allowed: supported values: "red", "blue""#,
            "schema/unknown-field Widget typo /spec/colour: unknown field `colour`",
            "schema/type Widget typo /spec/size: must be a number, not a string [write it without quotes]",
        ],
    );
}

#[test]
fn a_live_cluster_is_only_asked() {
    let group = "live.example.com";
    let before = [namespace("live-there"), widgets(group), deployment("live-there", |_| ())];
    check(Mode::Ephemeral, &before, &[]);
    let mut changed = widgets(group);
    changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["shape"] = json!({"type": "string"});
    let objects = [
        level("live-there", "restricted"),
        namespace("live-new"),
        widgets("live-new.example.com"),
        widget("live-new.example.com", "live-there", &json!({"size": 1})),
        changed,
        widget(group, "live-there", &json!({"size": 1, "shape": "round"})),
        deployment("live-there", |value| {
            value["spec"]["selector"]["matchLabels"] = json!({"x": "y"});
            value["spec"]["template"]["metadata"]["labels"] = json!({"x": "y"});
        }),
        deployment("live-there", |value| {
            value["metadata"]["name"] = "priority".into();
            value["spec"]["template"]["spec"]["priorityClassName"] = "live-new".into();
        }),
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "live-new"}, "value": 5}),
        deployment("live-new", |value| container(value)["prots"] = 5.into()),
    ];
    check(
        Mode::Live,
        &objects,
        &[
            "schema/unknown-field Deployment d /spec/template/spec/containers/0/prots: unknown field `prots`",
            "schema/immutable Deployment d /spec/selector: `selector` cannot be changed once the object exists [delete the object first, or give it another name]",
            "not checked Deployment d: its namespace `live-new` comes with the release, and the cluster does not have it yet; it was checked in the namespace `default` instead, without the quotas, policies and PodSecurity level of its own",
            "not checked Deployment priority: its Pods name the PriorityClass `live-new`, which comes with the release; they were checked without it",
            "not checked Deployment priority: the release changes the PodSecurity level of the namespace `live-there`; its Pods were checked without it",
            "not checked Widget w: its definition `widgets.live-new.example.com` comes with the release, and the cluster does not have it yet",
            "not checked Widget w: the release changes its definition `widgets.live.example.com`; the one that the cluster has now refuses it: unknown field `shape`",
        ],
    );
}
