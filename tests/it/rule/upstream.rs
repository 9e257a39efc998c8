//! Manifests that thousands of clusters run: nothing in them is an error.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use manifestgen::diag::Severity;
use manifestgen::manifest::Object;

use super::{findings, line, lines, objects};
use crate::parts::part;

/// The folder of a Go module; none where there is no Go.
pub(crate) fn module(name: &str) -> Option<PathBuf> {
    let go = part("go")?;
    let output = Command::new(go).args(["mod", "download", "-json", name]).current_dir("/").output().expect("go runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    Some(PathBuf::from(answer["Dir"].as_str().expect("a folder")))
}

fn read(file: &Path) -> Vec<Object> {
    objects(&fs::read_to_string(file).expect("a file of the module"))
}

/// All YAML files of a folder.
fn read_folder(folder: &Path) -> Vec<Object> {
    let mut files: Vec<_> = fs::read_dir(folder).expect("a folder of the module").flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn assert_no_errors(objects: &[Object]) {
    let found = findings(objects);
    let errors: Vec<_> = found.iter().filter(|finding| finding.severity == Severity::Error).map(line).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

#[test]
fn argo_cd() {
    let Some(module) = module("github.com/argoproj/argo-cd/v3@v3.5.1") else { return };
    let manifests = module.join("manifests");
    let install = read(&manifests.join("install.yaml"));
    assert_eq!(install.len(), 59);
    insta::assert_snapshot!(lines(&findings(&install)), @r"
    warning size/annotation CustomResourceDefinition applicationsets.argoproj.io /metadata/name: client-side apply would need 343297 bytes of annotations; 262144 are allowed
    warning reference/governing-service StatefulSet argocd-application-controller /spec/serviceName: Service `argocd-application-controller` is not there
    ");
    for file in ["ha/install.yaml", "core-install.yaml", "namespace-install.yaml", "ha/namespace-install.yaml"] {
        assert_no_errors(&read(&manifests.join(file)));
    }
}

#[test]
fn cert_manager_and_gateway_definitions() {
    let Some(module_folder) = module("github.com/cert-manager/cert-manager@v1.21.2") else { return };
    assert_no_errors(&read_folder(&module_folder.join("deploy/crds")));
    let Some(module_folder) = module("sigs.k8s.io/gateway-api@v1.6.3") else { return };
    let standard = read_folder(&module_folder.join("config/crd/standard"));
    assert!(standard.len() > 5);
    assert_no_errors(&standard);
}
