//! What is wrong with a text, in plain words: what stands there, what should, and the way out.

use granit_parser::{ErrorKind, ScanError, Tag};

use crate::source::Span;
use crate::yaml::{Key, Scalar};

use super::place::Text;
use super::{Limits, SyntaxError};

const SPACES: &str = "indent with spaces; YAML does not allow tabs there";
const QUOTE: &str = "put the text in quotes if it is meant as text";
const SEPARATE: &str = "start the next document with `---`";
const SPLIT: &str = "split the file, or write out fewer copies";

/// An error of the parser.
pub(super) fn refusal(text: &Text<'_>, error: &ScanError, offset: usize, limits: Limits) -> SyntaxError {
    let at = text.at(offset);
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(at, limits);
    }
    if let Some(tab) = tab_as_indentation(text, error.kind(), at) {
        return self::tab(tab);
    }
    let (message, hint) = explain(text, error.kind(), at);
    SyntaxError { message, span: at, hint: hint.map(ToOwned::to_owned) }
}

/// The tab, if one stands before the text of the line in which the parser stopped: whatever the parser says, that is the cause.
/// In a text of several lines the parser stopped at its start, and the tab stands below.
fn tab_as_indentation(text: &Text<'_>, kind: &ErrorKind, at: Span) -> Option<Span> {
    let here = at.start as usize;
    let line_start = text.whole[..here].rfind('\n').map_or(0, |at| at + 1);
    let tab_before_text = |start: usize| {
        let line = &text.whole[start..];
        let blanks = line.find(|c| !matches!(c, ' ' | '\t')).unwrap_or(line.len());
        line[..blanks].find('\t').filter(|_| start + blanks >= here).map(|tab| start + tab)
    };
    let below = || text.whole[here..].match_indices('\n').find_map(|(at, _)| tab_before_text(here + at + 1));
    let tab = tab_before_text(line_start).or_else(|| if *kind == ErrorKind::TabInPlainScalar { below() } else { None });
    tab.map(|tab| text.at(tab))
}

