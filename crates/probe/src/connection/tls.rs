use std::io;
use std::path::Path;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::error::ProbeError;

/// Trusts the certificates in `authority`, or those that this machine trusts, and offers `protocol`.
pub(crate) fn config(authority: Option<&Path>, protocol: &[u8]) -> Result<Arc<ClientConfig>, ProbeError> {
    let roots = match authority {
        Some(path) => {
            named(path).map_err(|source| ProbeError::Certificates { path: path.to_owned(), source })?
        }
        None => this_machines(),
    };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().expect("ring has ciphers for both versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}

fn named(path: &Path) -> io::Result<RootCertStore> {
    let invalid = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let pem = std::fs::read(path)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|error| invalid(error.to_string()))?;
        roots.add(certificate).map_err(|error| invalid(error.to_string()))?;
    }
    if roots.is_empty() { Err(invalid("there is no certificate in it".to_owned())) } else { Ok(roots) }
}

fn this_machines() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // What cannot be read is not trusted, and the connection says so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}
