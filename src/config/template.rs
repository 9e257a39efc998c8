//! A first `cluster.yaml`: what the profile says, and all else as comments.
//!
//! Keys, descriptions and defaults come from the schema, so that the file cannot know less or other than the reader. Every value goes
//! through the YAML writer.

use serde_json::{Map, Value as Json, json};

use super::describe::{listed, literal};
use super::schema::{Mapping, Shape, View, model};
use super::{profile, repair};
use crate::diag::{Error, Result, did_you_mean};
use crate::source::Sources;
use crate::yaml::{self, Limits};

/// The file that the first line names as the schema, beside the cluster file.
const SCHEMA_FILE: &str = "cluster.schema.json";
const WIDTH: usize = 100;

/// The text of a first cluster file that says what a built-in profile says, so that it stands alone.
///
/// # Errors
/// Usage, when there is no such profile.
pub fn template(profile: &str) -> Result<String> {
    let Some(text) = profile::text(profile) else {
        let known = profile::NAMES;
        let hint = did_you_mean(profile, known)
            .map_or_else(|| format!("the profiles are {}", listed(known)), |meant| format!("did you mean `{meant}`?"));
        return Err(Error::usage(format!("there is no built-in profile `{profile}`")).hint(hint));
    };
    let mut sources = Sources::new();
    let source = sources.add(profile::title(profile), text);
    let documents = yaml::parse(source, text, Limits::CONFIG).map_err(|error| Error::internal(error.message))?;
    let values = documents.first().map(yaml::Node::to_json).unwrap_or_default();
    let mut out = Writer { out: String::new() };
    out.out.push_str("# yaml-language-server: $schema=");
    out.out.push_str(SCHEMA_FILE);
    out.out.push('\n');
    out.comment("Keys that are commented out show their defaults or an example. `manifestgen explain KEY` tells more about each.", "");
    if let Shape::Mapping(root) = model().shape() {
        out.mapping(&root, values.as_object().unwrap_or(&Map::new()), "", "")?;
    }
    out.profiles();
    Ok(out.out)
}

struct Writer {
    out: String,
}

impl Writer {
    /// The keys of a mapping that is there. Profiles have words of their own.
    fn mapping(&mut self, mapping: &Mapping<'_>, values: &Map<String, Json>, path: &str, indent: &str) -> Result<()> {
        let mut first = true;
        for (key, view) in mapping.properties().filter(|(key, _)| *key != "profiles") {
            if indent.is_empty() || !std::mem::take(&mut first) {
                self.gap(indent);
            }
            let below = join(path, key);
            self.describe(view, indent);
            match values.get(key) {
                Some(value) => self.given(key, view, value, &below, indent)?,
                None => self.left_out(key, view, &below, indent)?,
            }
        }
        Ok(())
    }

    /// A key that the profile sets.
    fn given(&mut self, key: &str, view: View<'_>, value: &Json, path: &str, indent: &str) -> Result<()> {
        match (view.shape(), value) {
            (Shape::Mapping(mapping), Json::Object(values)) if mapping.properties().next().is_some() => {
                // A section without an active key would be null, and thereby off.
                let mut values = values.clone();
                if values.is_empty()
                    && let Some((key, default)) = first_default(&mapping)
                {
                    values.insert(key.to_owned(), default.clone());
                }
                if values.is_empty() {
                    return self.value(key, value, indent);
                }
                self.line(indent, &format!("{key}:"));
                self.mapping(&mapping, &values, path, &format!("{indent}  "))
            }
            (Shape::List(items), Json::Array(entries)) if matches!(items.shape(), Shape::Mapping(_)) && !entries.is_empty() => {
                let Shape::Mapping(mapping) = items.shape() else { return Ok(()) };
                self.line(indent, &format!("{key}:"));
                for (at, entry) in entries.iter().enumerate() {
                    self.entry(&mapping, entry, path, indent, at == 0)?;
                }
                Ok(())
            }
            _ => self.value(key, value, indent),
        }
    }

