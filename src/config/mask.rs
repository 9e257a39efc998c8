//! Keeps secrets that stand in a config by mistake out of messages.
//!
//! No key of the config takes a secret; but people write `token: …` or `password: …` all the same, and the finding that tells them shows
//! the line. What is written as the value of such a key is hidden.

const WORDS: [&str; 11] =
    ["password", "passwd", "passphrase", "token", "secret", "privatekey", "apikey", "authkey", "joinkey", "preauthkey", "credentials"];

/// How private keys begin that are pasted where a public key belongs: age, PEM and OpenSSH, Tailscale and Headscale.
const PRIVATE: [&str; 4] = ["AGE-SECRET-KEY-", "AGE-PLUGIN-", "PRIVATE KEY-", "PRIVKEY:"];

/// Whether a text holds a private key.
pub(crate) fn is_private_key(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    PRIVATE.iter().any(|word| text.contains(word))
}

/// Whether a key is one whose value people take for a secret: `password`, `agentToken`, `client_secret`, `tokenFile`.
pub(crate) fn is_secret(key: &str) -> bool {
    let folded: String = key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let folded = folded.strip_suffix("file").or_else(|| folded.strip_suffix("path")).unwrap_or(&folded);
    WORDS.iter().any(|word| folded.ends_with(word))
}

/// Keys that an entry of `secrets` does not have, and that people write a value under.
const VALUES: [&str; 5] = ["value", "plain", "content", "data", "text"];

/// A line with the values of such keys hidden, character by character, so that columns stay.
pub(crate) fn mask_line(line: &str) -> String {
    masked(line, is_secret)
}

/// Likewise for a line of an entry of `secrets`.
pub(crate) fn mask_entry_line(line: &str) -> String {
    masked(line, |key| is_secret(key) || VALUES.contains(&key))
}

fn masked(line: &str, is_secret: impl Fn(&str) -> bool) -> String {
    let mut characters: Vec<char> = line.chars().collect();
    hide_passwords_of_urls(&mut characters);
    let private = PRIVATE.iter().filter_map(|word| line.to_ascii_uppercase().find(word).map(|at| line[..at].chars().count())).min();
    let start = private.or_else(|| value_of_secret(&characters, is_secret)).unwrap_or(characters.len());
    characters.iter().enumerate().map(|(at, c)| if at >= start && !c.is_whitespace() { '•' } else { *c }).collect()
}

/// Hides what stands between `:` and `@` in `https://user:password@host`.
fn hide_passwords_of_urls(line: &mut [char]) {
    let mut at = 0;
    while let Some(found) = line[at..].windows(3).position(|three| three == [':', '/', '/']) {
        at += found + 3;
        let length = line[at..].iter().position(|c| matches!(c, '/' | '"' | '\'' | ',') || c.is_whitespace()).unwrap_or(line.len() - at);
        let authority = &mut line[at..at + length];
        let Some(end) = authority.iter().rposition(|c| *c == '@') else { continue };
        let Some(start) = authority[..end].iter().position(|c| *c == ':') else { continue };
        authority[start + 1..end].fill('•');
    }
}

/// Where the value of the first such key begins. What follows on the line is hidden with it.
fn value_of_secret(line: &[char], is_secret: impl Fn(&str) -> bool) -> Option<usize> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    for (at, separator) in line.iter().enumerate() {
        if !matches!(separator, ':' | '=') {
            continue;
        }
        let key: Vec<char> =
            line[..at].iter().rev().skip_while(|c| matches!(c, ' ' | '"' | '\'')).take_while(|c| is_word(**c)).copied().collect();
        let key: String = key.into_iter().rev().collect();
        let value = at + 1 + line[at + 1..].iter().take_while(|c| c.is_whitespace()).count();
        // A path names a file and is none; a mapping has keys of its own.
        let is_open = line.get(value).is_none_or(|c| matches!(c, '/' | '{' | '['));
        if is_secret(&key) && !is_open {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secrets_are_hidden() {
        assert_eq!(mask_line("  token: K10abc::server:x y"), "  token: •••••••••••••••• •");
        assert_eq!(mask_line("{a: 1, 'client-secret': abc}"), "{a: 1, 'client-secret': ••••");
        assert_eq!(mask_line("k3s.token=abc"), "k3s.token=•••");
        assert_eq!(mask_line("tokenFile: K10abc"), "tokenFile: ••••••");
        assert_eq!(
            mask_line("{repoURL: https://me:s3cret@a.b/c, x: ssh://git@a:22/b}"),
            "{repoURL: https://me:••••••@a.b/c, x: ssh://git@a:22/b}"
        );
        assert_eq!(mask_line("  - AGE-SECRET-KEY-1ABC"), "  - •••••••••••••••••••");
        assert_eq!(mask_entry_line("- {name: token, value: hunter2}"), "- {name: token, value: ••••••••");
        assert_eq!(mask_line("a: [privkey:40ab]"), "a: [•••••••••••••");
        for harmless in ["tokenFile: /run/agenix/token", "secretName: a", "name: token", "passwordSecret: {name: a}", "secrets:", "a: 1"] {
            assert_eq!(mask_line(harmless), harmless);
        }
    }
}