#[expect(clippy::too_many_lines, reason = "one row per thing that can be wrong")]
fn explain(text: &Text<'_>, kind: &ErrorKind, at: Span) -> (String, Option<&'static str>) {
    use ErrorKind as Kind;
    let (message, hint) = match kind {
        Kind::InvalidQuotedScalarIndent if text.from(at).is_empty() => ("the text ends, but a quote is still open", None),
        Kind::UnknownAnchor => {
            let name: String = text.from(at).chars().skip(1).take_while(|c| !c.is_whitespace() && !",[]{}".contains(*c)).collect();
            return (format!("there is no anchor `&{name}` before this alias"), Some("quote the text if the `*` is meant as text"));
        }
        Kind::UnexpectedCharacter { character } => {
            let hint = match character {
                '@' | '`' | '%' | '|' | '>' => Some(QUOTE),
                _ => None,
            };
            let name = if character.is_control() { format!("U+{:04X}", u32::from(*character)) } else { character.to_string() };
            return (format!("no value can start with `{name}`"), hint);
        }
        Kind::MismatchedFlowCollectionEnd { open, close } => return (format!("`{open}` is closed by `{close}`"), None),
        Kind::UnclosedFlowCollection { open } => return (format!("`{open}` is never closed"), None),
        Kind::UnclosedQuotedScalar => ("this quote is never closed", None),
        Kind::UnexpectedEofFlowSequence => ("a list in `[` is never closed", None),
        Kind::UnexpectedEofFlowMapping | Kind::UnexpectedEofImplicitFlowMapping => ("a mapping in `{` is never closed", None),
        Kind::UnexpectedEof | Kind::UnexpectedEofBlockSequence | Kind::UnexpectedEofBlockMapping => {
            ("the text ends in the middle of a value", None)
        }
        Kind::MisplacedFlowCollectionEnd => ("this bracket closes nothing", Some(QUOTE)),
        Kind::TabNotAllowed | Kind::TabInBlockIndentation | Kind::TabInIndentation | Kind::TabInPlainScalar => {
            ("a tab stands where only spaces may", Some(SPACES))
        }
        Kind::TabAtBlockScalarStart => ("the text of this block starts with a tab", Some(SPACES)),
        Kind::DuplicateVersionDirective => ("`%YAML` stands twice", None),
        Kind::UnsupportedYamlMajorVersion => ("this is for another version of YAML than 1", None),
        Kind::DuplicateTagDirective => ("this `%TAG` stands twice", None),
        Kind::ExpectedDocumentStart => ("a document ends here, and what follows is part of none", Some(SEPARATE)),
        Kind::MissingDocumentEndBeforeDirective => ("a directive follows a document that has no end", Some("end it with `...`")),
        Kind::InvalidDocumentEnd => ("only a comment may follow `...` on its line", None),
        Kind::ExpectedNodeContent => ("a value should stand here", None),
        Kind::ExpectedBlockMappingKey => ("expected a key at this indentation", Some("keys of one mapping start in the same column")),
        Kind::ExpectedBlockSequenceEntry => ("expected `- ` at this indentation", Some("items of one list start in the same column")),
        Kind::ExpectedFlowMappingSeparator => ("expected `,` or `}` here", None),
        Kind::ExpectedFlowSequenceSeparator => ("expected `,` or `]` here", None),
        Kind::UndeclaredTagHandle => ("this tag's handle is not declared", Some(QUOTE)),
        Kind::SimpleKeyExpected | Kind::InvalidSimpleKey => {
            ("a key lacks its `:`", Some("a key and its `:` stand on one line, at most 1024 characters apart"))
        }
        Kind::InvalidIndentation => ("this line is indented less than the mapping or list that it is in", None),
        Kind::BomInsideDocument => ("a byte order mark stands inside of a document", Some("remove it; two files may have been joined")),
        Kind::CommentInterceptedScalar => {
            ("a comment stands in the middle of a text of several lines", Some("quote the text, or write it as a block with `|`"))
        }
        Kind::CommentNotSeparated => ("there is no space before this `#`", Some("put a space before a comment, or quote the text")),
        Kind::ExpectedWhitespace => ("expected a space here", None),
        Kind::ZeroBlockScalarIndent => ("the indentation of a block cannot be 0", None),
        Kind::InvalidBlockScalarHeader => ("the text of a block starts on the next line", None),
        Kind::InvalidBlockScalarIndent => ("this line of a block is indented wrongly", None),
        Kind::DocumentIndicatorInQuotedScalar => ("a document ends inside of a quoted text", Some("close the quote, or indent the line")),
        Kind::InvalidQuotedScalarIndent => {
            ("this line of a quoted text is not indented enough", Some("close the quote, or indent the line deeper than its key"))
        }
        Kind::InvalidTrailingSingleQuotedScalar => {
            ("something follows the closing quote", Some("within single quotes, write a single quote twice"))
        }
        Kind::InvalidTrailingDoubleQuotedScalar => {
            ("something follows the closing quote", Some("within double quotes, write a double quote as `\\\"`"))
        }
        Kind::UnknownQuotedScalarEscape => (
            "there is no such escape in double quotes",
            Some("write a backslash as `\\\\`, or use single quotes, in which it stands for itself"),
        ),
        Kind::InvalidQuotedScalarHexEscape | Kind::InvalidLowSurrogateHexEscape => ("this escape lacks hexadecimal digits", None),
        Kind::InvalidLowSurrogate | Kind::MissingLowSurrogate | Kind::UnpairedLowSurrogate => ("this escape is half of a character", None),
        Kind::InvalidUnicodeEscape => ("this escape is no character", None),
        Kind::BlockEntryInFlowCollection => ("`- ` stands inside of brackets", Some("separate items with commas there")),
        Kind::BlockSequenceEntryNotAllowed => ("a list cannot start here", Some("start it on the next line")),
        Kind::InvalidBlockEntryWhitespace => ("expected a space after `-`", None),
        Kind::InvalidFlowScalarIndent => ("this line is not indented enough to be inside of the brackets", None),
        Kind::PlainScalarStartsWithDashFlowIndicator => ("no value can start like this", Some(QUOTE)),
        Kind::MappingKeyNotAllowed => ("a key cannot stand here", Some("start the mapping on the next line")),
        Kind::MappingValueNotAllowed | Kind::InvalidColonPlacement | Kind::FlowMappingValueAdjacentCollection => {
            ("`:` cannot stand here", Some("put text that holds `: ` in quotes; start a mapping on the next line"))
        }
        Kind::InvalidMappingValueWhitespace => ("expected a space after `:`", None),
        Kind::MissingAnchorOrAliasName => ("an anchor or alias has no name", Some("quote the text if `&` or `*` is meant as text")),
        Kind::ExpectedTagBang
        | Kind::InvalidGlobalTagCharacter
        | Kind::InvalidTagTerminator
        | Kind::MissingTagUri
        | Kind::UnclosedVerbatimTag
        | Kind::InvalidTagEscape
        | Kind::InvalidTagUtf8LeadingByte
        | Kind::InvalidTagUtf8TrailingByte
        | Kind::InvalidTagUtf8 => ("this is not a tag", Some("quote the text if the `!` is meant as text")),
        Kind::ExpectedTagDirectiveBang
        | Kind::InvalidTagDirectiveTerminator
        | Kind::InvalidDirectiveTerminator
        | Kind::MissingYamlVersionSeparator
        | Kind::MissingDirectiveName
        | Kind::InvalidDirectiveName
        | Kind::DirectiveByteLimitExceeded { .. }
        | Kind::TooManyReservedDirectiveParams { .. }
        | Kind::YamlVersionTooLong
        | Kind::MissingYamlVersion => ("a line that starts with `%` is a directive, and this one is malformed", Some(QUOTE)),
        // What is left cannot come from a text in memory.
        _ => ("this is not YAML", None),
    };
    (message.to_owned(), hint)
}