    /// An entry of a list. What all entries can have is told with the first.
    fn entry(&mut self, mapping: &Mapping<'_>, entry: &Json, path: &str, indent: &str, is_first: bool) -> Result<()> {
        let values = entry.as_object().cloned().unwrap_or_default();
        let inner = format!("{indent}    ");
        let start = self.out.len();
        if is_first {
            self.mapping(mapping, &values, path, &inner)?;
        } else {
            for (key, value) in &values {
                self.value(key, value, &inner)?;
            }
        }
        // The dash takes the place of blanks before the first key, below what describes it.
        let written = self.out.split_off(start);
        let mut dashed = false;
        for line in written.lines() {
            let is_comment = line.trim_start().starts_with('#') || line.is_empty();
            if is_comment && !dashed {
                self.out.push_str(&line.replacen("    ", "  ", 1));
            } else if dashed {
                self.out.push_str(line);
            } else {
                self.out.push_str(indent);
                self.out.push_str("  - ");
                self.out.push_str(line.trim_start());
                dashed = true;
            }
            self.out.push('\n');
        }
        Ok(())
    }

    /// A key that is not set: its default or an example, commented out.
    fn left_out(&mut self, key: &str, view: View<'_>, path: &str, indent: &str) -> Result<()> {
        let commented = format!("{indent}# ");
        match view.shape() {
            Shape::Mapping(mapping) if view.keyword("default").is_some() && is_small(&mapping) => {
                self.line(&commented, &format!("{key}:"));
                for (key, view) in mapping.properties() {
                    let inner = format!("{commented}  ");
                    self.describe(view, &inner);
                    self.value(key, &shown_value(view), &inner)?;
                }
                Ok(())
            }
            Shape::Mapping(mapping) if mapping.properties().next().is_some() => {
                self.comment(&format!("Its keys: `manifestgen explain {path}`."), indent);
                self.value(key, &repair::sample(view), &commented)
            }
            _ => self.value(key, &shown_value(view), &commented),
        }
    }

    /// `key: value` as the YAML writer has it.
    fn value(&mut self, key: &str, value: &Json, indent: &str) -> Result<()> {
        let text = if value.is_null() {
            format!("{key}:")
        } else {
            yaml::to_string(&json!({key: value})).map_err(|cause| Error::internal("a default does not serialize").caused_by(cause))?
        };
        for line in text.lines() {
            self.line(indent, line);
        }
        Ok(())
    }

    fn describe(&mut self, view: View<'_>, indent: &str) {
        if let Some(text) = view.description() {
            let paragraph = text.split("\n\n").next().unwrap_or_default().replace('\n', " ");
            self.comment(&paragraph, indent);
        }
        if let Shape::Choice(choices) = view.shape() {
            let words: Vec<String> = choices.iter().map(|(choice, _)| literal(choice)).collect();
            self.comment(&format!("One of: {}.", words.join(", ")), indent);
        }
    }

    /// The section for profiles of the file's own.
    fn profiles(&mut self) {
        self.gap("");
        self.comment("Variants of this file. `--profile NAME` lays one over it; a profile may hold any part of a config.", "");
        for line in ["profiles:", "  staging:", "    cluster:", "      name: staging"] {
            self.line("# ", line);
        }
    }

