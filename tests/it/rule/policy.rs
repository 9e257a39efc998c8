//! When what is missing is an error, when a warning, and when nothing.

use std::collections::BTreeSet;

use manifestgen::manifest::{DeclaredSecret, Object};
use manifestgen::rule::{External, Input, Level, Levels, check};
use manifestgen::source::ConfigPath;

use super::{lines, objects};

const NAMESPACE: &str = "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n---\n";

/// A pod that needs one key of a Secret.
const POD: &str = r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - name: web
      image: nginx:1.29
      env:
        - {name: PASSWORD, valueFrom: {secretKeyRef: {name: database, key: password}}}
---
";

const SERVICE: &str =
    "{apiVersion: v1, kind: Service, metadata: {name: api, namespace: shop}, spec: {selector: {app: api}, ports: [{port: 80}]}}\n---\n";

/// The findings of a set that may be complete, with declarations.
fn say(objects: &[Object], complete: bool, external: &[External], secrets: &[DeclaredSecret]) -> String {
    lines(&check(Input { objects, external, secrets, complete, ..Input::default() }, &Levels::new()))
}

fn open(text: &str) -> String {
    say(&objects(text), false, &[], &[])
}

#[test]
fn what_is_missing_is_an_error_where_the_set_tells_all() {
    insta::assert_snapshot!(open(POD), @"warning reference/secret Pod web /spec/containers/0/env/0/valueFrom/secretKeyRef/name: Secret `database` is not there in namespace `shop`");
    insta::assert_snapshot!(open(&[NAMESPACE, POD].concat()), @"error reference/secret Pod web /spec/containers/0/env/0/valueFrom/secretKeyRef/name: Secret `database` is not there in namespace `shop`");
    insta::assert_snapshot!(say(&objects(POD), true, &[], &[]), @r"
    error reference/namespace Pod web /metadata/namespace: namespace `shop` is not there
    error reference/secret Pod web /spec/containers/0/env/0/valueFrom/secretKeyRef/name: Secret `database` is not there in namespace `shop`
    ");
}

#[test]
fn a_chart_or_an_operator_may_bring_what_is_missing() {
    let chart = "{apiVersion: helm.cattle.io/v1, kind: HelmChart, metadata: {name: a, namespace: kube-system}, spec: {targetNamespace: shop}}\n---\n";
    assert!(open(&[NAMESPACE, POD, chart].concat()).starts_with("warning reference/secret"));
    let resource = "{apiVersion: example.com/v1, kind: Database, metadata: {name: a, namespace: shop}}\n---\n";
    assert!(open(&[NAMESPACE, POD, resource].concat()).starts_with("warning reference/secret"));
    let certificate =
        "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a, namespace: shop}, spec: {secretName: b}}\n---\n";
    assert!(open(&[NAMESPACE, POD, certificate].concat()).starts_with("error reference/secret"));
}

#[test]
fn a_declaration_stands_for_what_lives_elsewhere() {
    let set = objects(&[NAMESPACE, POD].concat());
    let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<BTreeSet<_>>();
    let external = |namespace: Option<&str>, name: &str, has: &[&str]| {
        vec![External { kind: "Secret".into(), namespace: namespace.map(Into::into), name: name.into(), keys: keys(has) }]
    };
    assert_eq!(say(&set, true, &external(Some("shop"), "database", &[]), &[]), "");
    assert_eq!(say(&set, true, &external(None, "*", &["password"]), &[]), "");
    assert!(say(&set, true, &external(Some("test"), "database", &[]), &[]).contains("is not there"));
    insta::assert_snapshot!(say(&set, true, &external(Some("shop"), "database", &["user"]), &[]), @"error reference/secret-key Pod web /spec/containers/0/env/0/valueFrom/secretKeyRef/key: Secret `database` has no key `password`");
    let secret = |has: &[&str]| DeclaredSecret {
        namespace: "shop".into(),
        name: "database".into(),
        keys: keys(has),
        component: "test",
        origin: ConfigPath::root(),
    };
    assert_eq!(say(&set, true, &[], &[secret(&["password"])]), "");
    assert!(say(&set, true, &[], &[secret(&["user"])]).contains("has no key `password`"));
}

#[test]
fn a_service_is_only_judged_by_pods_that_are_known() {
    assert_eq!(open(SERVICE), "");
    insta::assert_snapshot!(open(&[SERVICE, NAMESPACE].concat()), @"error reference/service-pods Service api /spec/selector: no pod has the labels `app=api`");
    let job = "{apiVersion: v1, kind: Pod, metadata: {name: job, namespace: shop, labels: {app: job}}, spec: {containers: [{name: a, image: 'a:1'}]}}\n---\n";
    let text = [SERVICE, job].concat();
    insta::assert_snapshot!(open(&text), @"error reference/service-pods Service api /spec/selector: no pod has the labels `app=api`");
    let found = check(Input { objects: &objects(&text), ..Input::default() }, &Levels::new());
    assert_eq!(found[0].hint.as_deref(), Some("the pods of Pod `job` have `app=job`"));
    // In another namespace nothing is known.
    assert_eq!(open(&[SERVICE, &job.replace("shop", "test")].concat()), "");
}

#[test]
fn an_object_without_a_namespace_answers_to_any() {
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: database}, data: {password: ''}}\n---\n";
    assert_eq!(open(&[POD, secret].concat()), "");
    assert_eq!(open(&[&POD.replace(", namespace: shop", ""), secret].concat()), "");
    assert!(open(&[POD, &secret.replace("name: database", "name: database, namespace: test")].concat()).contains("is not there"));
}

