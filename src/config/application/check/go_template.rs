//! Go templates, as far as a slip can be seen without their parameters: ends that are missing, and functions that Argo CD has not.
//!
//! The forms are those of Go's `text/template/parse/lex.go`; the functions are Go's own, those of sprig 3.3 without the three that would
//! tell about the controller's environment, and Argo CD's (`applicationset/utils/utils.go`).

use crate::diag::did_you_mean;

const FUNCTIONS: &str = "and call html index slice js len not or print printf println urlquery eq ge gt le lt ne \
    normalize slugify toYaml fromYaml fromYamlArray \
    abbrev abbrevboth add add1 add1f addf adler32sum ago all any append atoi b32dec b32enc b64dec b64enc base bcrypt biggest \
    buildCustomCert camelcase cat ceil chunk clean coalesce compact concat contains date dateInZone dateModify date_in_zone date_modify \
    decryptAES deepCopy deepEqual default derivePassword dict dig dir div divf duration durationRound empty encryptAES ext fail first \
    float64 floor fromJson genCA genCAWithKey genPrivateKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert \
    genSignedCertWithKey get has hasKey hasPrefix hasSuffix hello htmlDate htmlDateInZone htpasswd indent initial initials int int64 \
    isAbs join kebabcase keys kindIs kindOf last list lower max maxf merge mergeOverwrite min minf mod mul mulf mustAppend mustChunk \
    mustCompact mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend mustPush \
    mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit mustRest \
    mustReverse mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now \
    omit osBase osClean osDir osExt osIsAbs pick pluck plural prepend push quote randAlpha randAlphaNum randAscii randBytes randInt \
    randNumeric regexFind regexFindAll regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit repeat replace rest \
    reverse round semver semverCompare seq set sha1sum sha256sum sha512sum shuffle snakecase sortAlpha split splitList splitn \
    squote sub subf substr swapcase ternary title toDate toDecimal toJson toPrettyJson toRawJson toString toStrings trim trimAll \
    trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf uniq unixEpoch unset until untilStep untitle upper urlJoin \
    urlParse uuidv4 values without wrap wrapWith";

const KEYWORDS: &[&str] =
    &["if", "else", "end", "range", "with", "block", "define", "template", "break", "continue", "nil", "true", "false"];

/// What is wrong, and the way out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) message: String,
    pub(super) hint: String,
}

fn slip(message: impl Into<String>, hint: impl Into<String>) -> Slip {
    Slip { message: message.into(), hint: hint.into() }
}

/// What stands open: a block, its variables, and whether its `else` was there.
struct Block<'a> {
    word: &'a str,
    variables: usize,
    has_else: bool,
}

