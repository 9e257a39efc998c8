//! Certificates of our own CA: one PEM text with the certificate, then its private key.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SerialNumber,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::New;
use crate::config::SecretEntry;
use crate::diag::{Error, Result};
use crate::secret::index_key::random_bytes;
use crate::secret::{Plain, pem};

/// A new certificate authority.
pub(super) fn authority(secret: &SecretEntry, common_name: &str) -> Result<New> {
    let mut params = params(secret, Vec::new(), common_name)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate().map_err(broken)?;
    let certificate = params.self_signed(&key).map_err(broken)?.pem();
    Ok(new(&certificate, "", &key))
}

/// A certificate for some hosts, signed by an authority, whose certificate follows it.
pub(super) fn signed(secret: &SecretEntry, hosts: &[&str], authority: &Plain) -> Result<New> {
    let no_authority = || Error::usage(format!("the CA that signs `{}` is no certificate with its private key", secret.name));
    let text = authority.as_text().ok_or_else(no_authority)?;
    let ca = *pem::certificates(text).first().ok_or_else(no_authority)?;
    let ca_key = pem::private_key(text).ok_or_else(no_authority)?;
    let ca_key = KeyPair::from_pem(ca_key).map_err(|cause| no_authority().caused_by(cause))?;
    let issuer = Issuer::from_ca_cert_pem(ca, ca_key).map_err(|cause| no_authority().caused_by(cause))?;

    let names = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = params(secret, names, hosts.first().unwrap_or(&secret.name.as_str()))?;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().map_err(broken)?;
    let certificate = params.signed_by(&key, &issuer).map_err(broken)?.pem();
    Ok(new(&certificate, &format!("{ca}\n"), &key))
}

fn params(secret: &SecretEntry, hosts: Vec<String>, common_name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(hosts).map_err(broken)?;
    params.distinguished_name = DistinguishedName::new();
    // X.520 bounds a common name at 64 characters; the names that count are the alternative ones.
    params.distinguished_name.push(DnType::CommonName, common_name.chars().take(64).collect::<String>());
    params.serial_number = Some(SerialNumber::from_slice(&positive(random_bytes(16)?.bytes())));
    let now = OffsetDateTime::now_utc();
    // Clocks of other machines may be a little behind.
    params.not_before = now - time::Duration::minutes(5);
    let length = time::Duration::try_from(secret.make.valid_for().unwrap_or_default()).unwrap_or(time::Duration::MAX);
    // RFC 5280, 4.1.2.5: a date that no calendar has is written as the last one.
    params.not_after = now.checked_add(length).filter(|date| date.year() <= 9999).unwrap_or_else(|| rcgen::date_time_ymd(9999, 12, 31));
    Ok(params)
}

/// A serial number is positive (RFC 5280, 4.1.2.2).
fn positive(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    bytes
}

fn new(certificate: &str, authority: &str, key: &KeyPair) -> New {
    let chain = format!("{certificate}{authority}");
    let key = Zeroizing::new(key.serialize_pem());
    New { plain: Plain::text(format!("{chain}{}", key.as_str())), public: Some(("crt", chain)) }
}

fn broken(cause: rcgen::Error) -> Box<Error> {
    Error::environment("a certificate cannot be made").caused_by(cause)
}
