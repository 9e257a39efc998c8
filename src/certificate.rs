//! A CA and server certificates for clusters that have no authority and no cert-manager.
//!
//! They are made in memory and handed to the caller: nothing here writes a private key anywhere, and no release ever holds one. A release
//! names the Secret that a certificate is expected in ([`crate::manifest::DeclaredSecret`]); whoever delivers Secrets puts it there.

use std::fmt;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};

use crate::diag::{Error, Result};

/// How long a CA is trusted: ten years.
const AUTHORITY: Duration = Duration::from_hours(24 * 3650);
/// How long a server's certificate is valid: what Apple's clients take at most (<https://support.apple.com/103769>).
const SERVER: Duration = Duration::from_hours(24 * 825);
/// Clocks of machines differ.
const BEFORE: Duration = Duration::from_hours(1);

/// A certificate and its private key, both as PEM: `tls.crt` and `tls.key` of a Secret of type `kubernetes.io/tls`.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsPair {
    /// The certificate.
    pub certificate: String,
    /// The private key (PKCS #8), which is for nobody else.
    pub key: String,
}

impl fmt::Debug for TlsPair {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TlsPair").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// A CA of one's own, with an ECDSA key on P-256.
pub struct Authority {
    pair: TlsPair,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Authority").field("certificate", &self.pair.certificate).finish_non_exhaustive()
    }
}

impl Authority {
    /// A new CA, valid for ten years from `now`. It signs servers and no further CA.
    ///
    /// # Errors
    /// An internal error when the name or the time cannot be written into a certificate.
    pub fn generate(common_name: &str, now: SystemTime) -> Result<Self> {
        let make = || {
            let mut params = CertificateParams::default();
            params.distinguished_name = named(common_name);
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            valid(&mut params, now, AUTHORITY);
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            let pair = TlsPair { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem() };
            Ok::<_, rcgen::Error>(Self { pair, issuer: Issuer::new(params, key) })
        };
        make().map_err(|cause| Error::internal(format!("cannot make the CA `{common_name}`")).caused_by(cause))
    }

    /// The CA's certificate as PEM: what clients are given to trust.
    #[must_use]
    pub fn certificate(&self) -> &str {
        &self.pair.certificate
    }

    /// Certificate and key of the CA, to keep for the next server or to hand to cert-manager (`certManager.issuers[].ca`).
    #[must_use]
    pub const fn pair(&self) -> &TlsPair {
        &self.pair
    }

    /// A certificate for a server with these DNS names (`*.` for one label) and IP addresses, valid for 825 days from `now`.
    ///
    /// # Errors
    /// Wrong usage when there is no name, or one that is neither a DNS name nor an address.
    pub fn issue(&self, names: &[&str], now: SystemTime) -> Result<TlsPair> {
        let Some(first) = names.first() else { return Err(Error::usage("a certificate needs a name")) };
        let make = || {
            let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
            params.distinguished_name = named(&first.chars().take(64).collect::<String>());
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.use_authority_key_identifier_extension = true;
            valid(&mut params, now, SERVER);
            let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
            Ok::<_, rcgen::Error>(TlsPair { certificate: params.signed_by(&key, &self.issuer)?.pem(), key: key.serialize_pem() })
        };
        make().map_err(|cause| Error::usage(format!("cannot make a certificate for `{}`", names.join("`, `"))).caused_by(cause))
    }
}

fn valid(params: &mut CertificateParams, now: SystemTime, length: Duration) {
    params.not_before = (now - BEFORE).into();
    params.not_after = (now + length).into();
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_keys_are_not_shown() {
        let authority = Authority::generate("home CA", SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 50)).expect("a CA");
        let pair = authority.issue(&["a.internal", "192.168.1.10"], SystemTime::UNIX_EPOCH + SERVER).expect("a pair");
        let shown = format!("{authority:?} {pair:?} {:?}", authority.pair());
        assert!(shown.contains("BEGIN CERTIFICATE") && !shown.contains("PRIVATE KEY"), "{shown}");
        assert!(pair.key.contains("PRIVATE KEY") && authority.pair().key.contains("PRIVATE KEY"));
    }

    #[test]
    fn a_certificate_needs_names() {
        let authority = Authority::generate("home CA", SystemTime::UNIX_EPOCH + SERVER).expect("a CA");
        assert!(authority.issue(&[], SystemTime::UNIX_EPOCH + SERVER).is_err());
        assert!(authority.issue(&["größe.internal"], SystemTime::UNIX_EPOCH + SERVER).is_err());
    }
}
