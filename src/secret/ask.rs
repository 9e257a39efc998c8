//! What only the user knows.

use age::secrecy::SecretString;

/// Asks the user. Without a terminal there is nobody to ask, and every answer is none.
pub trait Ask: Send + Sync {
    /// A passphrase or a PIN, typed unseen.
    fn passphrase(&self, what: &str) -> Option<SecretString>;

    /// Anything else.
    fn line(&self, what: &str) -> Option<String>;

    /// Shows a message, such as "touch your key".
    fn tell(&self, message: &str);
}
