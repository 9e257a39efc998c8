//! What the `PodSecurity` admission plugin says, taken apart.

use serde_json::Value;

use super::refusal::Cause;

/// The violations in a message such as `violates PodSecurity "restricted:latest": runAsNonRoot != true (pod or container "c" must set …), …`,
/// one cause each; none when it is no such message. Paths are those of a Pod or of a workload with a pod template.
pub(super) fn causes(message: &str, object: &Value) -> Option<Vec<Cause>> {
    let (_, rest) = message.split_once("violate").and_then(|(_, rest)| rest.split_once("PodSecurity \""))?;
    let (standard, list) = rest.split_once("\": ")?;
    let level = standard.split(':').next().unwrap_or(standard);
    let prefix = super::pod::template_prefix(object["kind"].as_str().unwrap_or_default()).unwrap_or_default();
    let spec = format!("{prefix}/spec");
    Some(split(list).into_iter().map(|check| cause(level, check, &spec, object)).collect())
}

/// Parts at commas outside of parentheses.
fn split(list: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0, 0);
    let mut parts = Vec::new();
    for (at, byte) in list.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(list[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list[start..].trim());
    parts
}

fn cause(level: &str, check: &str, spec: &str, object: &Value) -> Cause {
    let detail = check.split_once('(').map_or(check, |(_, detail)| detail);
    let path = place(detail, spec, object).unwrap_or_else(|| spec.to_owned());
    Cause { path: Some(path), ..Cause::new(format!("pod-security/{level}"), format!("violates PodSecurity `{level}`: {check}")) }
}

/// The field that a check is about.
fn place(detail: &str, spec: &str, object: &Value) -> Option<String> {
    if let Some((field, _)) = detail.split_once("=true").filter(|(field, _)| field.starts_with("host")) {
        return Some(format!("{spec}/{}", field.split(',').next().unwrap_or(field)));
    }
    let name = detail.split('"').nth(1)?;
    if detail.contains("volume ") || detail.contains("volumes ") {
        return find(object, spec, "volumes", name);
    }
    let container = ["containers", "initContainers", "ephemeralContainers"].iter().find_map(|list| find(object, spec, list, name))?;
    if detail.contains("uses hostPort") {
        let ports = object.pointer(&format!("{container}/ports"))?.as_array()?;
        let index = ports.iter().position(|port| port.get("hostPort").is_some())?;
        return Some(format!("{container}/ports/{index}/hostPort"));
    }
    let field = detail.split_whitespace().find_map(|word| word.strip_prefix("securityContext.")).map(|field| {
        let end = field.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(field.len());
        field[..end].trim_end_matches('.').replace('.', "/")
    });
    Some(field.map_or_else(|| container.clone(), |field| format!("{container}/securityContext/{field}")))
}

fn find(object: &Value, spec: &str, list: &str, name: &str) -> Option<String> {
    let list = format!("{spec}/{list}");
    let index = object.pointer(&list)?.as_array()?.iter().position(|item| item["name"] == name)?;
    Some(format!("{list}/{index}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_check_has_its_place() {
        let object = json!({"kind": "Deployment", "spec": {"template": {"spec": {
            "containers": [{"name": "a"}, {"name": "c", "ports": [{}, {"hostPort": 80}]}],
            "volumes": [{"name": "h", "hostPath": {}}],
        }}}});
        let message = r#"would violate PodSecurity "restricted:latest": host namespaces (hostNetwork=true), hostPort (container "c" uses hostPort 80), privileged (container "c" must not set securityContext.privileged=true), unrestricted capabilities (containers "a", "c" must set securityContext.capabilities.drop=["ALL"]), restricted volume types (volume "h" uses restricted volume type "hostPath"), seccompProfile (pod or containers "a", "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")"#;
        let found = causes(message, &object).expect("a PodSecurity message");
        let places: Vec<_> =
            found.iter().map(|cause| cause.path.as_deref().unwrap_or_default().trim_start_matches("/spec/template/spec/")).collect();
        assert_eq!(
            places,
            [
                "hostNetwork",
                "containers/1/ports/1/hostPort",
                "containers/1/securityContext/privileged",
                "containers/0/securityContext/capabilities/drop",
                "volumes/0",
                "containers/0/securityContext/seccompProfile/type",
            ]
        );
        assert!(found.iter().all(|cause| cause.rule == "pod-security/restricted"));
        assert_eq!(causes("exceeded quota", &object), None);
    }
}
