//! Every rule's page holds: its bad example triggers it and nothing else, its good one triggers nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use manifestgen::rule::{ALL, Input, Level, Levels, Rule, check, pages};

use super::{findings, lines, objects};

/// `<N KiB>` in an example stands for that much text, which no page could show.
fn expand(example: &str) -> String {
    let Some((before, rest)) = example.split_once('<') else { return example.to_owned() };
    let Some((size, after)) = rest.split_once(" KiB>") else { return format!("{before}<{}", expand(rest)) };
    let size: usize = size.parse().expect("a number before KiB");
    format!("{before}{}{}", "x".repeat(size << 10), expand(after))
}

fn levels(rule: &Rule) -> Levels {
    let mut levels = Levels::new();
    if rule.level == Level::Allow {
        levels.set(rule.id, Level::Warn).expect("a rule");
    }
    levels
}

#[test]
fn bad_examples_trigger_their_rule_and_no_other() {
    for rule in ALL {
        let objects = objects(&expand(rule.bad));
        let found = check(Input { objects: &objects, ..Input::default() }, &levels(rule));
        let rules: BTreeSet<_> = found.iter().map(|finding| finding.rule.as_str()).collect();
        assert_eq!(rules, BTreeSet::from([rule.id]), "{}", lines(&found));
        for finding in &found {
            let object = finding.object.as_ref().expect("an object");
            let pointer = finding.path.as_deref().expect("a pointer");
            let object = objects.iter().filter(|own| own.reference() == *object);
            assert!(object.into_iter().any(|object| object.pointer(pointer).is_some()), "{} points at nothing: {pointer}", rule.id);
        }
    }
}

#[test]
fn good_examples_trigger_nothing() {
    for rule in ALL {
        let objects = objects(&expand(rule.good));
        let found = check(Input { objects: &objects, ..Input::default() }, &levels(rule));
        assert!(found.is_empty(), "{}:\n{}", rule.id, lines(&found));
    }
}

#[test]
fn ids_are_files_and_texts_are_there() {
    let mut ids = BTreeSet::new();
    for rule in ALL {
        assert!(ids.insert(rule.id), "`{}` is there twice", rule.id);
        let file = format!("src/rule/{}.rs", rule.id.replace('-', "_"));
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&file).is_file(), "{file} is missing");
        assert!(!rule.id.starts_with("schema/"), "schema/* is the API server's");
        assert!(!rule.summary.ends_with('.') && rule.why.ends_with(['.', ')']), "{}", rule.id);
    }
}

#[test]
fn the_docs_list_all_rules() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/RULES.md");
    if env::var_os("MANIFESTGEN_UPDATE").is_some() {
        fs::write(&file, pages()).expect("docs/RULES.md can be written");
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == pages(), "docs/RULES.md is out of date: MANIFESTGEN_UPDATE=1 cargo test rule rewrites it");
}

#[test]
fn an_annotation_with_a_reason_silences_one_rule_for_one_object() {
    let pod = |name: &str, annotations: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, annotations: {annotations}}}\nspec:\n  containers:\n    \
             - {{name: a, image: nginx, envFrom: [{{configMapRef: {{name: b}}}}]}}\n---\n"
        )
    };
    let said = pod("said", "{manifestgen.dev/allow: 'pod/image-tag: a test; reference/config-map: made by hand'}");
    let half = pod("half", "{manifestgen.dev/allow: 'pod/image-tag: a test'}");
    let unsaid = pod("unsaid", "{manifestgen.dev/allow: pod/image-tags}");
    insta::assert_snapshot!(lines(&findings(&objects(&[said, half, unsaid].concat()))), @r"
    warning reference/config-map Pod half /spec/containers/0/envFrom/0/configMapRef/name: ConfigMap `b` is not there in namespace `a`
    warning reference/config-map Pod unsaid /spec/containers/0/envFrom/0/configMapRef/name: ConfigMap `b` is not there in namespace `a`
    warning pod/image-tag Pod unsaid /spec/containers/0/image: image `nginx` has no tag, which means `latest`
    error annotation/allow Pod unsaid /metadata/annotations/manifestgen.dev~1allow: there is no rule `pod/image-tags`
    ");
}
