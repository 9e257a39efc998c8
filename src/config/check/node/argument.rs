//! Flags that k3s passes on to Kubernetes' components.

use super::settings;
use crate::config::{Cluster, Problems};
use crate::source::ConfigPath;

pub(super) fn check(cluster: &Cluster, problems: &mut Problems) {
    for (path, own) in settings(cluster) {
        for (key, arguments) in [("kubeletArg", &own.kubelet_arg), ("kubeProxyArg", &own.kube_proxy_arg)] {
            each(&path.key(key), arguments.as_deref(), problems);
        }
        let Some(server) = &own.server else { continue };
        let of_server = [
            ("kubeApiserverArg", &server.kube_apiserver_arg),
            ("etcdArg", &server.etcd_arg),
            ("kubeSchedulerArg", &server.kube_scheduler_arg),
            ("kubeControllerManagerArg", &server.kube_controller_manager_arg),
            ("kubeCloudControllerManagerArg", &server.kube_cloud_controller_manager_arg),
        ];
        for (key, arguments) in of_server {
            each(&path.key("server").key(key), arguments.as_deref(), problems);
        }
    }
}

fn each(path: &ConfigPath, arguments: Option<&[String]>, problems: &mut Problems) {
    for (at, argument) in arguments.unwrap_or_default().iter().enumerate().filter(|(_, argument)| !is_flag(argument)) {
        let text = format!("`{argument}` is no flag with its value");
        let hint = match argument.trim_start_matches('-').split_once(' ') {
            Some((name, value)) if is_flag(name) => format!("write `{name}={}`", value.trim()),
            _ => "write `name=value`, such as `max-pods=200`".to_owned(),
        };
        problems.error(path.index(at), "config/value", text, hint);
    }
}

/// `name=value` or `name`, with `--` before it or not; `name+=value` and `name-=value` add to k3s' own value (k3s' `GetArgs`).
fn is_flag(argument: &str) -> bool {
    let argument = argument.strip_prefix("--").unwrap_or(argument);
    let name = argument.split_once('=').map_or(argument, |(name, _)| name);
    let name = name.strip_suffix(['+', '-']).unwrap_or(name);
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{cluster, said};
    use super::*;

    #[test]
    fn flags_of_components_have_a_form() {
        for fine in
            ["max-pods=200", "--max-pods=200", "feature-gates=A=true,B=false", "v", "audit-policy-file+=a b", "tls-cipher-suites-=X"]
        {
            assert!(is_flag(fine), "{fine}");
        }
        for wrong in ["", "max-pods 200", "-v", "=x", "--", "a b=c"] {
            assert!(!is_flag(wrong), "{wrong}");
        }
    }

    #[test]
    fn each_is_shown_at_its_place() {
        let nodes = json!([{"name": "n", "k3s": {"kubeletArg": ["a=1", "max-pods 200"], "server": {"etcdArg": ["="]}}}]);
        let defaults = json!({"defaults": {"kubeProxyArg": ["-x"]}});
        insta::assert_snapshot!(said(check, &cluster(defaults, nodes)), @"
        error k3s.defaults.kubeProxyArg[0] config/value: `-x` is no flag with its value
        error nodes[0].k3s.kubeletArg[1] config/value: `max-pods 200` is no flag with its value
        error nodes[0].k3s.server.etcdArg[0] config/value: `=` is no flag with its value
        ");
    }
}
