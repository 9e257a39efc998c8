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

/// All that one control plane needs. The authority's own key is forgotten once it has signed.
pub(super) struct Certificates {
    /// The authority's certificate, as PEM.
    pub authority: String,
    /// For the API server, as `127.0.0.1`, `::1` and `localhost`.
    pub server: Identity,
    /// For the client, as a member of `system:masters`, whom RBAC lets do everything.
    pub client: Identity,
    /// Signs service account tokens: private and public key, as PEM.
    pub service_account_key: String,
    pub service_account_public_key: String,
}

impl Certificates {
    pub(super) fn generate() -> Result<Self> {
        Self::try_generate().map_err(|cause| Error::internal("cannot make throw-away certificates").caused_by(cause))
    }

    fn try_generate() -> std::result::Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name = named("manifestgen-lab-ca", None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate()?;
        let authority = params.self_signed(&key)?.pem();
        let issuer = Issuer::new(params, key);

        let mut server = CertificateParams::new(["127.0.0.1", "::1", "localhost"].map(ToOwned::to_owned))?;
        server.distinguished_name = named("kube-apiserver", None);
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];

        let mut client = CertificateParams::default();
        client.distinguished_name = named("manifestgen", Some("system:masters"));
        client.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];

        let service_account = KeyPair::generate()?;
        Ok(Self {
            authority,
            server: signed(server, &issuer)?,
            client: signed(client, &issuer)?,
            service_account_key: service_account.serialize_pem(),
            service_account_public_key: service_account.public_key_pem(),
        })
    }
}

fn signed(mut params: CertificateParams, issuer: &Issuer<'_, KeyPair>) -> std::result::Result<Identity, rcgen::Error> {
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let key = KeyPair::generate()?;
    Ok(Identity { certificate: params.signed_by(&key, issuer)?.pem(), key: key.serialize_pem() })
}

fn named(common_name: &str, organization: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    if let Some(organization) = organization {
        name.push(DnType::OrganizationName, organization);
    }
    name
}
