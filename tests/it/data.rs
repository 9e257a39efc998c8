//! The embedded data is what the generator makes of the Go modules.

#[path = "../../examples/generate_data/argocd.rs"]
mod argocd;
#[path = "../../examples/generate_data/bundle.rs"]
mod bundle;
#[path = "../../examples/generate_data/crds.rs"]
mod crds;
#[path = "../../examples/generate_data/enums.rs"]
mod enums;
#[path = "../../examples/generate_data/gomod.rs"]
mod gomod;
#[path = "../../examples/generate_data/kubernetes.rs"]
mod kubernetes;

use std::fs;
use std::path::Path;

use manifestgen::versions::KUBERNETES_MINORS;
use manifestgen::{data, yaml};
use serde_json::json;

use crate::parts::part;

#[test]
fn the_same_modules_give_the_same_bytes() {
    if part("go").is_none() {
        return;
    }
    let openapi = kubernetes::generate().expect("the generator runs").into_iter().map(|file| ("openapi", file));
    let crds = crds::generate().expect("the generator runs").into_iter().map(|file| ("crds", file));
    let argocd = argocd::generate().expect("the generator runs").into_iter().map(|file| ("argocd", file));
    for (folder, (name, bytes)) in openapi.chain(crds).chain(argocd) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(folder).join(name);
        let committed = fs::read(&path).expect("the data is committed");
        assert!(committed == bytes, "{} is stale: run `cargo run --example generate_data`", path.display());
    }
}

#[test]
fn generator_and_library_name_the_same_versions() {
    let minors = kubernetes::VERSIONS.map(|version| data::kubernetes(version).expect("known").minor());
    assert_eq!(minors, KUBERNETES_MINORS);
}

#[test]
fn versions_written_beforehand_are_what_the_writer_makes_of_their_value() {
    for minor in ["2.13", "3.5"] {
        for name in ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"] {
            let crd = data::argocd_crd(minor, name).expect("there");
            let versions = data::argocd_crd_versions(minor, name).expect("there");
            let text = yaml::to_string(&json!({"spec": {"versions": versions}})).expect("YAML");
            assert!(text.strip_prefix("spec:\n") == Some(crd.versions), "{name} of {minor}: run `cargo run --example generate_data`");
            // They follow `spec` directly.
            assert_eq!(crd.beginning.as_object().and_then(|fields| fields.keys().next_back()).map(String::as_str), Some("spec"));
        }
    }
}
