//! Throw-away certificates and keys.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use crate::diag::{Error, Result};

/// A certificate and its private key, both as PEM.
pub(super) struct Identity {
    pub certificate: String,
    pub key: String,
}

/// Signs the certificates of one lab. Its own key is never written down.
pub(super) struct Authority {
    /// The authority's certificate, as PEM.
    pub certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

/// Signs service account tokens: private and public key, as PEM.
pub(super) struct TokenKeys {
    pub private: String,
    pub public: String,
}

type Made<T> = std::result::Result<T, rcgen::Error>;

impl Authority {
    pub(super) fn generate() -> Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("manifestgen-lab-ca", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = told(KeyPair::generate())?;
        let certificate = told(params.self_signed(&key))?.pem();
        Ok(Self { certificate, issuer: Issuer::new(params, key) })
    }

    /// For a server that is reached by these names and addresses.
    pub(super) fn server(&self, name: &str, reached_by: &[&str]) -> Result<Identity> {
        let mut params = told(CertificateParams::new(reached_by.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()))?;
        params.distinguished_name = named(name, None);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        told(self.signed(params))
    }

    /// For a client, as a user and a member of a group.
    pub(super) fn client(&self, user: &str, group: Option<&str>) -> Result<Identity> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(user, group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        told(self.signed(params))
    }

    /// As a member of `system:masters`, whom RBAC lets do everything.
    pub(super) fn administrator(&self) -> Result<Identity> {
        self.client("manifestgen", Some("system:masters"))
    }

    fn signed(&self, mut params: CertificateParams) -> Made<Identity> {
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        Ok(Identity { certificate: params.signed_by(&key, &self.issuer)?.pem(), key: key.serialize_pem() })
    }
}

impl TokenKeys {
    pub(super) fn generate() -> Result<Self> {
        told(KeyPair::generate().map(|pair| Self { private: pair.serialize_pem(), public: pair.public_key_pem() }))
    }
}

fn told<T>(made: Made<T>) -> Result<T> {
    made.map_err(|cause| Error::internal("cannot make throw-away certificates").caused_by(cause))
}

fn named(common_name: &str, organization: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    if let Some(organization) = organization {
        name.push(DnType::OrganizationName, organization);
    }
    name
}