#[test]
fn optional_references_and_well_known_objects_are_fine() {
    let pod = r"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: default
  priorityClassName: system-node-critical
  imagePullSecrets: [{name: registry}]
  containers:
    - name: web
      image: nginx:1.29
      env:
        - {name: A, valueFrom: {secretKeyRef: {name: a, key: a, optional: true}}}
      envFrom:
        - {configMapRef: {name: a, optional: true}}
  volumes:
    - {name: a, secret: {secretName: a, optional: true, items: [{key: b, path: b}]}}
    - name: token
      projected:
        sources:
          - {configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}}
---
";
    assert_eq!(open(&[NAMESPACE, pod].concat()), "");
}

#[test]
fn a_level_that_was_asked_for_outdoes_the_rule() {
    let set = objects(&[NAMESPACE, POD].concat());
    let say = |level| {
        let mut levels = Levels::new();
        levels.set("reference/*", level).expect("a room");
        lines(&check(Input { objects: &set, ..Input::default() }, &levels))
    };
    assert!(say(Level::Deny).starts_with("error"));
    assert!(say(Level::Warn).starts_with("warning"));
    assert_eq!(say(Level::Allow), "");
}

#[test]
fn a_certificate_brings_its_secret_and_its_keys() {
    let certificate =
        "{apiVersion: cert-manager.io/v1, kind: Certificate, metadata: {name: a, namespace: shop}, spec: {secretName: database}}\n---\n";
    let said = open(&[NAMESPACE, POD, certificate].concat());
    assert!(said.contains("Secret `database` has no key `password`") && !said.contains("is not there"), "{said}");
    assert!(!open(&[NAMESPACE, &POD.replace("key: password", "key: tls.crt"), certificate].concat()).contains("reference/secret"));
}

#[test]
fn cron_jobs_and_their_deepest_fields_have_exact_places() {
    let job = r"
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: shop}
spec:
  schedule: 0 3 * * *
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - {name: backup, image: 'backup:1'}
          volumes:
            - name: all
              projected:
                sources:
                  - configMap: {name: files, items: [{key: b, path: b}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: files, namespace: shop}, data: {a: ''}}
";
    insta::assert_snapshot!(open(job), @"error reference/config-map-key CronJob backup /spec/jobTemplate/spec/template/spec/volumes/0/projected/sources/0/configMap/items/0/key: ConfigMap `files` has no key `b`");
}
