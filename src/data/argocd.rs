//! What Argo CD's own install manifests carry as data.

use std::sync::{LazyLock, Mutex};

use serde_json::Value;

use super::text;

static TEXT: LazyLock<String> = LazyLock::new(|| text::decompress(include_bytes!("../../data/argocd/argocd.zst")));

/// The JSON text of a row: of a CRD of Argo CD the whole object without descriptions, of a ConfigMap its `data`. None for an unknown one.
///
/// The CRDs of the newest version are among [`super::embedded_crds`] instead.
#[must_use]
fn argocd(minor: &str, name: &str) -> Option<&'static str> {
    TEXT.lines().find_map(|row| row.strip_prefix(minor)?.strip_prefix('\t')?.strip_prefix(name)?.strip_prefix('\t'))
}

/// The files of a ConfigMap of Argo CD, by name; none for an unknown one.
#[must_use]
pub fn argocd_files(minor: &str, name: &str) -> Option<std::collections::BTreeMap<String, String>> {
    serde_json::from_str(argocd(minor, name)?).ok()
}

/// The largest definition of the newest version, which is read ahead: a third of a render waits for it otherwise.
static LARGEST: LazyLock<Mutex<Option<Value>>> = LazyLock::new(|| Mutex::new(read(NEWEST, LARGEST_NAME)));

const NEWEST: &str = "3.5";
const LARGEST_NAME: &str = "applicationsets.argoproj.io";

/// Reads what [`argocd_crd`] is asked for most and takes longest.
pub(super) fn read_ahead() {
    LazyLock::force(&LARGEST);
}

/// A CRD of Argo CD as a whole object; none for an unknown one.
#[must_use]
pub fn argocd_crd(minor: &str, name: &str) -> Option<Value> {
    let is_ahead = minor == NEWEST && name == LARGEST_NAME;
    // Whoever comes first has it; a copy takes as long as to read it.
    let ahead = is_ahead.then(|| LARGEST.lock().ok()?.take()).flatten();
    ahead.or_else(|| read(minor, name))
}

fn read(minor: &str, name: &str) -> Option<Value> {
    let embedded = || super::embedded_crds().iter().find(|crd| crd.name == name).map(|crd| crd.json);
    serde_json::from_str(argocd(minor, name).or_else(embedded)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        for minor in ["2.13", "3.5"] {
            assert!(argocd_files(minor, "argocd-ssh-known-hosts-cm").expect("there")["ssh_known_hosts"].contains("github.com ssh-ed25519"));
            for name in ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"] {
                assert_eq!(argocd_crd(minor, name).expect("there")["metadata"]["name"], name);
            }
        }
        assert!(argocd_files("3.5", "argocd-redis-ha-configmap").expect("there").contains_key("init.sh"));
        assert!(argocd("3.5", "argocd").is_none());
    }
}
