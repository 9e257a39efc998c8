//! The layers of a config: reading them, and laying them over each other.

use super::describe::{found, listed, shown};
use super::merge::Merge;
use super::schema::{View, extends};
use super::set::Setting;
use super::validate::{Stage, validate};
use super::{ConfigFile, Problems, findings, profile};
use crate::diag::{Error, Finding, Result, did_you_mean};
use crate::source::{ConfigPath, SourceId, Sources, Span, visible};
use crate::yaml::{Entry, Limits, Node, Value, parse};

/// Sections of the built-in profiles that only show how such a section looks.
const EXAMPLES: [&str; 1] = ["nodes"];

/// The key of a profile that names its built-in base.
const EXTENDS: &str = "extends";

/// Where a layer's values stand.
#[derive(Debug)]
struct Named {
    name: String,
    source: SourceId,
    /// For a part of a source.
    within: Option<Span>,
}

/// The layers of one config, lowest first.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    named: Vec<Named>,
    built_in: Option<SourceId>,
    trees: Vec<Node>,
    settings: Vec<Setting>,
    /// The names of the file's own profiles.
    pub(super) profiles: Vec<String>,
}

/// The file, taken apart.
#[derive(Debug)]
struct File {
    source: SourceId,
    /// All but its profiles.
    body: Node,
    profiles: Vec<Entry>,
}

impl Layers {
    /// Reads all layers. What is wrong with one goes to `problems`.
    ///
    /// # Errors
    /// Where the layers cannot be told: the file is no YAML mapping, or there is no such profile.
    pub(crate) fn read(
        file: Option<&ConfigFile>,
        profile: Option<&str>,
        sets: &[String],
        view: View<'_>,
        sources: &mut Sources,
        problems: &mut Problems,
    ) -> Result<Self> {
        let mut layers = Self::default();
        let file = file.map(|file| read_file(file, sources)).transpose()?;
        if let Some(built_in) = profile.map(|name| base_of(name, file.as_ref())).transpose()?.flatten() {
            layers.add_built_in(built_in, sources)?;
        }
        if let Some(file) = file {
            validate(&file.body, view, &ConfigPath::root(), Stage::Layer, problems);
            layers.named.push(Named { name: "file".to_owned(), source: file.source, within: None });
            layers.trees.push(file.body);
            for entry in file.profiles {
                let name = entry.key.text.clone();
                let Some(section) = profile_section(entry, view, problems) else { continue };
                layers.profiles.push(name.clone());
                if profile == Some(&name) {
                    let layer = format!("profiles.{}", visible(&name));
                    layers.named.push(Named { name: layer, source: file.source, within: Some(section.span) });
                    layers.trees.push(section);
                }
            }
        }
        layers.drop_examples();
        for text in sets {
            layers.settings.extend(Setting::read(text, sources, problems));
        }
        Ok(layers)
    }

    fn add_built_in(&mut self, name: &str, sources: &mut Sources) -> Result<()> {
        let text = profile::text(name).ok_or_else(|| Error::internal(format!("the built-in profile `{name}` has no text")))?;
        let source = sources.add(profile::title(name), text);
        let tree = parse(source, text, Limits::CONFIG).ok().and_then(|mut documents| documents.pop());
        let tree = tree.ok_or_else(|| Error::internal(format!("the built-in profile `{name}` is no YAML")))?;
        self.named.push(Named { name: profile::title(name), source, within: None });
        self.built_in = Some(source);
        self.trees.push(tree);
        Ok(())
    }

    /// The nodes of a built-in profile are examples: they make way for the machines that the file names, whose first server is hardly called
    /// like ours. A `--set` changes them.
    fn drop_examples(&mut self) {
        if self.built_in.is_none() {
            return;
        }
        let Some((built_in, above)) = self.trees.split_first_mut() else { return };
        let replaced = |key: &str| above.iter().any(|tree| tree.get(key).is_some_and(|node| !node.is_null()));
        if let Value::Map(entries) = &mut built_in.value {
            entries.retain(|entry| !(EXAMPLES.contains(&entry.key.text.as_str()) && replaced(&entry.key.text)));
        }
    }

    /// Lays all of them over each other.
    pub(crate) fn merge(&mut self, view: View<'_>, sources: &mut Sources, problems: &mut Problems) -> Node {
        let mut merge = Merge { problems, built_in: self.built_in };
        let root = ConfigPath::root();
        let mut tree: Option<Node> = None;
        for layer in self.trees.drain(..) {
            tree = merge.merge(tree.take(), layer, Some(view), &root);
        }
        let mut tree = tree.unwrap_or_else(|| {
            let source = sources.add("<no config>", "");
            Node { value: Value::Map(Vec::new()), span: Span { source, start: 0, end: 0 } }
        });
        for setting in self.settings.drain(..) {
            self.named.push(Named { name: "--set".to_owned(), source: setting.source, within: None });
            tree = setting.apply(tree, view, &mut merge);
        }
        tree
    }

    /// The layer that a place belongs to.
    pub(crate) fn name_of(&self, span: Span) -> Option<&str> {
        let holds = |layer: &&Named| {
            layer.source == span.source && layer.within.is_none_or(|within| (within.start..=within.end).contains(&span.start))
        };
        // A part of the file comes after the file.
        self.named.iter().rev().find(holds).map(|layer| layer.name.as_str())
    }
}

