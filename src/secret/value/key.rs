//! Private keys.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::New;
use crate::diag::{Error, Result};
use crate::manifest::hex;
use crate::secret::Plain;
use crate::secret::index_key::random_bytes;

/// The text of a machine key of Tailscale, as Headscale reads it: `privkey:` and 64 hex digits (tailscale.com/types/key, machine.go:
/// `NewMachine` clamps, `MarshalText` writes).
pub(super) fn noise() -> Result<Plain> {
    let key = clamped()?;
    Ok(Plain::text(format!("privkey:{}", Zeroizing::new(hex(&*key)).as_str())))
}

/// What `wg genkey` and `wg pubkey` print, with the line break that `wg` ends them with.
pub(super) fn wireguard() -> Result<New> {
    let key = clamped()?;
    let public = PublicKey::from(&StaticSecret::from(*key));
    let plain = Plain::text(format!("{}\n", Zeroizing::new(BASE64_STANDARD.encode(*key)).as_str()));
    Ok(New { plain, public: Some(("pub", format!("{}\n", BASE64_STANDARD.encode(public.as_bytes())))) })
}

/// An ed25519 key in OpenSSH's format, and the line of its `.pub` file.
pub(super) fn ssh(comment: &str) -> Result<New> {
    let broken = |cause: ssh_key::Error| Error::internal("a key of SSH cannot be made").caused_by(cause);
    let seed = seed()?;
    let pair = KeypairData::from(Ed25519Keypair::from_seed(&seed));
    let key = PrivateKey::new(pair, comment).map_err(broken)?;
    let public = format!("{}\n", key.public_key().to_openssh().map_err(broken)?);
    let text = key.to_openssh(LineEnding::LF).map_err(broken)?;
    Ok(New { plain: Plain::new(text.as_bytes().to_vec()), public: Some(("pub", public)) })
}

fn seed() -> Result<Zeroizing<[u8; 32]>> {
    let mut seed = Zeroizing::new([0; 32]);
    seed.copy_from_slice(random_bytes(32)?.bytes());
    Ok(seed)
}

/// A private key of Curve25519 (RFC 7748, section 5).
fn clamped() -> Result<Zeroizing<[u8; 32]>> {
    let mut key = seed()?;
    key[0] &= 0b1111_1000;
    key[31] = (key[31] & 0b0111_1111) | 0b0100_0000;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_form_of_their_programs() {
        let noise = noise().expect("a key");
        let digits = noise.as_text().expect("text").strip_prefix("privkey:").expect("its prefix");
        assert!(digits.len() == 64 && digits.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()));
        assert!(u8::from_str_radix(&digits[..2], 16).expect("hex").is_multiple_of(8));

        let wireguard = wireguard().expect("a key");
        assert_eq!((wireguard.plain.bytes().len(), wireguard.public.expect("a public key").1.len()), (45, 45));

        let ssh = ssh("a@b").expect("a key");
        assert!(ssh.plain.as_text().expect("text").starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
        let (extension, public) = ssh.public.expect("a public key");
        assert!(extension == "pub" && public.starts_with("ssh-ed25519 ") && public.ends_with(" a@b\n"));
    }
}