pub(super) fn tab(at: Span) -> SyntaxError {
    SyntaxError::new(at, "a tab is used as indentation").hint(SPACES)
}

pub(super) fn too_long(text: &Text<'_>, bytes: usize) -> SyntaxError {
    let found = text.whole.len();
    SyntaxError::new(text.at(0), format!("the text has {found} bytes, more than the {bytes} that are read")).hint("split the file")
}

pub(super) fn second_document(at: Span) -> SyntaxError {
    SyntaxError::new(at, "a document ends here, and what follows is part of none").hint(SEPARATE)
}

pub(super) fn unprintable(text: &Text<'_>, at: usize) -> SyntaxError {
    let span = text.at(at);
    let found = text.from(span).chars().next().unwrap_or_default();
    let code = u32::from(found);
    let message = format!("the control character U+{code:04X} stands in the text");
    let hint = if found == '\0' {
        "remove it; is this a binary file, or UTF-16 text?".to_owned()
    } else {
        format!(
            "remove it, or write it in double quotes as `\\{}`",
            if code < 0x100 { format!("x{code:02X}") } else { format!("u{code:04X}") }
        )
    };
    SyntaxError::new(span, message).hint(hint)
}

pub(super) fn too_many_nodes(at: Span, limits: Limits) -> SyntaxError {
    SyntaxError::new(at, format!("the document has more than {} values", limits.nodes)).hint(SPLIT)
}

pub(super) fn alias_bomb(at: Span, limits: Limits) -> SyntaxError {
    SyntaxError::new(
        at,
        format!("with its aliases expanded, the document has more than {} values or {} bytes of text", limits.nodes, limits.bytes),
    )
    .hint(SPLIT)
}

pub(super) fn too_deep(at: Span, limits: Limits) -> SyntaxError {
    SyntaxError::new(at, format!("lists and mappings are nested more than {} deep", limits.depth))
}

pub(super) fn alias_in_itself(at: Span, text: &Text<'_>) -> SyntaxError {
    let name: String = text.from(at).chars().skip(1).take((at.end - at.start).saturating_sub(1) as usize).collect();
    let name = name.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
    SyntaxError::new(at, format!("the alias `*{name}` stands inside of what it stands for"))
}

pub(super) fn duplicate(first: &Key, second: &Key, text: &Text<'_>) -> SyntaxError {
    let message = format!("the key `{}` stands twice, first at {}", shown(&second.text), text.describe(first.span));
    let hint = if second.text == "<<" {
        "merge several mappings with one key: `<<: [*a, *b]`"
    } else {
        "remove one of them, or give it another name"
    };
    SyntaxError::new(second.span, message).hint(hint)
}

pub(super) fn complex_key(at: Span, mapping: bool, text: &Text<'_>) -> SyntaxError {
    let error = SyntaxError::new(at, format!("a key must be text, but this is a {}", if mapping { "mapping" } else { "list" }));
    // The usual cause is a template that was never rendered.
    if text.from(at).starts_with('{') { error.hint("quote text that starts with `{`; is this an unrendered template?") } else { error }
}

pub(super) fn tagged_key(at: Span, tag: &str) -> SyntaxError {
    SyntaxError::new(at, format!("a key cannot have the tag `!!{tag}`")).hint("keys are text; write it in quotes, without a tag")
}

pub(super) fn unknown_tag(at: Span, tag: &Tag) -> SyntaxError {
    SyntaxError::new(at, format!("unknown tag `{}`", shown(&tag.original()))).hint("quote the text if the `!` is meant as text")
}

pub(super) fn tag_mismatch(at: Span, scalar: &Scalar) -> SyntaxError {
    let tag = scalar.tag.as_deref().unwrap_or_default();
    SyntaxError::new(at, format!("`{}` is no `!!{tag}`", shown(&scalar.text)))
}

/// Text of the input for a message: short, on one line, without control characters.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}