/// The first slip in a template.
pub(super) fn slip_in(text: &str) -> Option<Slip> {
    let mut rest = text;
    let mut open: Vec<Block<'_>> = Vec::new();
    let mut variables: Vec<&str> = Vec::new();
    while let Some(start) = rest.find("{{") {
        let shown = shown(&rest[start..]);
        let inside = &rest[start + 2..];
        let action = match Action::read(inside) {
            Ok(action) => action,
            Err(None) => return Some(slip(format!("`{shown}` has no end"), "close it with `}}`, and every quote in it")),
            Err(Some(wrong)) => return Some(slip(format!("`{shown}` is no Go template: {wrong}"), "see https://pkg.go.dev/text/template")),
        };
        let first = action.words.first().copied();
        let belongs = |what: &str| slip(format!("`{shown}` {what}"), "remove it");
        // What a block declares, its pipeline included, ends with it.
        let depth = variables.len();
        match first {
            Some("end") => match open.pop() {
                Some(block) => variables.truncate(block.variables),
                None => return Some(belongs("ends nothing")),
            },
            Some("else") => match open.last_mut() {
                None => return Some(belongs("belongs to nothing")),
                Some(block) if block.has_else => return Some(belongs("is the second of its block")),
                Some(block) => block.has_else = !action.words.iter().any(|word| matches!(*word, "if" | "with")),
            },
            _ => {}
        }
        if let Some(unknown) = action.uses.iter().find(|name| !variables.contains(name) && !action.declares.contains(name)) {
            let hint = format!("text that is to stay as it is stands in quotes: `{{{{ \"{{{{\" }}}}{unknown}{{{{ \"}}}}\" }}}}`");
            return Some(slip(format!("there is no variable `{unknown}`, which `{shown}` names"), hint));
        }
        variables.extend(&action.declares);
        if let Some(word @ ("if" | "range" | "with" | "block" | "define")) = first {
            if action.is_bare {
                return Some(slip(format!("`{shown}` says not what it is about"), format!("write `{{{{{word} .name}}}}`")));
            }
            open.push(Block { word, variables: depth, has_else: false });
        }
        let is_known = |word: &&str| KEYWORDS.contains(word) || FUNCTIONS.split_ascii_whitespace().any(|known| known == *word);
        if let Some(unknown) = action.words.iter().find(|word| !is_known(word)) {
            let hint = match did_you_mean(unknown, FUNCTIONS.split_ascii_whitespace()) {
                _ if shown.trim_matches(|c: char| "{}- ".contains(c)) == *unknown => {
                    format!("a parameter begins with a dot: `{{{{.{unknown}}}}}`")
                }
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "the functions are those of Go, of sprig, and `normalize`, `slugify`, `toYaml`, `fromYaml` and `fromYamlArray`"
                    .to_owned(),
            };
            return Some(slip(format!("there is no function `{unknown}`, which `{shown}` calls"), hint));
        }
        rest = &inside[action.length..];
    }
    let word = open.last()?.word;
    Some(slip(format!("`{{{{{word} …}}}}` has no `{{{{end}}}}`"), "add it"))
}

/// The beginning of an action, for a message.
fn shown(text: &str) -> String {
    let end = text.find("}}").map_or(text.len(), |end| end + 2);
    let line: String = text[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 40 { format!("{}…", line.chars().take(40).collect::<String>()) } else { line }
}

/// What stands between `{{` and `}}`.
#[derive(Default)]
struct Action<'a> {
    /// Keywords and functions.
    words: Vec<&'a str>,
    declares: Vec<&'a str>,
    uses: Vec<&'a str>,
    /// Whether there is a keyword and nothing more.
    is_bare: bool,
    /// With what closes it.
    length: usize,
}

