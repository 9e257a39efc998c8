//! Every variant of Argo CD is accepted by a real API server, with PodSecurity `restricted`, and the rules find nothing in it.

use manifestgen::config::Cluster;
use manifestgen::render::{Selection, render};
use serde_json::{Value, json};

use crate::argocd::{cluster, everything, variants};
use crate::headscale::merged;
use crate::lab_server::{complaints, refusals};

/// Every variant, and every key at once for each version.
fn all() -> Vec<(String, Value)> {
    let plain = variants().map(|(name, section)| (name.to_owned(), section));
    let full = ["3.5.1", "2.13.2"].map(|version| (format!("everything {version}"), everything(version)));
    plain.into_iter().chain(full).collect()
}

#[test]
fn every_variant_is_accepted() {
    let releases = all().into_iter().enumerate().map(|(number, (name, section))| {
        let own = json!({"namespace": format!("accepted-argocd-{number}")});
        (name, render(&cluster(&merged(&section, &own)), &Selection::default()).expect("a sealed release"))
    });
    let Some(refused) = refusals(&[], releases) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// What the offline validation says about the whole release.
#[test]
fn no_rule_finds_anything() {
    let configs = all().into_iter().map(|(name, section)| (name, json!({"cluster": {"name": "home"}, "argocd": section})));
    assert_eq!(complaints(configs), [""; 0]);
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