    /// An empty line, which keeps keys and their comments together; none at the very start.
    fn gap(&mut self, _indent: &str) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    fn comment(&mut self, text: &str, indent: &str) {
        let room = WIDTH.saturating_sub(indent.chars().count() + 2).max(40);
        let mut line = String::new();
        for word in text.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
                self.line(indent, &format!("# {line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(indent, &format!("# {line}"));
    }

    fn line(&mut self, indent: &str, text: &str) {
        self.out.push_str(format!("{indent}{text}").trim_end());
        self.out.push('\n');
    }
}

/// A few keys with plain values, which are worth showing in full.
fn is_small(mapping: &Mapping<'_>) -> bool {
    let mut count = 0;
    for (_, view) in mapping.properties() {
        count += 1;
        if matches!(view.shape(), Shape::Mapping(_) | Shape::Tagged(_) | Shape::List(_) | Shape::Either(_)) {
            return false;
        }
    }
    (1..=6).contains(&count)
}

/// The first key with a plain default.
fn first_default<'a>(mapping: &Mapping<'a>) -> Option<(&'a str, &'a Json)> {
    mapping.properties().find_map(|(key, view)| {
        let default = view.keyword("default")?;
        (!default.is_object() && !default.is_array() && !default.is_null()).then_some((key, default))
    })
}

/// What to show for a key that is not set.
fn shown_value(view: View<'_>) -> Json {
    let default = view.keyword("default").filter(|default| !default.is_null()).cloned();
    default.or_else(|| view.examples().first().cloned()).unwrap_or_else(|| match view.shape() {
        Shape::Mapping(_) => json!({}),
        Shape::List(_) => json!([]),
        Shape::Boolean => json!(true),
        Shape::Choice(choices) => choices.first().map_or(Json::Null, |(choice, _)| (*choice).clone()),
        Shape::Integer => view.keyword("minimum").cloned().unwrap_or(Json::Null),
        _ => Json::Null,
    })
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ConfigFile, LoadRequest, load, profiles};

    fn loads(text: &str, profile: Option<&str>) -> std::result::Result<crate::config::Cluster, String> {
        let file = ConfigFile { name: "cluster.yaml".to_owned(), text: text.to_owned() };
        let request = LoadRequest { file: Some(file), profile: profile.map(ToOwned::to_owned), sets: Vec::new() };
        match load(&request, &mut Sources::new()) {
            Ok(loaded) if loaded.warnings().iter().all(|warning| warning.rule != "config/nothing") => Ok(loaded.cluster().clone()),
            Ok(loaded) => Err(format!("{:?}", loaded.warnings())),
            Err(error) => Err(format!("{error}: {:#?}", error.findings)),
        }
    }

    #[test]
    fn a_template_says_what_its_profile_says() {
        for profile in profiles() {
            let text = template(profile).expect("a built-in profile");
            let request = LoadRequest { profile: Some((*profile).to_owned()), ..LoadRequest::default() };
            let mut sources = Sources::new();
            let built_in = load(&request, &mut sources).unwrap_or_else(|error| panic!("{profile}: {:#?}", error.findings));
            assert_eq!(loads(&text, None).as_ref(), Ok(built_in.cluster()), "{text}");
            assert_eq!(loads(&text, Some(profile)).as_ref(), Ok(built_in.cluster()), "{text}");
        }
    }

    /// Takes the comment off one line at a time: what it shows must be a known key with a value of its type.
    #[test]
    fn every_key_that_is_commented_out_can_be_used() {
        for profile in profiles() {
            let text = template(profile).expect("a built-in profile");
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let blanks = line.len() - line.trim_start().len();
                let Some(key_line) = line.trim_start().strip_prefix("# ") else { continue };
                let is_key = key_line.split_once(": ").is_some_and(|(key, _)| {
                    key.starts_with(|c: char| c.is_ascii_lowercase()) && key.chars().all(|c| c.is_ascii_alphanumeric())
                });
                if !is_key {
                    continue;
                }
                let used = format!("{}{key_line}", " ".repeat(blanks));
                let mut changed = lines.clone();
                changed[at] = &used;
                if let Err(error) = loads(&changed.join("\n"), None) {
                    let own = ["config/unknown-key", "config/type", "config/syntax", "config/key", "config/missing"];
                    assert!(!own.iter().any(|rule| error.contains(rule)), "{profile}: {used}\n{error}");
                }
            }
        }
    }

    #[test]
    fn an_unknown_profile_gets_a_suggestion() {
        let error = template("prmer").expect_err("no such profile");
        assert_eq!(error.hints, ["did you mean `primer`?"]);
    }
}