impl<'a> Action<'a> {
    /// Reads one; what is wrong with it, or nothing where it has no end.
    fn read(action: &'a str) -> Result<Self, Option<&'static str>> {
        // A dash that trims has a blank behind it.
        let comment = action.strip_prefix('-').map_or(action, str::trim_start);
        if comment.starts_with("/*") {
            let end = action.find("*/").ok_or(None)? + 2;
            let closed = action[end..].find("}}").ok_or(None)?;
            let is_alone = matches!(action[end..end + closed].trim(), "" | "-");
            return if is_alone { Ok(Self { length: end + closed + 2, ..Self::default() }) } else { Err(Some("a comment stands alone")) };
        }
        let bytes = action.as_bytes();
        let mut read = Self::default();
        let (mut at, mut parentheses, mut pieces) = (usize::from(action.starts_with("- ")), 0_usize, 0_usize);
        let mut is_assigned = false;
        while at < bytes.len() {
            let from = at;
            match bytes[at] {
                b'}' if bytes.get(at + 1) == Some(&b'}') => {
                    if parentheses > 0 {
                        return Err(Some("a `(` has no `)`"));
                    }
                    if pieces == 0 {
                        return Err(Some("it is empty"));
                    }
                    read.is_bare = pieces == 1 && !read.words.is_empty();
                    read.length = at + 2;
                    return Ok(read);
                }
                b' ' | b'\t' | b'\r' | b'\n' | b'|' | b',' => at += 1,
                b'-' if action[at..].starts_with("-}}") => at += 1,
                b'(' => {
                    parentheses += 1;
                    at += 1;
                }
                b')' => {
                    parentheses = parentheses.checked_sub(1).ok_or(Some("a `)` has no `(`"))?;
                    at += 1;
                }
                quote @ (b'"' | b'\'' | b'`') => {
                    at = end_of_quote(bytes, at + 1, quote).ok_or(None)?;
                    pieces += 1;
                }
                b':' | b'=' => {
                    let declares = action[at..].starts_with(":=");
                    let has_names = !read.uses.is_empty() && pieces == read.words.len() + read.uses.len();
                    if is_assigned || !has_names || (bytes[at] == b':' && !declares) {
                        return Err(Some("`:=` and `=` give variables a value, and `eq` compares"));
                    }
                    is_assigned = true;
                    if declares {
                        read.declares.append(&mut read.uses);
                    }
                    at += if declares { 2 } else { 1 };
                }
                b'0'..=b'9' | b'+' | b'-' => {
                    at += 1;
                    at = (at..bytes.len())
                        .find(|at| !(is_word(bytes[*at]) || matches!(bytes[*at], b'.' | b'+' | b'-')))
                        .unwrap_or(bytes.len());
                    pieces += 1;
                }
                start @ (b'.' | b'$') => {
                    at = end_of_word(bytes, at + 1);
                    let is_lone_dot = start == b'.' && at == from + 1;
                    if is_lone_dot && from > 0 && (is_word(bytes[from - 1]) || bytes[from - 1] == b')') {
                        return Err(Some("a dot has no name behind it"));
                    }
                    if start == b'$' && at > from + 1 {
                        read.uses.push(&action[from..at]);
                    }
                    terminated(bytes, at)?;
                    pieces += 1;
                }
                byte if is_word(byte) => {
                    at = end_of_word(bytes, at);
                    read.words.push(&action[from..at]);
                    terminated(bytes, at)?;
                    pieces += 1;
                }
                b'/' => return Err(Some("a comment begins right behind `{{`")),
                _ => return Err(Some("it has a character that means nothing there")),
            }
        }
        Err(None)
    }
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

fn end_of_word(bytes: &[u8], from: usize) -> usize {
    (from..bytes.len()).find(|at| !is_word(bytes[*at])).unwrap_or(bytes.len())
}

/// What may stand right behind a name (`atTerminator`).
fn terminated(bytes: &[u8], at: usize) -> Result<(), Option<&'static str>> {
    match bytes.get(at) {
        None | Some(b' ' | b'\t' | b'\r' | b'\n' | b'.' | b',' | b'|' | b':' | b')' | b'(') => Ok(()),
        Some(b'}') if bytes.get(at + 1) == Some(&b'}') => Ok(()),
        Some(b'}') if at + 1 == bytes.len() => Err(None),
        Some(_) => Err(Some("a name has letters, digits and `_` only")),
    }
}

fn end_of_quote(bytes: &[u8], mut at: usize, quote: u8) -> Option<usize> {
    loop {
        match *bytes.get(at)? {
            byte if byte == quote => return Some(at + 1),
            b'\\' if quote != b'`' => at += 2,
            b'\n' if quote != b'`' => return None,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::slip_in;

    #[test]
    fn templates_that_go_takes() {
        for text in [
            "plain }} text",
            "{{.path.basename}}-{{ .name | lower }}",
            "{{- /* a comment with {{ */ -}}",
            "{{ index .path.segments 1 }}{{ (index .list 0).name }}",
            "{{ if eq .env \"prod}}\" }}a{{ else if not .x }}b{{ else }}c{{ end }}",
            "{{range $i, $e := .list}}{{$i}}{{$e.name}}{{end}}",
            "{{ printf `%s-}}` .a | trunc -5 | default 1.5e3 }}",
            "{{ $x := dict \"a\" 'b' }}{{ toYaml $x | nindent 4 }}{{ if and true (ne .a nil) }}{{ end }}",
            "{{ .Values.größe }}",
            "{{\n  .a\n}}",
            "{{$x := 1}}{{ if $x }}{{ $y := .a }}{{ $y }}{{ else if .b }}{{ $x = 2 }}{{ else }}{{ end }}",
            "{{ with $x := .a }}{{ $x.b }}{{ end }}{{ range $i, $_ := until 3 }}{{ $i }}{{ end }}{{ $.a }}{{ $ }}",
            "{{ define \"x\" }}{{ . }}{{ end }}{{ template \"x\" . }}{{ block \"y\" $ }}{{ end }}",
            "{{ index .a -1 }}{{ (dict \"a\" 1).a }}{{- .a -}}{{ push .l 1 }}{{ range .a }}{{ break }}{{ end }}",
            "{{ \"{{\" }} $labels.pod {{ \"}}\" }}",
        ] {
            assert_eq!(slip_in(text), None, "{text}");
        }
    }

    #[test]
    fn slips_are_told() {
        let told = |text: &str| slip_in(text).map_or_else(|| panic!("{text}"), |slip| format!("{} | {}", slip.message, slip.hint));
        insta::assert_snapshot!(
            ["{{.path.path}", "{{ if", "{{ if .x }}", "{{end}}", "{{else}}", "{{cluster}}-app", "{{.url | nosuchfunc}}", "{{.a | lowr}}", "{{ \"a }}", "{{ env \"HOME\" }}",
             "{{ $labels.pod }}", "{{ if .x }}{{ $y := 1 }}{{ end }}{{ $y }}", "{{}}", "{{ if }}{{ end }}", "{{ (index .a 0 }}", "{{ .a) }}", "{{ .a-b }}",
             "{{ .a; }}", "{{ .a. }}", "{{ /* c */ }}", "{{ if .a }}{{ else }}{{ else }}{{ end }}", "{{ if .a == .b }}{{ end }}"]
                .map(told).join("\n"), @r#"
        `{{.path.path}` has no end | close it with `}}`, and every quote in it
        `{{ if` has no end | close it with `}}`, and every quote in it
        `{{if …}}` has no `{{end}}` | add it
        `{{end}}` ends nothing | remove it
        `{{else}}` belongs to nothing | remove it
        there is no function `cluster`, which `{{cluster}}` calls | a parameter begins with a dot: `{{.cluster}}`
        there is no function `nosuchfunc`, which `{{.url | nosuchfunc}}` calls | the functions are those of Go, of sprig, and `normalize`, `slugify`, `toYaml`, `fromYaml` and `fromYamlArray`
        there is no function `lowr`, which `{{.a | lowr}}` calls | did you mean `lower`?
        `{{ "a }}` has no end | close it with `}}`, and every quote in it
        there is no function `env`, which `{{ env "HOME" }}` calls | the functions are those of Go, of sprig, and `normalize`, `slugify`, `toYaml`, `fromYaml` and `fromYamlArray`
        there is no variable `$labels`, which `{{ $labels.pod }}` names | text that is to stay as it is stands in quotes: `{{ "{{" }}$labels{{ "}}" }}`
        there is no variable `$y`, which `{{ $y }}` names | text that is to stay as it is stands in quotes: `{{ "{{" }}$y{{ "}}" }}`
        `{{}}` is no Go template: it is empty | see https://pkg.go.dev/text/template
        `{{ if }}` says not what it is about | write `{{if .name}}`
        `{{ (index .a 0 }}` is no Go template: a `(` has no `)` | see https://pkg.go.dev/text/template
        `{{ .a) }}` is no Go template: a `)` has no `(` | see https://pkg.go.dev/text/template
        `{{ .a-b }}` is no Go template: a name has letters, digits and `_` only | see https://pkg.go.dev/text/template
        `{{ .a; }}` is no Go template: a name has letters, digits and `_` only | see https://pkg.go.dev/text/template
        `{{ .a. }}` is no Go template: a dot has no name behind it | see https://pkg.go.dev/text/template
        `{{ /* c */ }}` is no Go template: a comment begins right behind `{{` | see https://pkg.go.dev/text/template
        `{{ else }}` is the second of its block | remove it
        `{{ if .a == .b }}` is no Go template: `:=` and `=` give variables a value, and `eq` compares | see https://pkg.go.dev/text/template
        "#);
    }
}
