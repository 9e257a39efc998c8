//! PEM texts (RFC 7468).

/// A block of a PEM text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block<'t> {
    /// `CERTIFICATE`, `PRIVATE KEY`.
    pub(super) label: &'t str,
    /// From the line of its beginning to that of its end, without the last line break.
    pub(super) text: &'t str,
}

const BEGIN: &str = "-----BEGIN ";

/// The blocks of a text, in their order. What stands between them is no part of any.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(BEGIN) {
        rest = &rest[start..];
        let Some((label, _)) = rest[BEGIN.len()..].split_once("-----") else { break };
        let last_line = format!("-----END {label}-----");
        let Some(end) = rest.find(&last_line).map(|at| at + last_line.len()) else { break };
        blocks.push(Block { label, text: &rest[..end] });
        rest = &rest[end..];
    }
    blocks
}

/// The blocks that hold certificates.
pub(super) fn certificates(text: &str) -> Vec<&str> {
    blocks(text).into_iter().filter(|block| block.label == "CERTIFICATE").map(|block| block.text).collect()
}

/// The first block that holds a private key of any form.
pub(super) fn private_key(text: &str) -> Option<&str> {
    blocks(text).into_iter().find(|block| block.label.ends_with("PRIVATE KEY")).map(|block| block.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_whatever_stands_between_them() {
        let text = "a\n-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\nb\r\n-----BEGIN EC PRIVATE KEY-----\r\nBB==\r\n-----END EC PRIVATE KEY-----";
        assert_eq!(certificates(text), ["-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"]);
        assert_eq!(private_key(text), Some("-----BEGIN EC PRIVATE KEY-----\r\nBB==\r\n-----END EC PRIVATE KEY-----"));
        for broken in ["", "-----BEGIN ", "-----BEGIN A-----", "-----BEGIN A-----\n-----END B-----", "-----END A-----"] {
            assert_eq!(blocks(broken), [], "{broken}");
        }
    }
}
