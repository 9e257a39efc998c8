//! Settings of the controller that something else decides.

use super::{Check, at};
use crate::config::ingress::{Controller, ControllerType};
use crate::source::ConfigPath;

const CONTROLLER: &str = "config/ingress-controller";

pub(super) fn check(check: &mut Check<'_>) {
    let (ingress, k3s) = (check.ingress, &check.cluster.k3s);
    let controller = &ingress.controller;
    if controller.r#type == ControllerType::Nginx && controller.class.is_none() {
        check.warning(
            at(["controller", "type"]),
            CONTROLLER,
            "the community's ingress-nginx is retired since March 2026; other controllers of the class `nginx`, such as F5's NGINX Ingress \
             Controller, go on",
            "use `traefik` or `gateway`; or set `controller.class: nginx` to say that a maintained controller of this class is there",
        );
    }
    if ingress.uses_bundled_traefik(check.cluster) {
        let defaults = Controller::default();
        let elsewhere = controller.namespace.as_ref().is_some_and(|namespace| namespace.as_str() != "kube-system");
        for (key, _) in [("image", controller.image.is_some()), ("namespace", elsewhere)].into_iter().filter(|(_, set)| *set) {
            let text = format!("`controller.{key}` is about a Traefik of our own, and `k3s.bundledTraefik` uses the one that k3s brings");
            let problem = check.error(at(["controller", key]), CONTROLLER, text, "remove one of the two");
            problem.involving(ConfigPath::of(["k3s", "bundledTraefik"]));
        }
        if k3s.disable_helm_controller {
            let text = "k3s installs its Traefik by its Helm controller, which is off";
            let path = ConfigPath::of(["k3s", "disableHelmController"]);
            check.error(path, CONTROLLER, text, "remove `k3s.bundledTraefik` or `k3s.disableHelmController`");
        }
        if controller.class().as_str() != defaults.class().as_str() {
            let text = format!("the class of k3s' Traefik is `traefik`, not `{}`", controller.class());
            check.error(at(["controller", "class"]), CONTROLLER, text, "remove `class`");
        }
    } else if !controller.values.is_empty() {
        let text = "`controller.values` are values of the chart of k3s' own Traefik, which is not used here";
        check.error(at(["controller", "values"]), CONTROLLER, text, "set `k3s.bundledTraefik: true`, or remove `values`");
    }
    if let Some(first) = ingress.middlewares.first().filter(|_| !ingress.is_traefik()) {
        let text = format!("the middleware `{}` is one of Traefik's, and no Traefik answers here", first.name);
        check.error(at(["middlewares"]).index(0), CONTROLLER, text, "use `controller.type: traefik`, or remove it");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::said;

    #[test]
    fn the_controller_is_one() {
        let k3s = json!({"k3s": {"bundledTraefik": true, "disableHelmController": true}});
        let controller = json!({"image": "docker.io/library/traefik:v3.6.11", "namespace": "traefik", "class": "other"});
        insta::assert_snapshot!(said(k3s, json!({"controller": controller})), @"
        error ingress.controller.image config/ingress-controller: `controller.image` is about a Traefik of our own, and `k3s.bundledTraefik` uses the one that k3s brings
          -> remove one of the two
        error ingress.controller.namespace config/ingress-controller: `controller.namespace` is about a Traefik of our own, and `k3s.bundledTraefik` uses the one that k3s brings
          -> remove one of the two
        error k3s.disableHelmController config/ingress-controller: k3s installs its Traefik by its Helm controller, which is off
          -> remove `k3s.bundledTraefik` or `k3s.disableHelmController`
        error ingress.controller.class config/ingress-controller: the class of k3s' Traefik is `traefik`, not `other`
          -> remove `class`
        ");
        let controller = json!({"type": "nginx", "values": {"a": 1}});
        insta::assert_snapshot!(said(json!({}), json!({"controller": controller, "middlewares": [{"name": "a", "spec": {}}]})), @"
        warning ingress.controller.type config/ingress-controller: the community's ingress-nginx is retired since March 2026; other controllers of the class `nginx`, such as F5's NGINX Ingress Controller, go on
          -> use `traefik` or `gateway`; or set `controller.class: nginx` to say that a maintained controller of this class is there
        error ingress.controller.values config/ingress-controller: `controller.values` are values of the chart of k3s' own Traefik, which is not used here
          -> set `k3s.bundledTraefik: true`, or remove `values`
        error ingress.middlewares[0] config/ingress-controller: the middleware `a` is one of Traefik's, and no Traefik answers here
          -> use `controller.type: traefik`, or remove it
        ");
    }
}
