use serde_json::{Value as Json, json};

use super::*;
use crate::source::Sources;
use crate::yaml::Value;

fn source() -> SourceId {
    Sources::new().add("a.yaml", "")
}

fn read(text: &str) -> Result<Vec<Node>, SyntaxError> {
    parse(source(), text, Limits::CONFIG)
}

#[track_caller]
fn json(text: &str) -> Json {
    match read(text) {
        Ok(nodes) => nodes.iter().map(Node::to_json).collect(),
        Err(error) => panic!("{text:?}: {}", shown(text, &error)),
    }
}

/// `line:column-length: message (hint)`, as a user would see it.
fn shown(text: &str, error: &SyntaxError) -> String {
    let mut sources = Sources::new();
    let id = sources.add("a.yaml", text);
    let place = sources.locate(Span { source: id, ..error.span });
    let hint = error.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{}:{}-{}: {}{hint}", place.line, place.column, place.length, error.message)
}

#[track_caller]
fn refused(text: &str) -> String {
    match read(text) {
        Ok(nodes) => panic!("{text:?} was read as {:?}", nodes.iter().map(Node::to_json).collect::<Vec<_>>()),
        Err(error) => shown(text, &error),
    }
}

fn slice<'text>(text: &'text str, node: &Node) -> &'text str {
    &text[node.span.start as usize..node.span.end as usize]
}

#[test]
fn a_text_without_a_document_has_none() {
    for text in ["", "\n\n", "# only a comment\n", "\u{feff}"] {
        assert_eq!(json(text), json!([]), "{text:?}");
    }
}

#[test]
fn an_empty_document_is_null() {
    assert_eq!(json("---\n"), json!([null]));
    assert_eq!(json("---\n---\n# c\n"), json!([null, null]));
    assert_eq!(json("a:\nb: ~\n? c\n"), json!([{"a": null, "b": null, "c": null}]));
}

#[test]
fn documents_are_read_in_order() {
    assert_eq!(json("a: 1\n---\n- 2\n...\n---\nc\n"), json!([{"a": 1}, [2], "c"]));
}

#[test]
fn raw_text_and_quotes_are_kept() {
    let nodes = read("a: 012\nb: '012'\n").expect("YAML");
    let scalar = |key: &str| match &nodes[0].get(key).expect("the key").value {
        Value::Scalar(scalar) => (scalar.text.clone(), scalar.plain),
        other => panic!("{other:?}"),
    };
    assert_eq!(scalar("a"), ("012".to_owned(), true));
    assert_eq!(scalar("b"), ("012".to_owned(), false));
}

#[test]
fn spans_cover_the_first_to_the_last_entry() {
    let text = "a:\n  é: [1, {x: 2} ]\n  c:\n  - 3\n  -   d: |\n        text\n# end\nz: !!map\n  k: &n v\n";
    let nodes = read(text).expect("YAML");
    let root = &nodes[0];
    assert_eq!(slice(text, root), text.split_once("a:").map(|(_, rest)| format!("a:{}", rest.trim_end())).expect("a"));
    let a = root.get("a").expect("a");
    assert!(slice(text, a).starts_with("é: ["), "{:?}", slice(text, a));
    assert!(slice(text, a).ends_with("text\n"), "{:?}", slice(text, a));
    assert_eq!(slice(text, a.get("é").expect("é")), "[1, {x: 2} ]");
    assert!(slice(text, a.get("c").expect("c")).starts_with("3\n"), "{:?}", slice(text, a.get("c").expect("c")));
    assert_eq!(slice(text, root.get("z").expect("z")), "k: &n v");
    let key = root.entry("z").expect("z").key.span;
    assert_eq!(&text[key.start as usize..key.end as usize], "z");
}

#[test]
fn a_byte_order_mark_is_skipped_and_counted() {
    let text = "\u{feff}a: é\nb: c\n";
    let nodes = read(text).expect("YAML");
    assert_eq!(slice(text, nodes[0].get("b").expect("b")), "c");
}