/// Reads the file and takes its profiles out.
fn read_file(file: &ConfigFile, sources: &mut Sources) -> Result<File> {
    let text = file.text.strip_prefix('\u{FEFF}').unwrap_or(&file.text);
    let name = shown(&visible(&file.name));
    if text.trim().is_empty() {
        return Err(Error::usage(format!("{name} is empty")).hint("`manifestgen init` writes a cluster file"));
    }
    let source = sources.add(file.name.as_str(), text);
    let refuse = |rule: &str, message: String, hint: Option<String>, span: Span, sources: &Sources| {
        let mut finding = Finding::error(rule, visible(&message)).with_location(findings::locate(span, sources));
        finding.hint = hint.map(|hint| visible(&hint).into_owned());
        Error::usage(format!("{name} is no cluster file")).with_findings(vec![finding])
    };
    let mut documents =
        parse(source, text, Limits::CONFIG).map_err(|error| refuse("config/syntax", error.message, error.hint, error.span, sources))?;
    if let Some(second) = documents.get(1) {
        let hint = "keep one, and put variants under `profiles`".to_owned();
        return Err(refuse("config/documents", "a second document begins".to_owned(), Some(hint), second.span, sources));
    }
    let start = Span { source, start: 0, end: 0 };
    let root = match documents.pop() {
        None => Node { value: Value::Map(Vec::new()), span: start },
        Some(root) if root.is_null() => Node { value: Value::Map(Vec::new()), span: root.span },
        Some(root) => root,
    };
    let Value::Map(mut entries) = root.value else {
        let message = format!("a cluster file is a mapping, not {}", found(&root));
        let hint = "`manifestgen init` writes one to start from".to_owned();
        return Err(refuse("config/type", message, Some(hint), root.span, sources));
    };
    let profiles = entries.iter().position(|entry| entry.key.text == "profiles").map(|at| entries.remove(at).value);
    let profiles = match profiles {
        None => Vec::new(),
        Some(node) if node.is_null() => Vec::new(),
        Some(Node { value: Value::Map(profiles), .. }) => profiles,
        Some(node) => {
            let message = format!("`profiles` takes a mapping of names to configs, not {}", found(&node));
            return Err(refuse("config/type", message, None, node.span, sources));
        }
    };
    Ok(File { source, body: Node { value: Value::Map(entries), span: root.span }, profiles })
}

/// The built-in profile beneath the chosen one.
fn base_of(name: &str, file: Option<&File>) -> Result<Option<&'static str>> {
    let own = file.map_or(&[][..], |file| file.profiles.as_slice());
    let built_in = |name: &str| profile::NAMES.into_iter().find(|known| *known == name);
    if let Some(entry) = own.iter().find(|entry| entry.key.text == name) {
        return Ok(match entry.value.get(EXTENDS) {
            // A wrong value is reported together with all else that is wrong with the section.
            Some(node) => node_text(node).and_then(built_in),
            None => built_in(name),
        });
    }
    if let Some(name) = built_in(name) {
        return Ok(Some(name));
    }
    let known = || profile::NAMES.into_iter().chain(own.iter().map(|entry| entry.key.text.as_str()));
    let mut error = Error::usage(format!("there is no profile {}", visible(&shown(name))));
    if let Some(meant) = did_you_mean(name, known()) {
        error = error.hint(format!("did you mean `{}`?", visible(meant)));
    }
    let own = if own.is_empty() {
        "built in are".to_owned()
    } else {
        format!("the file has {}; built in are", visible(&listed(own.iter().map(|entry| entry.key.text.as_str()))))
    };
    Err(error.hint(format!("{own} {}", listed(profile::NAMES))))
}

/// A profile of the file as a layer, checked whether it is chosen or not; none when it is no mapping.
fn profile_section(entry: Entry, view: View<'_>, problems: &mut Problems) -> Option<Node> {
    let path = ConfigPath::of(["profiles"]).key(&entry.key.text);
    if entry.value.is_null() {
        return None;
    }
    let Value::Map(mut entries) = entry.value.value else {
        let message = format!("`{path}` takes a mapping, not {}", found(&entry.value));
        problems.error(path, "config/type", message, "a profile holds parts of a config").at(entry.value.span);
        return None;
    };
    if let Some(at) = entries.iter().position(|entry| entry.key.text == EXTENDS) {
        let base = entries.remove(at).value;
        if !base.is_null() {
            validate(&base, View::root(&extends()), &path.key(EXTENDS), Stage::Layer, problems);
        }
    }
    if let Some(nested) = entries.iter().position(|entry| entry.key.text == "profiles") {
        let nested = entries.remove(nested);
        let message = format!("`profiles` is no key of `{path}`");
        problems.error(path.key("profiles"), "config/unknown-key", message, "a profile cannot hold profiles").at(nested.key.span);
    }
    let section = Node { value: Value::Map(entries), span: entry.value.span };
    validate(&section, view, &path, Stage::Layer, problems);
    Some(section)
}

fn node_text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}
