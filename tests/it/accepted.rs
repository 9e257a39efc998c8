//! Every combination of the primer's choices is accepted by a real API server, whole releases at a time.

use manifestgen::render::{Selection, render};
use serde_json::json;

use crate::headscale::{cluster, merged};
use crate::headscale_matrix::combinations;
use crate::lab_server::refusals;

/// NodePorts from here on belong to this test: the server is shared.
const FIRST_PORT: usize = 31_000;

#[test]
fn every_combination_of_the_primer_is_accepted() {
    let releases = combinations().into_iter().enumerate().map(|(number, (name, section))| {
        let port = FIRST_PORT + 2 * number;
        let own = json!({"namespace": format!("accepted-{number}"), "service": {"nodePort": port, "stunNodePort": port + 1}});
        (name, render(&cluster(&merged(&section, &own)), &Selection::default()).expect("a sealed release"))
    });
    let Some(refused) = refusals(&[], releases) else { return };
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
