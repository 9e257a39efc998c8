//! Components of k3s that are turned off.

use super::{k3s, settings};
use crate::config::{Cluster, DnsName, PACKAGED_COMPONENTS, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const RULE: &str = "config/disable";

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    names(&k3s("disable"), &cluster.k3s.disable, problems);
    if let Some(at) = cluster.k3s.disable.iter().position(|name| name.as_str() == "traefik").filter(|_| cluster.k3s.bundled_traefik) {
        let text = "`bundledTraefik` deploys the Traefik that this turns off";
        problems.error(k3s("disable").index(at), RULE, text, "remove one of the two").involving(k3s("bundledTraefik"));
    }
    for (path, own) in settings(cluster) {
        let Some(disable) = own.server.as_ref().and_then(|server| server.disable.as_ref()) else { continue };
        let path = path.key("server").key("disable");
        names(&path, disable, problems);
        if let Some(at) = disable.iter().position(|name| name.as_str() == "servicelb") {
            let text = "all servers must agree on `servicelb`";
            problems.error(path.index(at), RULE, text, "move it to `k3s.disable`");
        }
    }
}

fn names(path: &ConfigPath, names: &[DnsName], problems: &mut Problems) {
    for (at, name) in names.iter().enumerate().filter(|(_, name)| !PACKAGED_COMPONENTS.contains(&name.as_str())) {
        let text = format!("k3s brings no component `{name}`");
        let hint = match did_you_mean(name.as_str(), PACKAGED_COMPONENTS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "it brings {}; another name turns off a manifest of your own in its manifests folder",
                PACKAGED_COMPONENTS.join(", ")
            ),
        };
        problems.warning(path.index(at), RULE, text, hint);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::check;

    #[test]
    fn names_are_known_and_servicelb_stands_in_one_place() {
        let k3s = json!({"bundledTraefik": true, "disable": ["traefik", "treafik", "servicelb", "my-addon"]});
        let nodes = json!([{"name": "n", "role": "server", "k3s": {"server": {"disable": ["coredns", "servicelb"]}}}]);
        insta::assert_snapshot!(said(check, &cluster(k3s, nodes)), @"
        warning k3s.disable[1] config/disable: k3s brings no component `treafik`
        warning k3s.disable[3] config/disable: k3s brings no component `my-addon`
        error k3s.disable[0] config/disable: `bundledTraefik` deploys the Traefik that this turns off
        error nodes[0].k3s.server.disable[1] config/disable: all servers must agree on `servicelb`
        ");
    }
}
