//! Paths while walking, as JSON pointers (RFC 6901).

/// A path that grows and shrinks while a tree is walked, so that nothing is allocated for places where nothing is to be said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pointer<'a> {
    parent: Option<&'a Pointer<'a>>,
    token: Token<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Token<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Pointer<'a> {
    /// The whole value.
    pub(crate) const ROOT: Pointer<'static> = Pointer { parent: None, token: Token::Root };

    /// A field.
    pub(crate) const fn key(&'a self, key: &'a str) -> Self {
        Pointer { parent: Some(self), token: Token::Key(key) }
    }

    /// An entry of a list.
    pub(crate) const fn index(&'a self, index: usize) -> Self {
        Pointer { parent: Some(self), token: Token::Index(index) }
    }

    /// Whether this is the whole value.
    pub(crate) const fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    fn write(&self, out: &mut String) {
        if let Some(parent) = self.parent {
            parent.write(out);
        }
        match self.token {
            Token::Root => {}
            Token::Key(key) => {
                out.push('/');
                out.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Token::Index(index) => {
                out.push('/');
                out.push_str(&index.to_string());
            }
        }
    }
}

impl std::fmt::Display for Pointer<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        formatter.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_escaped() {
        let metadata = Pointer::ROOT.key("metadata");
        let labels = metadata.key("a/b~c");
        assert_eq!(labels.index(3).to_string(), "/metadata/a~1b~0c/3");
        assert_eq!(Pointer::ROOT.to_string(), "");
    }
}
