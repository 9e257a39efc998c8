//! What Traefik does with requests on their way. A Middleware is made in each namespace whose routes name it, so that no form has to reach
//! into another namespace.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Context, Output, at, resource};
use crate::config::ingress::{Form, ResolvedRoute};
use crate::diag::Result;
use crate::source::ConfigPath;

/// The name of the one that sends plain HTTP to HTTPS.
pub(super) const TO_HTTPS: &str = "redirect-to-https";

/// The names of the ones that a route goes through, in order. Who is refused is not sent again, and what is stripped is stripped last, so
/// that everything before it sees the path as it came.
pub(super) fn of_route(context: Context<'_>, route: &ResolvedRoute) -> Vec<String> {
    let retry = route.retries.map(|_| format!("{}-retry", route.name));
    let strip = (strips(route) && context.ingress.form() != Form::HttpRoute).then(|| format!("{}-strip", route.name));
    route.middlewares.iter().cloned().chain(retry).chain(strip).collect()
}

/// Whether there is a prefix to strip.
pub(super) fn strips(route: &ResolvedRoute) -> bool {
    route.strip_prefix && route.path != "/"
}

pub(super) fn render(context: Context<'_>, out: &mut Output) -> Result<()> {
    if !context.ingress.is_traefik() {
        return Ok(());
    }
    for ((namespace, name), (origin, spec)) in all(context) {
        out.object(origin, &resource("traefik.io/v1alpha1", "Middleware", &namespace, &name, spec))?;
    }
    Ok(())
}

fn all(context: Context<'_>) -> BTreeMap<(String, String), (ConfigPath, Value)> {
    let mut all = BTreeMap::new();
    let has_own_redirect = context.ingress.form() != Form::HttpRoute;
    for route in context.routes.iter().filter(|route| !route.is_raw()) {
        let mut add = |name: String, origin: ConfigPath, spec: Value| {
            all.entry((route.namespace.clone(), name)).or_insert((origin, spec));
        };
        for name in &route.middlewares {
            let entries = context.ingress.middlewares.iter().enumerate();
            for (number, entry) in entries.filter(|(_, entry)| entry.name.as_str() == name) {
                add(name.clone(), at(["middlewares"]).index(number), Value::Object(entry.spec.clone()));
            }
        }
        if let Some(retries) = route.retries {
            // Traefik counts the first one, too.
            let spec = json!({"retry": {"attempts": u16::from(retries) + 1, "initialInterval": "100ms"}});
            add(format!("{}-retry", route.name), route.origin.key("retries"), spec);
        }
        if has_own_redirect && strips(route) {
            add(format!("{}-strip", route.name), route.origin.key("stripPrefix"), json!({"stripPrefix": {"prefixes": [route.path]}}));
        }
        if has_own_redirect && route.redirects() {
            let mut redirect = json!({"scheme": "https", "permanent": true});
            let port = context.ingress.controller.service.https_port.0;
            if port != 443 {
                redirect["port"] = port.to_string().into();
            }
            add(TO_HTTPS.to_owned(), route.origin.key("tls"), json!({"redirectScheme": redirect}));
        }
    }
    all
}
