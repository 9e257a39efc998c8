//! What a value for TLS holds: a certificate, those that signed it, and its private key, in one PEM text.

use rcgen::{KeyPair, PublicKeyData};
use x509_parser::pem::parse_x509_pem;

use super::{Plain, pem};

/// The parts of a value, each in PEM.
#[derive(Debug)]
pub(super) struct Tls<'p> {
    /// The certificate, then those that signed it.
    pub(super) chain: Vec<&'p str>,
    /// The private key.
    pub(super) key: &'p str,
    /// The certificate of the CA, where it is among the others: it is the one that signed itself.
    pub(super) authority: Option<&'p str>,
    /// When the first of the certificates ends, in seconds since 1970.
    pub(super) ends: i64,
}

impl<'p> Tls<'p> {
    /// Takes a value apart, or says what is wrong with it.
    pub(super) fn parse(value: &'p Plain) -> Result<Self, &'static str> {
        let text = value.as_text().ok_or("it is no PEM text")?;
        let chain = pem::certificates(text);
        let key = pem::private_key(text).ok_or("it holds no private key")?;
        let first = chain.first().ok_or("it holds no certificate")?;
        let (mut ends, mut authority) = (i64::MAX, None);
        for certificate in &chain {
            let (_, der) = parse_x509_pem(certificate.as_bytes()).map_err(|_| DAMAGED)?;
            let parsed = der.parse_x509().map_err(|_| DAMAGED)?;
            ends = ends.min(parsed.validity().not_after.timestamp());
            if parsed.issuer().as_raw() == parsed.subject().as_raw() {
                authority = Some(*certificate);
            }
            // A kind of key that is not known here is taken as it is.
            if certificate == first
                && let Ok(pair) = KeyPair::from_pem(key)
                && pair.subject_public_key_info() != parsed.public_key().raw
            {
                return Err("its private key is not that of its certificate");
            }
        }
        Ok(Self { chain, key, authority, ends })
    }
}

const DAMAGED: &str = "a certificate in it is damaged";

#[cfg(test)]
mod tests {
    use rcgen::generate_simple_self_signed;

    use super::*;

    #[test]
    fn a_value_is_taken_apart() {
        let one = generate_simple_self_signed(["a.example.com".to_owned()]).expect("a certificate");
        let other = generate_simple_self_signed(["b.example.com".to_owned()]).expect("a certificate");
        let (certificate, key) = (one.cert.pem(), one.signing_key.serialize_pem());
        let value = |text: String| Plain::text(text);
        let whole = value(format!("{certificate}{key}"));
        let tls = Tls::parse(&whole).expect("whole");
        assert_eq!((tls.chain.as_slice(), tls.key, tls.authority), (&[certificate.trim()][..], key.trim(), Some(certificate.trim())));
        let wrong = |text: String| Tls::parse(&value(text)).map(|_| ()).expect_err("wrong");
        assert_eq!(wrong(certificate.clone()), "it holds no private key");
        assert_eq!(wrong(key.clone()), "it holds no certificate");
        assert_eq!(wrong(format!("{certificate}{}", other.signing_key.serialize_pem())), "its private key is not that of its certificate");
        assert_eq!(wrong(format!("{}{key}", certificate.replace("MI", "AA"))), DAMAGED);
    }
}
