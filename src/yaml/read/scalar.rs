//! Tags: what may stand before a node, and what it makes of a scalar.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use granit_parser::Tag;

use crate::source::Span;
use crate::yaml::{Resolved, Scalar, resolve};

use super::{SyntaxError, message};

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// In quotes, or as a block.
    Quoted,
}

/// A scalar of which its tag, if any, can be believed.
pub(super) fn tagged(mut text: String, style: Style, tag: Option<(&Tag, Span)>, span: Span) -> Result<Scalar, SyntaxError> {
    let plain = style == Style::Plain;
    let Some((tag, tag_span)) = tag else { return Ok(Scalar { text, plain, tag: None }) };
    let Some(name) = name(tag) else { return Err(message::unknown_tag(tag_span, tag)) };
    match name.as_str() {
        "str" | "int" | "bool" | "null" | "float" => {}
        "binary" => text = decode(&text, span)?,
        "seq" | "map" => return Err(SyntaxError::new(tag_span, format!("the tag `!!{name}` stands before a scalar"))),
        _ => return Err(message::unknown_tag(tag_span, tag)),
    }
    let scalar = Scalar { text, plain, tag: Some(name) };
    if fits(&scalar) { Ok(scalar) } else { Err(message::tag_mismatch(tag_span, &scalar)) }
}

/// Refuses a tag that a list (`own` is `seq`) or a mapping (`map`) cannot have.
pub(super) fn check_collection_tag(tag: &Tag, own: &str, span: Span) -> Result<(), SyntaxError> {
    match name(tag).as_deref() {
        // The tag `!` asks for the node's own kind.
        Some("str") if tag.suffix() == "!" => Ok(()),
        Some(name) if name == own => Ok(()),
        Some(name @ ("str" | "int" | "bool" | "null" | "float" | "binary" | "seq" | "map")) => {
            let kind = if own == "seq" { "list" } else { "mapping" };
            Err(SyntaxError::new(span, format!("the tag `!!{name}` stands before a {kind}")))
        }
        _ => Err(message::unknown_tag(span, tag)),
    }
}

/// The name of a tag of YAML's own; `!` alone makes a scalar a string.
fn name(tag: &Tag) -> Option<String> {
    if tag.handle().is_empty() && tag.suffix() == "!" {
        return Some("str".to_owned());
    }
    tag.suffix_in_namespace("tag:yaml.org,2002:").map(std::borrow::Cow::into_owned)
}

fn fits(scalar: &Scalar) -> bool {
    let resolved = resolve(scalar);
    match scalar.tag.as_deref() {
        Some("int") => matches!(&resolved, Resolved::Number(number) if !number.is_f64()),
        Some("float") => matches!(resolved, Resolved::Number(_) | Resolved::NotFinite),
        Some("bool") => matches!(resolved, Resolved::Bool(_)),
        Some("null") => resolved == Resolved::Null,
        _ => true,
    }
}

/// Go's `!!binary`: the decoded bytes as text. JSON has nothing else.
fn decode(text: &str, span: Span) -> Result<String, SyntaxError> {
    let packed: String = text.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(packed).map_err(|_| SyntaxError::new(span, "what follows `!!binary` is not base64"))?;
    String::from_utf8(bytes).map_err(|_| {
        SyntaxError::new(span, "what follows `!!binary` is not text, and JSON cannot hold it")
            .hint("leave the tag out where Kubernetes wants base64, as in a Secret's `data`")
    })
}
