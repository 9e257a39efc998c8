//! `validate` without a server.

use crate::command::{Run, folder, folder_with};

#[test]
fn the_built_in_profiles_have_no_findings() {
    for profile in ["primer", "worker", "minimal", "full"] {
        let folder = folder();
        let text = Run::new(folder.path(), &["validate", "--profile", profile, "--format", "json"]).run().good();
        let report: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(report["findings"], serde_json::json!([]), "{profile}");
    }
}

#[test]
fn schema_and_rules_speak_in_the_order_of_the_file() {
    let folder = folder();
    let manifest = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replcas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: example.com/web
        ports: [{name: http, containerPort: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: https}]
---
apiVersion: extensions/v1beta1
kind: Ingress
metadata: {name: web, namespace: default}
";
    std::fs::write(folder.path().join("web.yaml"), manifest).expect("written");
    insta::assert_snapshot!(Run::new(folder.path(), &["validate", "web.yaml"]).run().shown(), @"
    exit code 1
    --- stderr
    error[schema/unknown-field]: unknown field `replcas`
     --> web.yaml:5:3
      |
    5 |   replcas: 2
      |   ^^^^^^^
      |
      = object: Deployment default/web at /spec/replcas
      = hint: did you mean `replicas`?
    warning[pod/image-tag]: image `example.com/web` has no tag, which means `latest`
      --> web.yaml:12:16
       |
    12 |         image: example.com/web
       |                ^^^^^^^^^^^^^^^
       |
       = object: Deployment default/web at /spec/template/spec/containers/0/image
       = hint: name a version
    error[reference/target-port]: the selected pods have no TCP port `https`
      --> web.yaml:20:34
       |
    20 |   ports: [{port: 80, targetPort: https}]
       |                                  ^^^^^
       |
       = object: Service default/web at /spec/ports/0/targetPort
       = hint: they have `http` (TCP)
    error[schema/unknown-kind]: `Ingress` of `extensions/v1beta1` was removed in Kubernetes 1.22
      --> web.yaml:22:13
       |
    22 | apiVersion: extensions/v1beta1
       |             ^^^^^^^^^^^^^^^^^^
       |
       = object: Ingress default/web at /apiVersion
       = hint: use `networking.k8s.io/v1`
    3 objects checked, offline: 3 errors, 1 warning
    ");
}

#[test]
fn levels_and_external_objects_come_from_the_config_and_the_command_line() {
    let cluster = "\
cluster: {name: test}
external:
- {kind: Secret, namespace: default, name: login}
rules: {pod/image-tag: allow}
extraObjects:
- apiVersion: v1
  kind: Pod
  metadata: {name: a, namespace: default}
  spec:
    containers:
    - name: a
      image: example.com/a
      envFrom: [{secretRef: {name: login}}, {secretRef: {name: other}}]
";
    let folder = folder_with(cluster);
    let run = |arguments: &[&str]| {
        let text = Run::new(folder.path(), &[&["validate", "--format", "json"], arguments].concat()).run().stdout;
        let report: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
        let findings = report["findings"].as_array().expect("findings").iter();
        findings.map(|finding| format!("{} {}", finding["rule"].as_str().expect("a rule"), finding["line"])).collect::<Vec<_>>()
    };
    assert_eq!(run(&[]), ["reference/secret 13"]);
    assert_eq!(run(&["--allow", "reference/*"]), Vec::<String>::new());
    assert_eq!(run(&["--deny", "pod/image-tag"]), ["pod/image-tag 12", "reference/secret 13"]);
}

#[test]
fn what_only_some_versions_refuse_names_them() {
    let folder = folder();
    let text = Run::new(folder.path(), &["validate", "-f", "-", "--kubernetes", "1.33", "--kubernetes", "1.36", "--format", "json"])
        .input("apiVersion: resource.k8s.io/v1\nkind: DeviceClass\nmetadata: {name: a}\nspec: {}\n")
        .run();
    let report: serde_json::Value = serde_json::from_slice(&text.stdout).expect("JSON");
    let message = report["findings"][0]["message"].as_str().expect("a message");
    assert!(message.ends_with("(Kubernetes 1.33)"), "{message}");
    assert_eq!(report["errors"], 1, "{report}");
}

#[test]
fn a_rule_has_a_page() {
    let folder = folder();
    assert!(Run::new(folder.path(), &["explain", "reference/secret"]).run().good().contains("Bad:"));
    let ran = Run::new(folder.path(), &["explain", "reference/secrets"]).run();
    assert!(ran.code == 2 && ran.stderr.contains("did you mean"), "{}", ran.stderr);
}

#[test]
fn any_input_gets_a_clear_answer() {
    let folder = folder();
    for (input, code) in [
        ("", 0),
        ("---\n---\n", 0),
        ("null\n", 0),
        ("just text\n", 1),
        ("\u{0}\u{1}", 1),
        ("a: &a [*a, *a]\n", 1),
        ("kind: List\n", 1),
        ("{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}", 0),
    ] {
        let ran = Run::new(folder.path(), &["validate", "-f", "-"]).input(input).run();
        assert_eq!(ran.code, code, "{input:?}: {}", ran.stderr);
    }
    for (path, code) in [("missing.yaml", 2), ("/dev/null", 0)] {
        let ran = Run::new(folder.path(), &["validate", path]).run();
        assert_eq!(ran.code, code, "{path}: {}", ran.stderr);
    }
}

#[test]
fn sarif_is_what_its_schema_says_also_when_the_config_is_wrong() {
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../../fixtures/sarif/sarif-2.1.0.json")).expect("the schema is JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let manifest = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: default}\nspec:\n  selector: {app: web}\n  prots: []\n";
    let cases: [(&str, &[&str], i32); 4] = [
        ("a b.yaml", &["validate", "./a b.yaml"], 1),
        ("cluster.yaml", &["validate"], 2),
        ("other.yaml", &["validate", "--profile", "primer"], 0),
        ("other.yaml", &["validate", "gone.yaml"], 2),
    ];
    for (name, arguments, code) in cases {
        let folder = folder();
        std::fs::write(folder.path().join(name), manifest).expect("written");
        let run = Run::new(folder.path(), &[arguments, &["--format", "sarif"]].concat()).run();
        assert_eq!(run.code, code, "{arguments:?}: {}", run.shown());
        let document: serde_json::Value = serde_json::from_slice(&run.stdout).expect("JSON");
        let wrong: Vec<String> = schema.iter_errors(&document).map(|error| format!("{} {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{arguments:?}: {wrong:#?}");
        for result in document["runs"][0]["results"].as_array().expect("results") {
            let rules = &document["runs"][0]["tool"]["driver"]["rules"];
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("a number")).expect("small");
            assert_eq!(rules[index]["id"], result["ruleId"]);
            assert!(rules[index]["help"]["text"].is_string());
            assert!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].is_string());
            assert!(result["partialFingerprints"]["primaryLocationLineHash"].is_string());
        }
        if code == 1 {
            let mut results = document["runs"][0]["results"].as_array().expect("results").iter();
            let unknown = results.find(|result| result["ruleId"] == "schema/unknown-field").expect("a result");
            let place = &unknown["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "a%20b.yaml");
            assert_eq!(place["region"], serde_json::json!({"startLine": 6, "startColumn": 3, "endLine": 6, "endColumn": 8}));
        }
    }
}

