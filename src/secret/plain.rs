//! A value that is not encrypted.

use std::fmt;
use std::io::{self, Read};

use zeroize::Zeroizing;

/// A value in memory. It is wiped when it is dropped and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Plain(Zeroizing<Vec<u8>>);

/// Values above this size are no secrets.
const MOST: usize = 1024 * 1024;

impl Plain {
    /// Takes bytes, which are wiped later.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Takes a text, which is wiped later.
    #[must_use]
    pub fn text(text: String) -> Self {
        Self::new(text.into_bytes())
    }

    /// Reads to the end.
    ///
    /// # Errors
    /// Those of the reader, and `FileTooLarge` above 1 MiB, which is also what Kubernetes takes for a whole Secret.
    pub fn read(mut from: impl Read) -> io::Result<Self> {
        // One allocation: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(vec![0; MOST + 1]);
        let mut length = 0;
        loop {
            match from.read(&mut bytes[length..]) {
                Ok(0) => break,
                Ok(count) => length += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if length > MOST {
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 1 MiB"));
            }
        }
        Ok(Self(Zeroizing::new(bytes[..length].to_vec())))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes as text, where they are text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether it has a single line, with or without its break.
    #[must_use]
    pub fn is_one_line(&self) -> bool {
        !self.without_last_break().bytes().contains(&b'\n')
    }

    /// The value without one line break at its end.
    #[must_use]
    pub fn without_last_break(&self) -> Self {
        let bytes = self.0.strip_suffix(b"\n").unwrap_or(&self.0);
        Self::new(bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec())
    }
}

impl fmt::Debug for Plain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Plain(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_not_shown_and_not_endless() {
        assert_eq!(format!("{:?}", Plain::text("hunter2".to_owned())), "Plain(…)");
        assert_eq!(Plain::read(&b"a\nb\r\n"[..]).expect("read").without_last_break().bytes(), b"a\nb");
        assert_eq!(Plain::read(io::repeat(1)).expect_err("endless").kind(), io::ErrorKind::FileTooLarge);
    }
}
