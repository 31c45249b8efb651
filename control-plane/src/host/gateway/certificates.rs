//! Certificates for the names that the gateway answers at.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;
use safeguards::clock::Clock;
use time::{Duration, OffsetDateTime};

use crate::host::environment::HostName;
use crate::host::folders::{private_folder, write_private};

/// Where certificates come from. It is asked in the handshake, so it must not wait.
pub trait Certificates: Send + Sync {
    /// The certificate and key for this name, if there is one.
    fn certificate(&self, name: &HostName) -> Option<Arc<CertifiedKey>>;
}

/// How long our own authority lasts, and a certificate of it. Browsers refuse more than 398 days.
const AUTHORITY: Duration = Duration::days(3650);
const LEAF: Duration = Duration::days(90);
/// A certificate with less left is made anew.
const RENEW: Duration = Duration::days(30);

/// An authority of our own, for loopback and for tests: whoever trusts `ca.pem` trusts every name here.
pub struct LocalAuthority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    clock: Arc<dyn Clock>,
    made: Mutex<HashMap<HostName, (OffsetDateTime, Arc<CertifiedKey>)>>,
}

impl std::fmt::Debug for LocalAuthority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LocalAuthority")
    }
}

impl LocalAuthority {
    /// Opens the authority in `folder`, or makes it: `ca.pem`, and `ca.key` for us alone.
    ///
    /// # Errors
    /// A file cannot be read or written, or is not ours.
    pub fn open(folder: &Path, clock: Arc<dyn Clock>) -> io::Result<Self> {
        private_folder(folder)?;
        let (certificate, key) = (folder.join("ca.pem"), folder.join("ca.key"));
        let pair = match fs::read_to_string(&key) {
            Ok(text) => KeyPair::from_pem(&zeroize::Zeroizing::new(text)).map_err(other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pair = KeyPair::generate().map_err(other)?;
                write_private(&key, pair.serialize_pem().as_bytes())?;
                pair
            }
            Err(error) => return Err(error),
        };
        let pem = match fs::read_to_string(&certificate) {
            Ok(pem) => pem,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let now = clock.now();
                let mut parameters = authority();
                parameters.not_before = now - Duration::days(1);
                parameters.not_after = now + AUTHORITY;
                let pem = parameters.self_signed(&pair).map_err(other)?.pem();
                write_private(&certificate, pem.as_bytes())?;
                pem
            }
            Err(error) => return Err(error),
        };
        Ok(Self { issuer: Issuer::new(authority(), pair), pem, clock, made: Mutex::default() })
    }

    /// The authority's certificate, for whoever is to trust it.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    fn make(&self, name: &HostName) -> io::Result<(OffsetDateTime, Arc<CertifiedKey>)> {
        let now = self.clock.now();
        let mut parameters = CertificateParams::new([name.to_string()]).map_err(other)?;
        parameters.distinguished_name.push(DnType::CommonName, name.as_str());
        parameters.not_before = now - Duration::days(1);
        parameters.not_after = now + LEAF;
        parameters.use_authority_key_identifier_extension = true;
        let pair = KeyPair::generate().map_err(other)?;
        let leaf = parameters.signed_by(&pair, &self.issuer).map_err(other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pair.serialize_der()));
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).map_err(other)?;
        let chain = vec![CertificateDer::from(leaf.der().to_vec())];
        Ok((now + LEAF - RENEW, Arc::new(CertifiedKey::new(chain, key))))
    }
}

impl Certificates for LocalAuthority {
    fn certificate(&self, name: &HostName) -> Option<Arc<CertifiedKey>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((until, certificate)) = made.get(name)
            && *until > self.clock.now()
        {
            return Some(Arc::clone(certificate));
        }
        let (until, certificate) = self.make(name).ok()?;
        made.insert(name.clone(), (until, Arc::clone(&certificate)));
        Some(certificate)
    }
}

fn authority() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.push(DnType::CommonName, "Health Coder on this machine");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn other(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::other(error)
}
