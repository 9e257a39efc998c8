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
    mustCompact mustDateModify mustDeepCopy mustFirst mustFromJson mustHas mustInitial mustLast mustMerge mustMergeOverwrite mustPrepend \
    mustRegexFind mustRegexFindAll mustRegexMatch mustRegexReplaceAll mustRegexReplaceAllLiteral mustRegexSplit mustRest \
    mustReverse mustSlice mustToDate mustToJson mustToPrettyJson mustToRawJson mustUniq mustWithout must_date_modify nindent nospace now \
    omit osBase osClean osDir osExt osIsAbs pick pluck plural prepend quote randAlpha randAlphaNum randAscii randBytes randInt \
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

/// The first slip in a template.
pub(super) fn slip_in(text: &str) -> Option<Slip> {
    let mut rest = text;
    let mut open: Vec<&str> = Vec::new();
    while let Some(start) = rest.find("{{") {
        let shown = shown(&rest[start..]);
        let inside = &rest[start + 2..];
        let Some((words, length)) = words(inside) else {
            return Some(slip(format!("`{shown}` has no end"), "close it with `}}`, and every quote in it"));
        };
        match words.first().copied() {
            Some(word @ ("if" | "range" | "with" | "block" | "define")) => open.push(word),
            Some("end") if open.pop().is_none() => return Some(slip(format!("`{shown}` ends nothing"), "remove it")),
            Some("else") if open.is_empty() => return Some(slip(format!("`{shown}` belongs to nothing"), "remove it")),
            _ => {}
        }
        let is_known = |word: &&str| KEYWORDS.contains(word) || FUNCTIONS.split_ascii_whitespace().any(|known| known == *word);
        if let Some(unknown) = words.iter().find(|word| !is_known(word)) {
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
        rest = &inside[length..];
    }
    let word = open.last()?;
    Some(slip(format!("`{{{{{word} …}}}}` has no `{{{{end}}}}`"), "add it"))
}

/// The beginning of an action, for a message.
fn shown(text: &str) -> String {
    let end = text.find("}}").map_or(text.len(), |end| end + 2);
    let line: String = text[..end].split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 40 { format!("{}…", line.chars().take(40).collect::<String>()) } else { line }
}

/// Keywords and functions of an action, and its length with what closes it; none when nothing does.
fn words(action: &str) -> Option<(Vec<&str>, usize)> {
    let comment = action.strip_prefix('-').unwrap_or(action).trim_start();
    if comment.starts_with("/*") {
        let end = action.find("*/")? + 2;
        let closed = action[end..].find("}}")?;
        return matches!(action[end..end + closed].trim(), "" | "-").then(|| (Vec::new(), end + closed + 2));
    }
    let bytes = action.as_bytes();
    let (mut at, mut words) = (0, Vec::new());
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
    let end_of_word = |from: usize| (from..bytes.len()).find(|at| !is_word(bytes[*at])).unwrap_or(bytes.len());
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some((words, at + 2)),
            quote @ (b'"' | b'\'' | b'`') => at = end_of_quote(bytes, at + 1, quote)?,
            // A field, a variable or a number.
            b'.' | b'$' | b'0'..=b'9' => at = end_of_word(at + 1),
            byte if is_word(byte) => {
                let end = end_of_word(at);
                words.push(&action[at..end]);
                at = end;
            }
            _ => at += 1,
        }
    }
    None
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
        ] {
            assert_eq!(slip_in(text), None, "{text}");
        }
    }

    #[test]
    fn slips_are_told() {
        let told = |text: &str| slip_in(text).map_or_else(|| panic!("{text}"), |slip| format!("{} | {}", slip.message, slip.hint));
        insta::assert_snapshot!(
            ["{{.path.path}", "{{ if", "{{ if .x }}", "{{end}}", "{{else}}", "{{cluster}}-app", "{{.url | nosuchfunc}}", "{{.a | lowr}}", "{{ \"a }}", "{{ env \"HOME\" }}"]
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
        "#);
    }
}
