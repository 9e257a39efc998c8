//! The checks against objects that a real API server (1.36.3) takes and refuses.

use manifestgen::data::{all_versions, kubernetes};
use manifestgen::diag::Severity;
use manifestgen::schema::{Catalog, Violation};
use serde_json::{Value, json};

use crate::schema_differential::seeds::{own_definitions, read as fixtures};

fn errors(catalog: &Catalog, object: &Value) -> Vec<Violation> {
    catalog.check(object).into_iter().filter(|violation| violation.severity == Severity::Error).collect()
}

#[test]
fn a_valid_object_of_every_kind_passes_in_every_version_that_has_the_kind() {
    let objects = fixtures("kinds");
    for definitions in all_versions() {
        let catalog = Catalog::new(definitions.minor()).expect("known");
        for object in &objects {
            let text = |key: &str| object[key].as_str().expect("a string");
            if definitions.kind(text("apiVersion"), text("kind")).is_some() {
                assert_eq!(errors(&catalog, object), [], "{} {object}", definitions.minor());
            }
        }
    }
}

#[test]
fn the_valid_objects_cover_every_kind_that_is_served_by_default() {
    let objects = fixtures("kinds");
    let missing: Vec<_> = kubernetes("1.36")
        .expect("known")
        .kinds()
        .iter()
        .filter(|kind| kind.is_served_by_default())
        .filter(|kind| !objects.iter().any(|object| object["apiVersion"] == *kind.api_version && object["kind"] == *kind.kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_misspelt_field_is_named_with_its_right_spelling() {
    let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"}, "spec": {
        "replicas": "2",
        "selector": {"matchLabels": {"a": "b"}},
        "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i", "prots": []}]}},
    }});
    let found = Catalog::new("1.36").expect("known").check(&object);
    let shown: Vec<_> = found.iter().map(|v| (v.rule, v.path.as_str(), v.message.as_str(), v.hint.as_deref())).collect();
    assert_eq!(
        shown,
        [
            ("schema/type", "/spec/replicas", "must be a whole number, not a string", Some("write it without quotes")),
            ("schema/unknown-field", "/spec/template/spec/containers/0/prots", "unknown field `prots`", Some("did you mean `ports`?")),
        ]
    );
}

#[test]
fn a_kind_that_is_gone_names_its_successor() {
    let catalog = Catalog::new("1.36").expect("known");
    let said = |api_version: &str, kind: &str| {
        let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
        let violation = catalog.check(&object).into_iter().next().expect("a violation");
        (violation.message, violation.hint.unwrap_or_default())
    };
    let pairs = [
        (
            said("extensions/v1beta1", "Ingress"),
            ("`Ingress` of `extensions/v1beta1` was removed in Kubernetes 1.22", "use `networking.k8s.io/v1`"),
        ),
        (said("apps/v1", "Deploymnet"), ("`apps/v1` of Kubernetes 1.36 has no kind `Deploymnet`", "did you mean `Deployment`?")),
        (said("app/v1", "Deployment"), ("Kubernetes 1.36 has no `Deployment` of `app/v1`", "use `apps/v1`")),
        (
            said("example.com/v1", "Widget"),
            (
                "nothing is known about `Widget` of `example.com/v1`",
                "give its CustomResourceDefinition with `--crd`, or put it among the objects",
            ),
        ),
    ];
    for ((message, hint), expected) in pairs {
        assert_eq!((message.as_str(), hint.as_str()), expected);
    }
}

#[test]
fn custom_resources_are_read_by_their_definitions() {
    let mut catalog = Catalog::new("1.36").expect("known");
    for definition in own_definitions() {
        catalog.add_crd(&definition).expect("a whole definition");
    }
    for object in fixtures("custom") {
        assert_eq!(errors(&catalog, &object), [], "{object}");
    }
    let application = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "a", "labls": {}}, "spec": {
        "project": "default",
        "destination": {"namespce": "web"},
        "source": {"repoURL": null, "helm": {"valuesObject": {"anything": ["goes"]}}},
        "syncPolicy": {"retry": {"limit": "5"}},
    }});
    let found: Vec<_> = errors(&catalog, &application).into_iter().map(|v| (v.rule, v.path)).collect();
    let expected = [
        ("schema/unknown-field", "/metadata/labls"),
        ("schema/unknown-field", "/spec/destination/namespce"),
        ("schema/required", "/spec/source/repoURL"),
        ("schema/type", "/spec/syncPolicy/retry/limit"),
    ];
    assert_eq!(found, expected.map(|(rule, path)| (rule, path.to_owned())));
}

