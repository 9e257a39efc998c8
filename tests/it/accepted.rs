//! Every combination of the primer's choices is accepted by a real API server, whole releases at a time.

use manifestgen::diag::NoProgress;
use manifestgen::live::{Mode, client_of, validate_on_server};
use manifestgen::render::{Selection, render};
use serde_json::json;

use crate::headscale::{cluster, merged};
use crate::headscale_matrix::combinations;
use crate::lab_server::kubeconfig;

/// NodePorts from here on belong to this test: the server is shared.
const FIRST_PORT: usize = 31_000;

#[test]
fn every_combination_of_the_primer_is_accepted() {
    let Some(kubeconfig) = kubeconfig() else { return };
    let kubeconfig = serde_json::from_slice(&std::fs::read(kubeconfig).expect("a kubeconfig")).expect("JSON");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut refused = Vec::new();
    runtime.block_on(async {
        let client = client_of(kubeconfig).await.expect("a client");
        for (number, (name, section)) in combinations().into_iter().enumerate() {
            let port = FIRST_PORT + 2 * number;
            let own = json!({"namespace": format!("accepted-{number}"), "service": {"nodePort": port, "stunNodePort": port + 1}});
            let release = render(&cluster(&merged(&section, &own)), &Selection::default()).expect("a sealed release");
            let report = validate_on_server(&release, &client, Mode::Ephemeral, &NoProgress).await.expect("an answer");
            assert_eq!(report.objects, release.objects().len(), "{name}");
            refused.extend(report.findings.into_iter().map(|finding| format!("{name}: {}: {}", finding.rule, finding.message)));
            refused.extend(report.not_checked.into_iter().map(|not| format!("{name}: not checked: {}", not.reason)));
        }
    });
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