/// Findings were given the place of the first object of their name.
#[test]
fn findings_about_objects_of_one_name_stand_at_their_own_object() {
    let folder = folder();
    let object = |field: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, namespace: default}}\n{field}: {{}}\n");
    std::fs::write(folder.path().join("a.yaml"), object("data")).expect("written");
    std::fs::write(folder.path().join("b.yaml"), object("dta")).expect("written");
    let text = Run::new(folder.path(), &["validate", ".", "--format", "json"]).run().stdout;
    let report: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    let unknown = report["findings"].as_array().expect("findings").iter().find(|finding| finding["rule"] == "schema/unknown-field");
    assert_eq!(unknown.map(|finding| &finding["file"]), Some(&serde_json::json!("./b.yaml")));
}

#[test]
fn a_folder_may_hold_other_yaml_too() {
    let folder = folder();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    write("app/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\n");
    write("app/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [map.yaml]\n");
    write("app/values.yaml", "replicas: 2\n");
    write(".github/workflows/ci.yaml", "on: push\n");
    insta::assert_snapshot!(Run::new(folder.path(), &["validate", "."]).run().shown(), @"
    exit code 0
    --- stderr
    warning[manifest/other-content]: this document has neither `apiVersion` nor `kind`
     --> ./app/values.yaml:1:1
      |
    1 | replicas: 2
      | ^^^^^^^^^^^
    1 object checked, offline: 0 errors, 1 warning
    ");
    assert_eq!(Run::new(folder.path(), &["validate", "app/values.yaml"]).run().code, 1);
}

const BROKEN_DEFINITION: &str = "\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
spec: {group: example.org, scope: Namespaced, names: {kind: Thing, plural: things}}
";

/// Once, a definition that could not be read ended the whole check, without its place.
#[test]
fn a_broken_definition_keeps_nothing_else_back() {
    let folder = folder();
    std::fs::write(folder.path().join("crd.yaml"), BROKEN_DEFINITION).expect("written");
    std::fs::write(folder.path().join("map.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\ndta: {}\n")
        .expect("written");
    insta::assert_snapshot!(Run::new(folder.path(), &["validate", "."]).run().shown(), @"
    exit code 1
    --- stderr
    error[schema/required]: `versions` is required
     --> ./crd.yaml:4:7
      |
    4 | spec: {group: example.org, scope: Namespaced, names: {kind: Thing, plural: things}}
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = object: CustomResourceDefinition things.example.org at /spec/versions
    error[schema/value]: exactly one version must have `storage: true`, 0 have
     --> ./crd.yaml:4:7
      |
    4 | spec: {group: example.org, scope: Namespaced, names: {kind: Thing, plural: things}}
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = object: CustomResourceDefinition things.example.org at /spec/versions
    error[schema/unknown-field]: unknown field `dta`
     --> ./map.yaml:4:1
      |
    4 | dta: {}
      | ^^^
      |
      = object: ConfigMap default/a at /dta
      = hint: did you mean `data`?
    2 objects checked, offline: 3 errors, 0 warnings
    ");
    insta::assert_snapshot!(Run::new(folder.path(), &["validate", "map.yaml", "--crd", "crd.yaml"]).run().shown(), @"
    exit code 1
    --- stderr
    error[schema/definition]: the CustomResourceDefinition `things.example.org` is not whole
     --> crd.yaml:1:1
      |
    1 | apiVersion: apiextensions.k8s.io/v1
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = object: CustomResourceDefinition things.example.org
      = hint: it needs `spec.group`, `spec.names.kind`, `spec.names.plural` and `spec.versions`
    error[schema/unknown-field]: unknown field `dta`
     --> map.yaml:4:1
      |
    4 | dta: {}
      | ^^^
      |
      = object: ConfigMap default/a at /dta
      = hint: did you mean `data`?
    1 object checked, offline: 2 errors, 0 warnings
    ");
}

/// Once, such objects were said to be none.
#[test]
fn objects_that_the_server_names_are_checked_and_cannot_be_applied() {
    let folder = folder();
    let job = "\
apiVersion: batch/v1
kind: Job
metadata:
  generateName: backup-
  namespace: default
spec:
  template:
    spec:
      containers: [{name: main, image: 'example.com/main:1', resources: {limits: {memory: 1Gi}}}]
";
    std::fs::write(folder.path().join("job.yaml"), [job, "---\n", job].concat()).expect("written");
    insta::assert_snapshot!(Run::new(folder.path(), &["validate", "job.yaml"]).run().shown(), @"
    exit code 1
    --- stderr
    error[schema/value]: must be `OnFailure` or `Never` here
     --> job.yaml:9:7
      |
    9 |       containers: [{name: main, image: 'example.com/main:1', resources: {limits: {memory: 1Gi}}}]
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = object: Job default/backup-00000 at /spec/template/spec/restartPolicy
      = hint: the default is `Always`
    error[schema/value]: must be `OnFailure` or `Never` here
      --> job.yaml:19:7
       |
    19 |       containers: [{name: main, image: 'example.com/main:1', resources: {limits: {memory: 1Gi}}}]
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = object: Job default/backup-00001 at /spec/template/spec/restartPolicy
       = hint: the default is `Always`
    2 objects checked, offline: 2 errors, 0 warnings
    ");
    insta::assert_snapshot!(Run::new(folder.path(), &["plan", "-f", "job.yaml", "--name", "jobs"]).run().shown(), @"
    exit code 2
    --- stderr
    error[manifest/not-an-object]: this Job leaves its name to the server, which makes a new object each time
     --> job.yaml:4:3
      |
    4 |   generateName: backup-
      |   ^^^^^^^^^^^^
      |
      = hint: write `name` instead of `generateName`
    error[manifest/not-an-object]: this Job leaves its name to the server, which makes a new object each time
      --> job.yaml:14:3
       |
    14 |   generateName: backup-
       |   ^^^^^^^^^^^^
       |
       = hint: write `name` instead of `generateName`
    error: the manifests cannot be read
    ");
}
