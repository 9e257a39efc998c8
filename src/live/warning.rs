//! `Warning` headers (RFC 7234, section 5.5) and what they say about an object.

use serde_json::Value;

use super::field_path::pointer;
use super::pod_security;
use super::refusal::Cause;

/// The texts of one header value, which is a list of `code agent "text" ["date"]`.
pub(super) fn texts(header: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('"') {
        let (text, after) = quoted(after);
        texts.push(text);
        // An optional date in quotes stands directly behind the text, the next warning behind a comma.
        rest = after.trim_start().strip_prefix('"').map_or(after, |date| quoted(date).1);
    }
    texts
}

/// The content of a quoted string whose opening quote is gone, and what follows its closing quote.
fn quoted(text: &str) -> (String, &str) {
    let mut content = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (content, &text[at + 1..]),
            '\\' => content.extend(characters.next().map(|(_, escaped)| escaped)),
            other => content.push(other),
        }
    }
    (content, "")
}

/// The name that Argo CD gave its finalizer (`application_defaults.go`). The server would like a path in it, and Argo CD reads it as it is.
const ARGOCDS_FINALIZER: &str = "\"resources-finalizer.argocd.argoproj.io\": prefer a domain-qualified finalizer name";

/// What a warning says about an object, one cause per thing; none where nobody can do a thing about it.
pub(super) fn causes(text: &str, object: &Value) -> Vec<Cause> {
    if text.contains(ARGOCDS_FINALIZER) {
        return Vec::new();
    }
    if let Some(violations) = pod_security::causes(text, object) {
        return violations;
    }
    // `spec.ports[0].name: …`
    let place = text
        .split_once(": ")
        .filter(|(field, _)| !field.contains(' '))
        .and_then(|(field, message)| Some((pointer(field, object).filter(|pointer| object.pointer(pointer).is_some())?, message)));
    let (path, message) = match place {
        Some((path, message)) => (Some(path), message),
        None if text.contains(" is deprecated") => (Some("/apiVersion".to_owned()), text),
        None => (None, text),
    };
    vec![Cause { path, ..Cause::new("server/warning", message) }]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn headers_hold_one_or_several_texts() {
        assert_eq!(texts(r#"299 - "a \"b\", c""#), [r#"a "b", c"#]);
        assert_eq!(texts(r#"299 - "a" "Sat, 25 Aug 2012 23:34:45 GMT", 299 - "b""#), ["a", "b"]);
        assert_eq!(texts("299 -"), [""; 0]);
        assert_eq!(texts(r#"299 - "open"#), ["open"]);
    }

    #[test]
    fn a_leading_field_becomes_the_path() {
        let object = json!({"spec": {"env": [{}, {}]}});
        let found = causes("spec.env[1]: hides previous definition of \"A\"", &object);
        assert_eq!(found[0].path.as_deref(), Some("/spec/env/1"));
        assert_eq!(found[0].message, "hides previous definition of \"A\"");
        assert_eq!(causes("unset: nothing", &object)[0].message, "unset: nothing");
    }

    /// Each apply of a GitOps tree told it of each Application.
    #[test]
    fn the_name_of_argo_cds_finalizer_is_no_news() {
        let said = |name: &str| {
            let wish =
                "prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers";
            causes(&format!("metadata.finalizers: \"{name}\": {wish}"), &json!({})).len()
        };
        assert_eq!(said("resources-finalizer.argocd.argoproj.io"), 0);
        assert_eq!(said("keep.example.com"), 1);
    }
}
