//! What Argo CD's own install manifests carry as data.

use std::sync::LazyLock;

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

/// Keys of the hosts that everybody uses, as upstream ships them, and then one's own: the files of `argocd-ssh-known-hosts-cm`, by name; none for
/// an unknown minor.
#[must_use]
pub fn argocd_known_hosts(minor: &str, own: &[String]) -> Option<std::collections::BTreeMap<String, String>> {
    let mut files = argocd_files(minor, "argocd-ssh-known-hosts-cm")?;
    for text in files.values_mut() {
        for line in own {
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(line.trim());
            text.push('\n');
        }
    }
    Some(files)
}

/// A CRD of Argo CD in two parts.
#[derive(Debug)]
pub struct ArgocdCrd {
    /// The object without descriptions and without `spec.versions`.
    pub beginning: Value,
    /// The lines of `spec.versions`, the last field of `spec`, as the room `yaml` writes them.
    pub versions: &'static str,
}

/// For each CRD a line of JSON, its beginning, and the lines of its versions; `---` parts one from the next.
static CRDS: [(&str, LazyLock<String>); 2] = [
    ("2.13", LazyLock::new(|| text::decompress(include_bytes!("../../data/argocd/crds-2.13.zst")))),
    (NEWEST, LazyLock::new(|| text::decompress(include_bytes!("../../data/argocd/crds-3.5.zst")))),
];

const NEWEST: &str = "3.5";

/// Unpacks the CRDs of the newest version.
pub(super) fn unpack_ahead() {
    let _ = crds(NEWEST);
}

fn crds(minor: &str) -> Option<&'static str> {
    CRDS.iter().find(|(known, _)| *known == minor).map(|(_, text)| text.as_str())
}

/// A CRD of Argo CD; none for an unknown one.
#[must_use]
pub fn argocd_crd(minor: &str, name: &str) -> Option<ArgocdCrd> {
    crds(minor)?.split("---\n").find_map(|crd| {
        let (beginning, versions) = crd.split_once('\n')?;
        let beginning: Value = serde_json::from_str(beginning).ok()?;
        (beginning["metadata"]["name"] == name).then_some(ArgocdCrd { beginning, versions })
    })
}

/// The value of a CRD's `spec.versions`; none for an unknown one.
#[must_use]
pub fn argocd_crd_versions(minor: &str, name: &str) -> Option<Value> {
    let embedded = || super::embedded_crds().iter().find(|crd| crd.name == name).map(|crd| crd.json);
    let json = argocd(minor, name).or_else(|| embedded().filter(|_| minor == NEWEST))?;
    let mut crd: Value = serde_json::from_str(json).ok()?;
    Some(crd.pointer_mut("/spec/versions")?.take())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        for minor in ["2.13", "3.5"] {
            assert!(argocd_files(minor, "argocd-ssh-known-hosts-cm").expect("there")["ssh_known_hosts"].contains("github.com ssh-ed25519"));
            for name in ["applications.argoproj.io", "applicationsets.argoproj.io", "appprojects.argoproj.io"] {
                assert_eq!(argocd_crd(minor, name).expect("there").beginning["metadata"]["name"], name);
                assert!(argocd_crd_versions(minor, name).expect("there").is_array());
            }
        }
        assert!(argocd_files("3.5", "argocd-redis-ha-configmap").expect("there").contains_key("init.sh"));
        assert!(argocd("3.5", "argocd").is_none());
    }
}
