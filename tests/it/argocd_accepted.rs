//! Every variant of Argo CD is accepted by a real API server, with PodSecurity `restricted`, and the rules find nothing in it.

use manifestgen::config::Cluster;
use manifestgen::diag::NoProgress;
use manifestgen::live::{Mode, client_of, validate_on_server};
use manifestgen::render::{Selection, render};
use serde_json::{Value, json};

use crate::argocd::{cluster, everything, variants};
use crate::command::{Run, folder_with};
use crate::headscale::merged;
use crate::lab_server::kubeconfig;

/// Every variant, and every key at once for each version.
fn all() -> Vec<(String, Value)> {
    let plain = variants().map(|(name, section)| (name.to_owned(), section));
    let full = ["3.5.1", "2.13.2"].map(|version| (format!("everything {version}"), everything(version)));
    plain.into_iter().chain(full).collect()
}

#[test]
fn every_variant_is_accepted() {
    let Some(kubeconfig) = kubeconfig() else { return };
    let kubeconfig = serde_json::from_slice(&std::fs::read(kubeconfig).expect("a kubeconfig")).expect("JSON");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut refused = Vec::new();
    runtime.block_on(async {
        let client = client_of(kubeconfig).await.expect("a client");
        for (number, (name, section)) in all().into_iter().enumerate() {
            let own = json!({"namespace": format!("accepted-argocd-{number}")});
            let release = render(&cluster(&merged(&section, &own)), &Selection::default()).expect("a sealed release");
            let report = validate_on_server(&release, &client, Mode::Ephemeral, &NoProgress).await.expect("an answer");
            assert_eq!(report.objects, release.objects().len(), "{name}");
            refused.extend(report.findings.into_iter().map(|finding| format!("{name}: {}: {}", finding.rule, finding.message)));
            refused.extend(report.not_checked.into_iter().map(|not| format!("{name}: not checked: {}", not.reason)));
        }
    });
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// What the offline validation says about the whole release.
#[test]
fn no_rule_finds_anything() {
    for (name, section) in all() {
        let folder = folder_with(&json!({"cluster": {"name": "home"}, "argocd": section}).to_string());
        let ran = Run::new(folder.path(), &["validate"]).run();
        assert!(ran.code == 0 && ran.stderr.contains("no findings"), "{name}: {}", ran.stderr);
    }
}

/// The config checks say nothing against what the tests render.
#[test]
fn every_variant_is_a_config_without_problems() {
    for (name, section) in all() {
        let mut problems = manifestgen::config::Problems::new();
        let cluster: Cluster = cluster(&section);
        manifestgen::config::argocd::check(&cluster, &mut problems);
        let said: Vec<_> = problems.as_slice().iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect();
        assert!(said.is_empty(), "{name}: {said:?}");
    }
}
