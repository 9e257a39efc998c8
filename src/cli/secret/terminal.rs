//! The user at the terminal.

use age::secrecy::SecretString;

use crate::secret::Ask;
use crate::ui::{self, Ui};

/// Asks at the terminal, where there is one.
pub(in crate::cli) struct Terminal {
    ui: Ui,
}

impl Terminal {
    pub(in crate::cli) fn new(ui: &Ui) -> Self {
        Self { ui: ui.clone() }
    }
}

impl Ask for Terminal {
    fn passphrase(&self, what: &str) -> Option<SecretString> {
        // Moved, not copied: the string type wipes it later.
        ui::prompt_unseen(what).map(|mut typed| SecretString::from(std::mem::take(&mut *typed)))
    }

    fn line(&self, what: &str) -> Option<String> {
        ui::prompt_line(what)
    }

    fn tell(&self, message: &str) {
        self.ui.note(message);
    }
}
