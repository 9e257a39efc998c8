//! Ports of the controller.

use super::{Check, at, route};
use crate::config::headscale::ServiceType;
use crate::config::ingress::{Ingress, Protocol};
use crate::source::ConfigPath;

const PORT: &str = "config/ingress-port";

/// The NodePorts of the controller's Service, with the keys that set them and their protocols.
#[must_use]
pub fn node_ports(ingress: &Ingress) -> Vec<(ConfigPath, &'static str, u16)> {
    let service = &ingress.controller.service;
    let rows = [("httpNodePort", service.http_node_port), ("httpsNodePort", service.https_node_port)];
    rows.into_iter().filter_map(|(key, port)| Some((at(["controller", "service", key]), "TCP", port?.0))).collect()
}

pub(super) fn check(check: &mut Check<'_>) {
    let ingress = check.ingress;
    let service = &ingress.controller.service;
    if service.r#type != ServiceType::NodePort {
        for (path, _, _) in node_ports(ingress) {
            let text = format!("a Service of type `{}` is not asked for a NodePort here", service.r#type.as_str());
            check.error(path, PORT, text, "set `type: NodePort`, or remove it").involving(at(["controller", "service", "type"]));
        }
    }
    if service.http_port == service.https_port {
        let text = format!("HTTP and HTTPS cannot share port {}", service.http_port);
        check.error(at(["controller", "service", "httpsPort"]), PORT, text, "choose another port");
    }
    let mut raw: Vec<(usize, u16)> = Vec::new();
    for (number, entry) in ingress.routes.iter().enumerate() {
        let Some(port) = entry.listen_port else {
            if entry.protocol == Protocol::Tcp {
                let text = "TCP has neither hosts nor paths, so the route needs a port of its own";
                check.error(route(number).key("protocol"), PORT, text, "set `listenPort`");
            }
            continue;
        };
        if port == service.http_port || port == service.https_port {
            let text = format!("port {port} is the one of all routes");
            check.error(route(number).key("listenPort"), PORT, text, "remove `listenPort`, or choose another port");
        }
        if entry.protocol == Protocol::Tcp {
            tcp(check, number);
            raw.push((number, port.0));
        }
    }
    shared(check, &raw);
}

/// What means nothing for TCP.
fn tcp(check: &mut Check<'_>, number: usize) {
    let entry = &check.ingress.routes[number];
    let passes = entry.tls.as_ref().is_some_and(|tls| tls.passthrough);
    let rows = [
        ("host", entry.host.is_some() && !passes),
        ("path", entry.path.is_some()),
        ("stripPrefix", entry.strip_prefix),
        ("middlewares", !entry.middlewares.is_empty()),
        ("retries", entry.retries.is_some()),
        ("healthCheck", entry.health_check.is_some()),
        ("grpc", entry.grpc == Some(true)),
    ];
    for (key, _) in rows.into_iter().filter(|(_, set)| *set) {
        let text = format!("`{key}` means nothing for TCP");
        check.error(route(number).key(key), PORT, text, format!("remove `{key}`, or use `protocol: http`"));
    }
}

/// A port whose connections all go to one Service has room for nothing else.
fn shared(check: &mut Check<'_>, raw: &[(usize, u16)]) {
    for (number, port) in raw {
        let routes = check.ingress.routes.iter().enumerate();
        let other = routes.clone().find(|(other, entry)| {
            let later = entry.protocol == Protocol::Tcp && other < number;
            other != number && entry.listen_port.is_some_and(|own| own.0 == *port) && (later || entry.protocol == Protocol::Http)
        });
        if let Some((other, entry)) = other {
            let text = format!("every connection to port {port} goes to one Service, and the route `{}` has that port, too", entry.name);
            check.error(route(*number).key("listenPort"), PORT, text, "choose another port").involving(route(other).key("listenPort"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::said;

    #[test]
    fn a_port_has_one_meaning() {
        let service = json!({"name": "a", "port": 80});
        let ingress = json!({
            "controller": {"service": {"httpsPort": 80, "httpNodePort": 30000}},
            "routes": [
                {"name": "lost", "protocol": "tcp", "service": service},
                {"name": "web", "listenPort": 80, "service": service},
                {"name": "a", "listenPort": 2555, "protocol": "tcp", "host": "a.internal", "service": service},
                {"name": "b", "listenPort": 2555, "protocol": "tcp", "service": service},
                {"name": "c", "listenPort": 9000, "path": "/c", "service": service},
                {"name": "d", "listenPort": 9000, "path": "/d", "service": service},
            ],
        });
        insta::assert_snapshot!(said(json!({}), ingress), @"
        error ingress.controller.service.httpNodePort config/ingress-port: a Service of type `LoadBalancer` is not asked for a NodePort here
          -> set `type: NodePort`, or remove it
        error ingress.controller.service.httpsPort config/ingress-port: HTTP and HTTPS cannot share port 80
          -> choose another port
        error ingress.routes[0].protocol config/ingress-port: TCP has neither hosts nor paths, so the route needs a port of its own
          -> set `listenPort`
        error ingress.routes[1].listenPort config/ingress-port: port 80 is the one of all routes
          -> remove `listenPort`, or choose another port
        error ingress.routes[2].host config/ingress-port: `host` means nothing for TCP
          -> remove `host`, or use `protocol: http`
        error ingress.routes[3].listenPort config/ingress-port: every connection to port 2555 goes to one Service, and the route `a` has that port, too
          -> choose another port
        ");
    }
}
