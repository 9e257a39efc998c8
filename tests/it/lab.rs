//! Real control planes, from nothing to nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use manifestgen::diag::{ErrorKind, NoProgress};
use manifestgen::lab::{self, ControlPlane, ControlPlaneOptions};
use manifestgen::live;
use manifestgen::manifest::{Object, ReleaseBuilder};
use manifestgen::process::Places;
use manifestgen::source::ConfigPath;
use serde_json::json;

use crate::lab_server;
use crate::parts::part;
use crate::process::{eventually, processes_of};

fn options(folder: &Path) -> ControlPlaneOptions {
    let mut options = ControlPlaneOptions::new(None);
    options.guard.program = env!("CARGO_BIN_EXE_manifestgen").into();
    folder.clone_into(&mut options.guard.scratch_parent);
    options
}

fn parts() -> bool {
    part("etcd").is_some() & part("kube-apiserver").is_some()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime").block_on(future)
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}

#[test]
fn two_control_planes_start_side_by_side_and_leave_nothing() {
    if !parts() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let options = options(folder.path());
    // Addresses of Services of both families, IPv6 first.
    let six = ControlPlaneOptions { service_cidr: "fd00:10:43::/112,10.43.0.0/16".to_owned(), ..options.clone() };
    block_on(async {
        let (four, six) = tokio::join!(ControlPlane::start(&options, &NoProgress), ControlPlane::start(&six, &NoProgress));
        let (four, six) = (four.expect("a control plane"), six.expect("another"));
        assert!(four.version().starts_with("v1."), "{}", four.version());
        assert_ne!(four.kubeconfig(), six.kubeconfig());
        let mode = fs::metadata(four.kubeconfig()).expect("a kubeconfig").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        for plane in [&four, &six] {
            for namespace in ["default", "kube-system"] {
                assert!(live::exists(&plane.client(), &format!("/api/v1/namespaces/{namespace}")).await, "{namespace}");
            }
        }
        four.stop().await.expect("cleaned up");
        six.stop().await.expect("cleaned up");
    });
    assert_eq!(entries(folder.path()), 0);
}

#[test]
fn a_release_is_judged_from_nothing_with_definitions_from_elsewhere() {
    if !parts() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let definition = |kind: &str, plural: &str| {
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": format!("{plural}.example.com")},
            "spec": {
                "group": "example.com", "scope": "Cluster", "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind},
                "conversion": {"strategy": "Webhook", "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": {"url": "https://127.0.0.1:1/convert"}}},
                "versions": (["v1", "v2"].map(|version| json!({
                    "name": version, "served": true, "storage": version == "v2",
                    "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}},
                }))),
            },
        })
    };
    let objects = ["v1", "v2"].map(|version| {
        let value =
            json!({"apiVersion": format!("example.com/{version}"), "kind": "Gadget", "metadata": {"name": version}, "spec": {"sise": 1}});
        Object::new("test", ConfigPath::root(), &value).expect("an object")
    });
    let release = ReleaseBuilder { objects: objects.to_vec(), ..ReleaseBuilder::default() }.finish("test");
    let definitions = [definition("Gadget", "gadgets"), definition("Unused", "unuseds")];
    let report = block_on(lab::validate(&release, &definitions, &options(folder.path()), &NoProgress)).expect("a report");
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.rule.as_str(), finding.path.as_deref())).collect();
    assert_eq!(found, [("schema/unknown-field", Some("/spec/sise")); 2]);
    assert_eq!(entries(folder.path()), 0);
}

#[test]
fn missing_parts_are_an_environment_error_before_anything_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ControlPlaneOptions { places: Places::default(), ..options(folder.path()) };
    let error = block_on(ControlPlane::start(&options, &NoProgress)).err().expect("no parts");
    assert_eq!(error.kind.exit_code(), 3);
    assert_eq!(error.hints.len(), 2, "{:?}", error.hints);
    assert_eq!(entries(folder.path()), 0);
}

#[test]
fn a_part_that_dies_is_named_with_its_last_words() {
    if !parts() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // The real kube-apiserver takes no such range.
    let options = ControlPlaneOptions { service_cidr: "10.43.0.0/99".to_owned(), ..options(folder.path()) };
    let error = block_on(ControlPlane::start(&options, &NoProgress)).err().expect("no control plane");
    assert_eq!(error.kind, ErrorKind::Environment);
    assert!(error.message.starts_with("`kube-apiserver` ended with exit code 1 before it was ready"), "{error}");
    let cause = error.source.as_ref().expect("its log").to_string();
    assert!(cause.contains("service-cluster-ip-range[0] is not a valid cidr"), "{cause}");
    assert_eq!(entries(folder.path()), 0);
}

#[test]
fn kill_9_of_the_owner_of_a_control_plane_leaves_nothing() {
    if !parts() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let ready = folder.path().join("ready");
    let moments = [50, 400, 1_000, 1_600, 2_400];
    let chosen = if std::env::var_os("MANIFESTGEN_SOAK").is_some() { &moments[..] } else { &moments[3..4] };
    for moment in chosen.iter().copied().map(Some).chain([None]) {
        let mut owner = lab_server::start(&ready, std::process::id(), None, folder.path());
        match moment {
            Some(milliseconds) => sleep(Duration::from_millis(milliseconds)),
            None => eventually("it serves", || ready.exists()),
        }
        owner.kill().expect("SIGKILL");
        owner.wait().expect("its end");
        let _ = fs::remove_file(&ready);
        eventually("no scratch folder", || entries(folder.path()) == 0);
        assert_eq!(processes_of(folder.path()), [""; 0]);
    }
}

#[test]
fn a_shared_control_plane_ends_with_the_process_that_it_was_started_for() {
    if !parts() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut stranger = Command::new("sleep").arg("1000").spawn().expect("a process");
    let ready = folder.path().join("ready");
    let mut owner = lab_server::start(&ready, stranger.id(), None, folder.path());
    eventually("it serves", || ready.exists());
    stranger.kill().expect("SIGKILL");
    stranger.wait().expect("its end");
    assert!(owner.wait().expect("its end").success());
    fs::remove_file(&ready).expect("removed");
    eventually("no scratch folder", || entries(folder.path()) == 0);
    assert_eq!(processes_of(folder.path()), [""; 0]);
}

#[test]
fn an_interrupted_run_ends_with_130_after_everything_is_gone() {
    if !parts() {
        return;
    }
    for signal in ["INT", "TERM"] {
        let folder = tempfile::tempdir().expect("a folder");
        let manifest = folder.path().join("manifest.yaml");
        fs::write(&manifest, "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n").expect("a manifest");
        let scratch = tempfile::tempdir().expect("a folder");
        let mut run = Command::new(env!("CARGO_BIN_EXE_manifestgen"))
            .args(["validate", "--server", "--quiet", "-f"])
            .arg(&manifest)
            .env("TMPDIR", scratch.path())
            .spawn()
            .expect("manifestgen starts");
        eventually("a part runs", || !processes_of(scratch.path()).is_empty());
        assert!(Command::new("kill").args(["-s", signal, &run.id().to_string()]).status().expect("kill runs").success());
        assert_eq!(run.wait().expect("its end").code(), Some(130), "SIG{signal}");
        assert_eq!(entries(scratch.path()), 0);
        assert_eq!(processes_of(scratch.path()), [""; 0]);
    }
}