#[test]
fn crlf_is_a_line_break() {
    assert_eq!(json("a: 1\r\nb: |\r\n  x\r\n  y\r\nc: \"d\r\n  e\"\r\n"), json!([{"a": 1, "b": "x\ny\n", "c": "d e"}]));
}

#[test]
fn aliases_are_copies_that_stand_where_they_are_used() {
    let text = "a: &x {k: [1]}\nb: *x\n&y c: *x\nd: *y\n*y : e\n";
    assert_eq!(refused(text), "5:1-2: the key `c` stands twice, first at line 3, column 4 (remove one of them, or give it another name)");
    let text = "a: &x {k: [1]}\nb: *x\n&y c: *x\nd: *y\nf: {*y : e}\n";
    let nodes = read(text).expect("YAML");
    assert_eq!(nodes[0].to_json(), json!({"a": {"k": [1]}, "b": {"k": [1]}, "c": {"k": [1]}, "d": "c", "f": {"c": "e"}}));
    assert_eq!(slice(text, nodes[0].get("b").expect("b")), "*x");
    assert_eq!(slice(text, nodes[0].get("b").and_then(|b| b.get("k")).expect("k")), "[1]");
}

#[test]
fn anchors_end_with_their_document() {
    assert_eq!(
        refused("a: &x 1\n---\nb: *x\n"),
        "3:4-1: there is no anchor `&x` before this alias (quote the text if the `*` is meant as text)"
    );
}

#[test]
fn an_alias_in_its_own_anchor_is_refused() {
    assert_eq!(refused("a: &x\n  b: *x\n"), "2:6-2: the alias `*x` stands inside of what it stands for");
}

#[test]
fn an_alias_bomb_ends_fast() {
    use std::fmt::Write as _;
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = level - 1;
        writeln!(text, "a{level}: &a{level} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}, *a{before}]").expect("a String");
    }
    let message = refused(&text);
    assert!(message.contains("with its aliases expanded, the document has more than 200000 values"), "{message}");
}

#[test]
fn an_alias_bomb_of_long_text_ends_fast() {
    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), "*a, ".repeat(100_000));
    let message = refused(&text);
    assert!(message.starts_with("2:21-2: with its aliases expanded"), "{message}");
}

#[test]
fn an_alias_cannot_nest_deeper_than_the_limit() {
    let deep = |levels: usize| format!("a: &a {}1{}\n", "[".repeat(levels), "]".repeat(levels));
    let text = format!("{}b: {}*a{}\n", deep(40), "[".repeat(40), "]".repeat(40));
    assert_eq!(refused(&text), "2:44-2: lists and mappings are nested more than 64 deep");
}

