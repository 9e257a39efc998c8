//! Traefik servers and their entry points, as they stand in a set.

use crate::reference::Graph;

use super::image::Image;

/// An entry point of a Traefik.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::rule) struct EntryPoint<'a> {
    /// Its name.
    pub(in crate::rule) name: &'a str,
    /// The port that it listens on inside of the pod.
    pub(in crate::rule) port: i64,
}

/// The entry points of all Traefiks of a set; none when there is no Traefik, or one of them gets its settings from elsewhere.
pub(in crate::rule) fn entry_points<'a>(graph: &Graph<'a>) -> Vec<EntryPoint<'a>> {
    let containers = graph.templates().iter().flat_map(|template| template.spec.list("containers"));
    let traefiks = containers.filter(|container| container.text("image").is_some_and(|image| Image::parse(image).name() == "traefik"));
    let mut all = Vec::new();
    for traefik in traefiks {
        let arguments = traefik.list("args").chain(traefik.list("command")).filter_map(|argument| argument.as_str());
        let own: Vec<_> = arguments.filter_map(entry_point).collect();
        if own.is_empty() {
            return Vec::new();
        }
        all.extend(own);
    }
    all
}

/// `--entryPoints.web.address=:8000/tcp`; the names of options do not care for case.
fn entry_point(argument: &str) -> Option<EntryPoint<'_>> {
    let (option, address) = argument.split_once('=')?;
    let prefix = "--entrypoints.";
    let start = option.get(..prefix.len())?;
    let (name, last) = option[prefix.len()..].split_once('.')?;
    if !start.eq_ignore_ascii_case(prefix) || !last.eq_ignore_ascii_case("address") {
        return None;
    }
    let port = address.split('/').next()?.rsplit(':').next()?.parse().ok()?;
    Some(EntryPoint { name, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_names_an_entry_point() {
        assert_eq!(entry_point("--entryPoints.web.address=:8000/tcp"), Some(EntryPoint { name: "web", port: 8000 }));
        assert_eq!(entry_point("--entrypoints.a.address=[::]:53/udp"), Some(EntryPoint { name: "a", port: 53 }));
        assert_eq!(entry_point("--entryPoints.web.http.tls=true"), None);
        assert_eq!(entry_point("--ping"), None);
    }
}
