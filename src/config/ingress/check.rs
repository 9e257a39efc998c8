//! What a schema cannot say about the section: routes that no request or no form fits, and settings of components that contradict them.

mod component;
mod controller;
mod form;
mod overlap;
mod port;
mod tls;

pub use port::node_ports;

use super::{Ingress, Route, well_known};
use crate::config::{Cluster, Problem, Problems};
use crate::diag::did_you_mean;
use crate::source::ConfigPath;

const ROUTE: &str = "config/ingress-route";

/// Checks the section, where there is one.
pub fn check(cluster: &Cluster, problems: &mut Problems) {
    let Some(ingress) = &cluster.ingress else { return };
    let mut check = Check { cluster, ingress, problems };
    let topics: [fn(&mut Check<'_>); 7] =
        [routes, controller::check, form::check, tls::check, port::check, overlap::check, component::check];
    for topic in topics {
        topic(&mut check);
    }
}

/// What the topics work on.
struct Check<'a> {
    cluster: &'a Cluster,
    ingress: &'a Ingress,
    problems: &'a mut Problems,
}

impl Check<'_> {
    fn error(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.problems.error(path, rule, message, hint)
    }

    fn warning(&mut self, path: ConfigPath, rule: &'static str, message: impl Into<String>, hint: impl Into<String>) -> &mut Problem {
        self.problems.warning(path, rule, message, hint)
    }
}

/// The path of a value in the section.
fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> ConfigPath {
    keys.into_iter().fold(ConfigPath::of(["ingress"]), |path, key| path.key(key))
}

/// The path of a route's entry.
fn route(number: usize) -> ConfigPath {
    at(["routes"]).index(number)
}

/// Services and middlewares that routes name.
fn routes(check: &mut Check<'_>) {
    let ingress = check.ingress;
    for (number, entry) in ingress.routes.iter().enumerate() {
        service(check, number, entry);
        for (place, name) in entry.middlewares.iter().enumerate() {
            if ingress.middlewares.iter().any(|middleware| middleware.name == *name) {
                continue;
            }
            let names = ingress.middlewares.iter().map(|middleware| middleware.name.as_str());
            let hint = did_you_mean(name.as_str(), names)
                .map_or_else(|| "define it in `ingress.middlewares`".to_owned(), |near| format!("did you mean `{near}`?"));
            check.error(route(number).key("middlewares").index(place), ROUTE, format!("there is no middleware `{name}`"), hint);
        }
    }
}

fn service(check: &mut Check<'_>, number: usize, entry: &Route) {
    if entry.service.is_some() {
        return;
    }
    let name = entry.name.as_str();
    match well_known::of(name) {
        None => {
            let names = well_known::ALL.iter().map(|known| known.name);
            let known = names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let hint = format!("add `service` with `name`, `namespace` and `port`; only routes named {known} know theirs");
            check.error(route(number), ROUTE, format!("the route `{name}` leads to no Service"), hint);
        }
        Some(known) if (known.service)(check.cluster).is_none() => {
            let section = if name == "headlamp" { "dashboard.headlamp" } else { name };
            let hint = format!("add the section `{section}`, or say in `service` where the route leads to");
            check.error(route(number), ROUTE, format!("the route `{name}` leads to a component that is not on"), hint);
        }
        Some(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::config::ingress::settle;
    use crate::diag::Severity;

    /// What the checks say about a section, after the components were set by it.
    pub(super) fn said(rest: Value, ingress: Value) -> String {
        let mut config = json!({"cluster": {"name": "c"}, "ingress": ingress});
        let (Value::Object(config_map), Value::Object(rest)) = (&mut config, rest) else { panic!("mappings") };
        config_map.extend(rest);
        let cluster = settle(serde_json::from_value(config).expect("a cluster"));
        let mut problems = Problems::new();
        check(&cluster, &mut problems);
        let line = |problem: &Problem| {
            let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
            assert!(!problem.message.ends_with('.') && !problem.hint.ends_with('.'), "{problem:?}");
            format!("{severity} {} {}: {}\n  -> {}\n", problem.path, problem.rule, problem.message, problem.hint)
        };
        problems.as_slice().iter().map(line).collect()
    }

    #[test]
    fn a_route_leads_somewhere() {
        let ingress = json!({
            "middlewares": [{"name": "only-home", "spec": {}}],
            "routes": [
                {"name": "shop"},
                {"name": "argocd"},
                {"name": "a", "path": "/a", "service": {"name": "a", "port": 80}, "middlewares": ["only-hom", "only-home"]},
            ],
        });
        insta::assert_snapshot!(said(json!({}), ingress), @"
        error ingress.routes[0] config/ingress-route: the route `shop` leads to no Service
          -> add `service` with `name`, `namespace` and `port`; only routes named `argocd`, `dashboard`, `grafana`, `headlamp`, `headscale` know theirs
        error ingress.routes[1] config/ingress-route: the route `argocd` leads to a component that is not on
          -> add the section `argocd`, or say in `service` where the route leads to
        error ingress.routes[2].middlewares[0] config/ingress-route: there is no middleware `only-hom`
          -> did you mean `only-home`?
        ");
    }
}
