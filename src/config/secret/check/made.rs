//! How values are made.

use std::collections::BTreeSet;

use super::{RULE, at};
use crate::config::{Cluster, Encoding, Make, Problems};
use crate::diag::did_you_mean;

/// Below this many bits of chance a value can be guessed.
const WEAK: f64 = 64.0;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (number, secret) in cluster.secrets.iter().enumerate() {
        let path = at(number).key("make");
        match &secret.make {
            Make::Random { alphabet, encoding, .. } => {
                if let Some(alphabet) = alphabet {
                    let letters: BTreeSet<char> = alphabet.chars().collect();
                    if letters.len() < alphabet.chars().count() {
                        let text = format!("the alphabet of `{}` holds a character twice", secret.name);
                        problems.error(path.key("alphabet"), RULE, text, "name each character once");
                    }
                    if alphabet.chars().any(char::is_control) {
                        let text = format!("the alphabet of `{}` holds a control character", secret.name);
                        problems.error(path.key("alphabet"), RULE, text, "");
                    }
                    if *encoding != Encoding::Alphanumeric {
                        let text = format!("`{}` has both an alphabet and an encoding", secret.name);
                        problems.error(path.key("encoding"), RULE, text, "leave one of them out");
                    }
                }
                if secret.make.strength().is_some_and(|bits| bits < WEAK) {
                    let text = format!("a value of `{}` could be guessed", secret.name);
                    problems.warning(path.key("length"), RULE, text, "make it longer: 32 is the default");
                }
            }
            Make::Tls { ca, .. } => {
                let authorities = || cluster.secrets.iter().filter(|other| matches!(other.make, Make::TlsCa { .. }));
                if !authorities().any(|other| other.name == *ca) {
                    let near = did_you_mean(ca.as_str(), authorities().map(|other| other.name.as_str()));
                    let hint = near.map_or_else(
                        || format!("add `- {{name: {ca}, make: {{type: tls-ca}}}}` to `secrets`"),
                        |near| format!("did you mean `{near}`?"),
                    );
                    problems.error(path.key("ca"), RULE, format!("no secret of type `tls-ca` has the name `{ca}`"), hint);
                }
            }
            Make::Given | Make::NoiseKey | Make::WireguardKey | Make::SshKey { .. } | Make::TlsCa { .. } => {}
        }
        unused(cluster, number, problems);
    }
}

/// A secret that nothing uses is one more thing that can leak.
fn unused(cluster: &Cluster, number: usize, problems: &mut Problems) {
    let secret = &cluster.secrets[number];
    let signs = cluster.secrets.iter().any(|other| matches!(&other.make, Make::Tls { ca, .. } if *ca == secret.name));
    // `mesh` reads it from where it is decrypted to.
    let is_of_mesh = cluster.mesh_nodes().any(|(_, node, _)| cluster.mesh_secret_name(node) == secret.name.as_str());
    if secret.deliver.is_empty() && secret.nodes.is_empty() && !signs && !is_of_mesh {
        let text = format!("nothing uses the secret `{}`", secret.name);
        problems.warning(at(number), RULE, text, "say where it goes with `deliver`, or which `nodes` decrypt it, or remove it");
    }
}