#[test]
fn a_definition_that_is_given_makes_its_kind_known() {
    let mut catalog = Catalog::new("1.36").expect("known");
    let crd = fixtures("kinds").into_iter().find(|object| object["kind"] == "CustomResourceDefinition").expect("one");
    catalog.add_crd(&crd).expect("a whole definition");
    let widget = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": spec});
    let said =
        |spec: Value| catalog.check(&widget(spec)).into_iter().map(|v| format!("{} {} {}", v.rule, v.path, v.message)).collect::<Vec<_>>();
    let whole = |size: u32| json!({"size": size, "port": "http", "free": {"a": 1}, "list": [{"name": "a"}, {"name": "b"}]});
    assert_eq!(said(whole(3)), [""; 0]);
    assert_eq!(said(whole(10)), ["schema/cel /spec too big"]);
    assert_eq!(
        said(json!({"size": 30, "name": "Upper", "list": [{"name": "a"}, {"name": "a"}], "other": 1})),
        [
            "schema/value /spec/size must be at most 10, is 30",
            "schema/value /spec/name `Upper` does not match `^[a-z]+$`",
            "schema/duplicate /spec/list/1 \"a\" stands here twice",
            "schema/unknown-field /spec/other unknown field `other`",
        ]
    );
}

#[test]
fn what_no_schema_says_is_checked_as_the_server_does() {
    let catalog = Catalog::new("1.36").expect("known");
    let said = |object: Value| errors(&catalog, &object).into_iter().map(|v| format!("{} {}", v.path, v.message)).collect::<Vec<_>>();
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "Web_1"}, "spec": {
        "selector": {"matchLabels": {"app": "web"}},
        "template": {"metadata": {"labels": {"app": "wbe"}}, "spec": {
            "restartPolicy": "Never",
            "containers": [{
                "name": "c",
                "image": "i",
                "ports": [{"containerPort": 70000, "name": "http"}],
                "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "500m"}},
                "volumeMounts": [{"name": "data", "mountPath": "/data"}],
            }],
        }},
    }});
    let said_of_deployment = said(deployment);
    for expected in [
        "/metadata/name `Web_1` is not a DNS name",
        "/spec/selector/matchLabels/app the labels of the template lack `app: web`",
        "/spec/template/spec/restartPolicy must be `Always` here",
        "/spec/template/spec/containers/0/ports/0/containerPort 70000 is not a port",
        "/spec/template/spec/containers/0/resources/requests/cpu must not be more than the limit of `cpu`",
        "/spec/template/spec/containers/0/volumeMounts/0/name the pod has no volume `data`",
    ] {
        assert!(said_of_deployment.iter().any(|line| line.starts_with(expected)), "{expected}: {said_of_deployment:#?}");
    }
    assert_eq!(said_of_deployment.len(), 6, "{said_of_deployment:#?}");

    let cron = |schedule: &str| {
        let pod = json!({"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]});
        said(json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"}, "spec": {
            "schedule": schedule, "jobTemplate": {"spec": {"template": {"spec": pod}}}}}))
    };
    assert_eq!(cron("*/5 2 * jan-mar mon,fri"), [""; 0]);
    assert_eq!(cron("61 2 * * *"), ["/spec/schedule `61 2 * * *` is no cron schedule"]);
}

#[test]
fn duplicates_pass_where_the_server_lets_them() {
    let container = json!({"name": "c", "image": "i",
        "env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}],
        "ports": [{"containerPort": 80}, {"containerPort": 80}]});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}});
    assert_eq!(errors(&Catalog::new("1.36").expect("known"), &pod), []);
}
