//! Headscale servers and their configs, as they stand in a set.

use serde_json::Value;

use crate::reference::{Field, Graph, Template};
use crate::rule::{Context, Report};
use crate::source::Sources;
use crate::yaml::{self, Limits};

use super::image::Image;

/// A Headscale server whose config file is a key of a `ConfigMap` in the set.
#[derive(Debug)]
pub(in crate::rule) struct Headscale<'a> {
    /// The number of the `ConfigMap`.
    pub(in crate::rule) config_map: usize,
    /// Where the config file stands in it.
    pub(in crate::rule) pointer: String,
    /// Major and minor of Headscale, where the image tells.
    pub(in crate::rule) version: Option<(u32, u32)>,
    /// The file, or why it cannot be read.
    pub(in crate::rule) config: Result<Value, String>,
    /// The container's variables, and their values where they are plain: `HEADSCALE_DNS_BASE_DOMAIN` overrides `dns.base_domain`.
    env: Vec<(&'a str, Option<&'a str>)>,
    has_env_from: bool,
}

impl<'a> Headscale<'a> {
    /// All servers of a set.
    pub(in crate::rule) fn all(graph: &Graph<'a>) -> Vec<Self> {
        graph.templates().iter().flat_map(|template| servers(template).filter_map(|server| Self::of(graph, template, server))).collect()
    }

    fn of(graph: &Graph<'a>, template: &Template<'a>, container: Field<'a>) -> Option<Self> {
        let mounted: Vec<_> = container.list("volumeMounts").filter_map(|mount| mount.text("name")).collect();
        let volumes = template.spec.list("volumes").filter(|volume| volume.text("name").is_some_and(|name| mounted.contains(&name)));
        let sources = volumes.flat_map(|volume| {
            let projected = volume.get("projected").into_iter().flat_map(|projected| projected.list("sources"));
            std::iter::once(volume).chain(projected).filter_map(|source| source.get("configMap"))
        });
        let (config_map, file) = sources.into_iter().find_map(|source| {
            let number = graph.object("", "ConfigMap", template.namespace, source.text("name")?)?;
            // An item may put another key at the path of the config file.
            let key = source.list("items").find(|item| item.text("path") == Some("config.yaml")).and_then(|item| item.text("key"));
            Some((number, Field::of(&graph.objects()[number], &["data", key.unwrap_or("config.yaml")])?))
        })?;
        let env = container.list("env").filter_map(|variable| Some((variable.text("name")?, variable.text("value")))).collect();
        Some(Self {
            config_map,
            pointer: file.pointer(),
            version: Image::parse(container.text("image")?).version(),
            config: read(file.as_str()?),
            env,
            has_env_from: container.get("envFrom").is_some(),
        })
    }

    /// A setting by its dotted key, from the environment or the file.
    pub(in crate::rule) fn get(&self, key: &str) -> Option<Value> {
        if let Some((_, value)) = self.variable(key) {
            return value.map(|value| Value::String(value.to_owned()));
        }
        let found = key.split('.').try_fold(self.config.as_ref().ok()?, |value, key| value.get(key));
        found.filter(|value| !value.is_null()).cloned()
    }

    /// A setting as text; empty when it is not set.
    pub(in crate::rule) fn text(&self, key: &str) -> String {
        match self.get(key) {
            Some(Value::String(text)) => text,
            Some(Value::Array(_) | Value::Object(_)) | None => String::new(),
            Some(other) => other.to_string(),
        }
    }

    /// A setting as boolean.
    pub(in crate::rule) fn flag(&self, key: &str, default: bool) -> bool {
        match self.get(key) {
            Some(Value::Bool(flag)) => flag,
            Some(Value::String(text)) => matches!(text.to_ascii_lowercase().as_str(), "1" | "t" | "true"),
            _ => default,
        }
    }

    /// Whether a setting is a list or text with something in it.
    pub(in crate::rule) fn is_filled(&self, key: &str) -> bool {
        match self.get(key) {
            Some(Value::Array(list)) => !list.is_empty(),
            Some(Value::Object(map)) => !map.is_empty(),
            _ => !self.text(key).is_empty(),
        }
    }

    /// Whether this is at least a version; an image without a telling tag is taken as new.
    pub(in crate::rule) fn is_at_least(&self, minor: u32) -> bool {
        self.version.is_none_or(|version| version >= (0, minor))
    }

    /// Whether nothing outside of the set decides on a setting: a variable from a Secret or `ConfigMap` may.
    fn knows(&self, key: &str) -> bool {
        self.variable(key).is_none_or(|(_, value)| value.is_some())
    }

    fn variable(&self, key: &str) -> Option<&(&'a str, Option<&'a str>)> {
        let name = format!("HEADSCALE_{}", key.replace('.', "_").to_ascii_uppercase());
        self.env.iter().find(|(variable, _)| *variable == name)
    }
}

/// Reports a problem of each server whose config reads, where the settings that it is about are all known.
pub(in crate::rule) fn judge(
    context: &Context<'_>,
    report: &mut Report<'_>,
    keys: &[&str],
    hint: &str,
    problem: impl Fn(&Headscale<'_>) -> Option<String>,
) {
    for server in context.headscale().iter().filter(|server| server.config.is_ok() && keys.iter().all(|key| server.knows(key))) {
        if let Some(message) = problem(server) {
            report.add_if(!server.has_env_from, server.config_map, server.pointer.clone(), message, hint);
        }
    }
}

/// The containers that run Headscale.
pub(in crate::rule) fn servers<'a>(template: &Template<'a>) -> impl Iterator<Item = Field<'a>> + use<'a> {
    let runs = |container: &Field<'a>| container.text("image").is_some_and(|image| Image::parse(image).name() == "headscale");
    template.spec.list("containers").filter(runs)
}

fn read(text: &str) -> Result<Value, String> {
    let source = Sources::new().add("config.yaml", text);
    let documents = yaml::parse(source, text, Limits::CONFIG).map_err(|error| error.message)?;
    let config = documents.first().map(yaml::Node::to_json).unwrap_or_default();
    if config.is_object() { Ok(config) } else { Err("it is not a mapping".to_owned()) }
}