#[test]
fn merge_keys_bring_in_what_is_not_there() {
    let text = "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  a: 0\n  <<: [*x, *y]\n  d: 5\n";
    let nodes = read(text).expect("YAML");
    let z = nodes[0].get("z").expect("z").to_json();
    assert_eq!(z.to_string(), r#"{"a":0,"b":2,"c":4,"d":5}"#);
    assert_eq!(json("a: &a {k: 1}\nb:\n  <<: *a\n  k: 2\n")[0]["b"], json!({"k": 2}));
    assert_eq!(json("b: {<<: {k: 1}}\n")[0]["b"], json!({"k": 1}));
    assert_eq!(json("\"<<\": text\n"), json!([{"<<": "text"}]));
}

#[test]
fn merge_keys_take_mappings_only() {
    assert_eq!(
        refused("a: 1\n<<: text\n"),
        "2:5-4: `<<` merges mappings, but this is a scalar (write an alias of a mapping or a list of such aliases; \
         quote the key as `\"<<\"` if it is meant as text)"
    );
    assert!(refused("x: &x [1]\nb:\n  <<: [*x]\n").starts_with("3:8-2: `<<` merges mappings, but this is a list"));
    assert_eq!(
        refused("x: &x {a: 1}\nb:\n  <<: *x\n  <<: *x\n"),
        "4:3-2: the key `<<` stands twice, first at line 3, column 3 (merge several mappings with one key: `<<: [*a, *b]`)"
    );
}

#[test]
fn duplicate_keys_show_both_places() {
    let expected = "3:1-1: the key `a` stands twice, first at line 1, column 1 (remove one of them, or give it another name)";
    assert_eq!(refused("a: 1\nb: 2\na: 3\n"), expected);
    assert_eq!(refused("a: 1\nb: 2\n'a': 3\n"), expected.replace("3:1-1", "3:1-3"));
    let many = (0..100).map(|at| format!("k{at}: 1")).collect::<Vec<_>>().join("\n") + "\n";
    assert!(
        refused(&format!("{many}é: {{k7: 1, k7: 2}}\n")).starts_with("101:12-2: the key `k7` stands twice, first at line 101, column 5")
    );
    assert!(refused(&format!("{many}k7: 1\n")).starts_with("101:1-2: the key `k7` stands twice, first at line 8, column 1"));
}

#[test]
fn keys_are_text() {
    assert_eq!(refused("? [a, b]\n: c\n"), "1:3-1: a key must be text, but this is a list");
    assert_eq!(
        refused("a: {{ .Values.name }}\n"),
        "1:5-1: a key must be text, but this is a mapping (quote text that starts with `{`; is this an unrendered template?)"
    );
    assert_eq!(refused("a: &x {b: c}\n*x : d\n"), "2:1-2: a key must be text, but this is a mapping");
    assert_eq!(refused("!!int 1: d\n"), "1:7-1: a key cannot have the tag `!!int` (keys are text; write it in quotes, without a tag)");
    assert_eq!(json("!!str 1: d\n? |\n  x\n: e\n"), json!([{"1": "d", "x\n": "e"}]));
}

#[test]
fn tags_override_the_interpretation() {
    let text = "a: !!str 1\nb: !!int '1'\nc: !!float 3\nd: !!null ''\ne: !!bool 'yes'\nf: !!binary aMO8\ng: ! 12\nh: !!map {i: !!seq []}\nj: !!str\n";
    assert_eq!(json(text), json!([{"a": "1", "b": 1, "c": 3, "d": null, "e": true, "f": "hü", "g": "12", "h": {"i": []}, "j": ""}]));
    assert_eq!(json("%TAG !y! tag:yaml.org,2002:\n---\na: !y!str 1\nb: !<tag:yaml.org,2002:int> '2'\n"), json!([{"a": "1", "b": 2}]));
}

#[test]
fn tags_that_cannot_be_are_refused() {
    assert_eq!(refused("a: !Ref b\n"), "1:4-4: unknown tag `!Ref` (quote the text if the `!` is meant as text)");
    assert_eq!(refused("a: !!set {b}\n"), "1:4-5: unknown tag `!!set` (quote the text if the `!` is meant as text)");
    assert_eq!(refused("a: !!int b\n"), "1:4-5: `b` is no `!!int`");
    assert_eq!(refused("a: !!int 1.5\n"), "1:4-5: `1.5` is no `!!int`");
    assert_eq!(refused("a: !!seq b\n"), "1:4-5: the tag `!!seq` stands before a scalar");
    assert_eq!(refused("a: !!str [b]\n"), "1:4-5: the tag `!!str` stands before a list");
    assert_eq!(refused("a: !!binary '?'\n"), "1:13-3: what follows `!!binary` is not base64");
}

#[test]
fn tabs_as_indentation_are_named() {
    let expected = "a tab is used as indentation (indent with spaces; YAML does not allow tabs there)";
    assert_eq!(refused("a:\n\tb: 1\n"), format!("2:1-1: {expected}"));
    assert_eq!(refused("a:\n  - b: 1\n\t  c: 2\n"), format!("3:1-1: {expected}"));
}

/// granit-parser 2.1.0 lets these pass; libyaml, and so Kubernetes' reader, refuses them.
#[test]
fn granit_parser_tabs_in_the_indentation() {
    for text in ["\ta: 1\n", "a: 1\n\t\nb: 2\n", "a: 1\n \t# c\n", "-\ta\n", "- \ta: 1\n", "a:\n- -\tb\n", "a: 1\n\t", "- - a\n  \t\n"] {
        assert!(refused(text).contains("a tab is used as indentation"), "{}", refused(text));
    }
}

#[test]
fn tabs_within_values_are_kept() {
    let text = "a:\t1\t# c\nb: 'c\n\td'\ne: [\n  f,\tg ]\nk: l\n  -\t# m\n \t\n\nh: |\n  i\n  \tj\n";
    assert_eq!(json(text), json!([{"a": 1, "b": "c d", "e": ["f", "g"], "k": "l -", "h": "i\n\tj\n"}]));
}

#[test]
fn control_characters_are_refused_wherever_they_stand() {
    assert_eq!(
        refused("a: b\0c\n"),
        "1:5-1: the control character U+0000 stands in the text (remove it; is this a binary file, or UTF-16 text?)"
    );
    assert_eq!(
        refused("a: 1 # x\u{7}\n"),
        "1:9-1: the control character U+0007 stands in the text (remove it, or write it in double quotes as `\\x07`)"
    );
    for text in ["a: \u{1b}[31m\n", "\"\u{9b}\": 1\n", "# \u{7f}\n---\na: 1\n", "a: 1\n# \u{8}", "a: |\n  \u{ffff}\n"] {
        assert!(refused(text).contains("the control character U+"), "{}", refused(text));
    }
    assert!(read("\u{1}\u{2}PNG\r\n\u{1a}\0\0").is_err());
}

#[test]
fn escapes_are_read() {
    assert_eq!(json(r#""\0\x07\u2028\U0001F600\ud83d\ude00\t\\""#), json!(["\0\u{7}\u{2028}😀😀\t\\"]));
    assert!(refused(r#"a: "C:\dir""#).contains("no such escape"), "{}", refused(r#"a: "C:\dir""#));
    assert!(refused(r#"a: "\ud83d""#).contains("half of a character"));
}

#[test]
fn broken_syntax_has_a_place() {
    assert_eq!(refused("a: \"x\n  b: 1\n"), "3:1-1: the text ends, but a quote is still open");
    assert_eq!(
        refused("a: \"x\nb: 1\n"),
        "2:1-1: this line of a quoted text is not indented enough (close the quote, or indent the line deeper than its key)"
    );
    assert_eq!(refused("a: [1, 2\n"), "1:4-1: `[` is never closed");
    assert_eq!(refused("a: [1}\n"), "1:4-1: `[` is closed by `}`");
    assert!(refused("a: b: c\n").starts_with("1:5-1: `:` cannot stand here"), "{}", refused("a: b: c\n"));
    assert!(refused("a:\n  b: 1\n c: 2\n").starts_with("3:2-1:"), "{}", refused("a:\n  b: 1\n c: 2\n"));
}

#[test]
fn nesting_is_bounded_without_recursion() {
    for text in ["[".repeat(100_000), "{a: ".repeat(100_000), "- ".repeat(100_000)] {
        assert!(refused(&text).contains("nested more than 64 deep"), "{}", refused(&text));
    }
    let fits = format!("{}1{}", "[".repeat(64), "]".repeat(64));
    assert!(read(&fits).is_ok());
    assert!(read(&format!("[{fits}]")).is_err());
}

#[test]
fn size_is_bounded() {
    let limits = Limits { bytes: 10, nodes: 4, depth: 2 };
    let refused = |text: &str| parse(source(), text, limits).expect_err("too large").message;
    assert_eq!(refused("aaaaaaaaaaa"), "the text has 11 bytes, more than the 10 that are read");
    assert_eq!(refused("[1,2,3,4]"), "the document has more than 4 values");
    assert!(parse(source(), "[1,2,3]", limits).is_ok());
}

/// granit-parser 2.1.0 refuses what libyaml reads and writes, so that it stands in published manifests.
#[test]
fn granit_parser_quoted_lines_at_the_column_of_their_key() {
    let text = "x:\n  - a: 'b\n    c''\n\n    d'\n    e: \"f\n    g \\\n    \\\"h\"\n    \"k\": !!str 'm\n    n' # o\n    p: 1\n  - q\n";
    let nodes = read(text).expect("YAML");
    let item = json!({"a": "b c'\nd", "e": "f g \"h", "k": "m n", "p": 1});
    assert_eq!(nodes[0].to_json(), json!({"x": [item, "q"]}));
    let list = nodes[0].get("x").expect("x");
    let Value::Seq(items) = &list.value else { panic!("{list:?}") };
    assert_eq!(slice(text, items[0].get("a").expect("a")), "'b\n    c''\n\n    d'");
    assert_eq!(slice(text, items[0].get("p").expect("p")), "1");
    assert_eq!(slice(text, &items[1]), "q");
    assert_eq!(refused(&format!("{text}z: [\n")), "13:4-1: `[` is never closed");
}

/// granit-parser 2.1.0 ends a block with a line break where the text has none.
#[test]
fn granit_parser_block_at_the_end_of_the_text() {
    assert_eq!(json("a: |\n  b\n  c"), json!([{"a": "b\nc"}]));
    assert_eq!(json("a: |+\n  b\n\n  c"), json!([{"a": "b\n\nc"}]));
    assert_eq!(json("- >\n  b\n  c"), json!([["b c"]]));
    assert_eq!(json("a: |\n  b\n "), json!([{"a": "b\n"}]));
    assert_eq!(json("a: |+\n  "), json!([{"a": ""}]));
    assert_eq!(json("a: |+\n\n  "), json!([{"a": "\n"}]));
    assert_eq!(json("a: |\n  b\n   "), json!([{"a": "b\n "}]));
    assert_eq!(json("a: |\n  b\n---\n|\n  c\n"), json!([{"a": "b\n"}, "c\n"]));
}

/// granit-parser 2.1.0 lets it pass; libyaml, and so Kubernetes' reader, refuses it.
#[test]
fn granit_parser_block_that_starts_with_a_tab() {
    assert_eq!(
        refused("a: |\n\n  \tb\n"),
        "3:3-2: the text of this block starts with a tab \
         (write it in double quotes, with `\\t`, or put the depth of the indentation behind the `|`: `|2`)"
    );
    assert_eq!(json("a: |2-\n  \tb\n"), json!([{"a": "\tb"}]));
}

#[test]
fn a_huge_scalar_is_read() {
    let text = "x".repeat(3 << 20);
    assert_eq!(json(&format!("a: {text}\n")), json!([{"a": text}]));
}

#[test]
fn reading_goes_on_behind_a_broken_document() {
    let text = "a: 1\n---\nb: [\n---\nc: \u{1}\nd: \u{1}\n---\ne: 2\ne: 3\n---\n# \u{1}\nf: 1\n---\ng: 4\n";
    let read: Vec<Result<Json, String>> = documents(source(), text, Limits::CONFIG)
        .map(|document| document.map(|node| node.to_json()).map_err(|error| shown(text, &error)))
        .collect();
    let places: Vec<String> = read
        .iter()
        .map(|document| match document {
            Ok(json) => json.to_string(),
            Err(message) => message.split(':').take(1).collect(),
        })
        .collect();
    assert_eq!(places, [r#"{"a":1}"#, "3", "5", "9", "11", r#"{"g":4}"#], "{read:?}");
}

/// The second of them replaced the first.
#[test]
fn keys_that_are_one_number_are_one_key() {
    for text in ["{1e3: a, 1e+3: b}", "{1000: a, 1e3: b}", "{yes: a, true: b}", "{on: a, \"true\": b}"] {
        let error = parse(source(), text, Limits::CONFIG).expect_err(text);
        assert!(error.message.contains("stands twice"), "{text}: {error}");
    }
    assert!(parse(source(), "{1e3: a, 1e4: b, y: c, n: d, 12: e, '1': f}", Limits::CONFIG).is_ok());
}
