//! How the value of a secret is made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{DnsName, Host, headscale::DayDuration};

/// How the value of a secret is made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Make {
    /// Somebody gives it: `secret create` asks for it, or reads a file or stdin.
    #[default]
    Given,
    /// Random characters.
    Random {
        /// How many characters; for `hex` and the `base64` forms, how many bytes before they are written in that form.
        #[serde(default = "default_length")]
        #[schemars(range(min = 1, max = 4096))]
        length: u32,
        /// The form.
        #[serde(default)]
        encoding: Encoding,
        /// The characters to choose from, in place of a form.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 2), extend("examples" = ["abcdefghjkmnpqrstuvwxyz23456789"]))]
        alphabet: Option<String>,
    },
    /// A private key of Headscale (`headscale generate private-key`), for its Noise protocol or its DERP server.
    NoiseKey,
    /// A private key of WireGuard (`wg genkey`). The public key is written beside the file, as `NAME.pub`.
    WireguardKey,
    /// A private key of SSH, ed25519. The public key is written beside the file, as `NAME.pub`.
    SshKey {
        /// What stands behind the public key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(regex(pattern = r"^[^\x00-\x1f]+$"), extend("examples" = ["argocd@cluster"]))]
        comment: Option<String>,
    },
    /// A certificate authority: its certificate and private key in PEM. The certificate is written beside the file, as `NAME.crt`.
    TlsCa {
        /// The common name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 64), extend("examples" = ["cluster CA"]))]
        common_name: Option<String>,
        /// How long it is valid.
        #[serde(default = "ten_years")]
        valid_for: DayDuration,
    },
    /// A certificate with its private key in PEM, signed by a CA of ours. The certificate is written beside the file, as `NAME.crt`.
    Tls {
        /// The secret of type `tls-ca` that signs it.
        ca: DnsName,
        /// The names and addresses that it holds for.
        #[schemars(length(min = 1))]
        hosts: Vec<Host>,
        /// How long it is valid.
        #[serde(default = "ninety_days")]
        valid_for: DayDuration,
    },
}

impl Make {
    /// The config's word for it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Random { .. } => "random",
            Self::NoiseKey => "noise-key",
            Self::WireguardKey => "wireguard-key",
            Self::SshKey { .. } => "ssh-key",
            Self::TlsCa { .. } => "tls-ca",
            Self::Tls { .. } => "tls",
        }
    }

    /// Bits of chance in a random value; none for other ways.
    #[must_use]
    pub fn strength(&self) -> Option<f64> {
        let Self::Random { length, encoding, alphabet } = self else { return None };
        let letters = match (alphabet, encoding) {
            (Some(alphabet), _) => alphabet.chars().count(),
            (None, Encoding::Alphanumeric) => 62,
            (None, Encoding::Hex | Encoding::Base64 | Encoding::Base64url) => 256,
        };
        let letters = u32::try_from(letters).unwrap_or(u32::MAX);
        Some(f64::from(*length) * f64::from(letters).log2())
    }
}

/// The form of a random value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Letters and digits.
    #[default]
    Alphanumeric,
    /// Bytes as lower-case hexadecimal digits.
    Hex,
    /// Bytes in base64 with padding (RFC 4648, section 4).
    Base64,
    /// Bytes in the URL-safe base64 with padding (RFC 4648, section 5).
    Base64url,
}

const fn default_length() -> u32 {
    32
}

fn ten_years() -> DayDuration {
    DayDuration("3650d".to_owned())
}

fn ninety_days() -> DayDuration {
    DayDuration("90d".to_owned())
}
