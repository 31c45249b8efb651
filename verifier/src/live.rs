//! An app in use: reached over its own TLS, read with one session that its founder lends, and left as it was.

use std::net::ToSocketAddrs;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::json;

use crate::people::{Login, Person, Tokens, step};
use crate::trouble::{Result, Trouble};
use crate::wire::Wire;

/// What somebody says of an app in use.
pub struct LiveOptions {
    /// Its address: `https://…`, or `http://` on loopback.
    pub url: String,
    /// A refresh token of a session that its founder lends. It works once: the session is ended at the end.
    pub token: Option<String>,
    /// The folder of its project, for what its spec says.
    pub project: Option<PathBuf>,
    /// The certificate of an authority of one's own.
    pub authority: Option<PathBuf>,
}

impl std::fmt::Debug for LiveOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("LiveOptions").field("url", &self.url).finish_non_exhaustive()
    }
}

pub(crate) struct Live {
    pub(crate) wire: Wire,
    pub(crate) person: Option<Rc<Person>>,
}

impl Drop for Live {
    fn drop(&mut self) {
        // What was lent is given back: nobody can use the session any more.
        if let Some(person) = &self.person
            && let Ok(request) = person.request("POST", "/identity/sign-out")
        {
            let _ended = request.send();
        }
    }
}

pub(crate) fn begin(options: &LiveOptions) -> Result<Live> {
    let wire = wire(options)?;
    let Some(token) = &options.token else { return Ok(Live { wire, person: None }) };
    let reply = step(&wire, "refresh", &json!({ "refresh_token": token }))?;
    let tokens = Tokens::read(&reply.json()).ok_or_else(|| {
        Trouble::Project(
            "the token opens nothing: it is a refresh token of a session, and works once".to_owned(),
        )
    })?;
    let login =
        Login { role: "lent".to_owned(), email: String::new(), password: String::new(), authenticator: None };
    Ok(Live { person: Some(Rc::new(Person::with(&wire, Rc::new(login), tokens)?)), wire })
}

fn wire(options: &LiveOptions) -> Result<Wire> {
    let wrong = || Trouble::Project(format!("{} is no address of an app: give https://HOST", options.url));
    let (scheme, rest) = options.url.trim_end_matches('/').split_once("://").ok_or_else(wrong)?;
    let host = rest.split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name).trim_matches(['[', ']']);
    let port = if scheme == "https" { 443 } else { 80 };
    let with_port = if host.len() > name.len() { host.to_owned() } else { format!("{host}:{port}") };
    // Names below `localhost` are this machine, whether or not its resolver says so (RFC 6761, section 6.3).
    let known = match name.strip_suffix(".localhost") {
        Some(_) => with_port.replacen(name, "127.0.0.1", 1),
        None => with_port.clone(),
    };
    let mut addresses = known
        .to_socket_addrs()
        .map_err(|source| Trouble::Unreachable { what: options.url.clone(), source })?;
    let address = addresses.next().ok_or_else(wrong)?;
    match scheme {
        "http" if address.ip().is_loopback() => Ok(Wire::plain(address)),
        "https" => {
            let name = ServerName::try_from(name.to_owned()).map_err(|_| wrong())?;
            Ok(Wire::tls(address, host, name, Arc::new(client(options)?)))
        }
        _ => Err(wrong()),
    }
}

fn client(options: &LiveOptions) -> Result<ClientConfig> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = &options.authority {
        let wrong = || Trouble::Project(format!("{} holds no certificate", path.display()));
        let certificate = CertificateDer::from_pem_file(path).map_err(|_| wrong())?;
        roots.add(certificate).map_err(|_| wrong())?;
    }
    client_with(roots, rustls::ALL_VERSIONS)
}

/// A TLS client of some versions, which trusts these roots.
pub(crate) fn client_with(
    roots: RootCertStore,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Result<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|error| Trouble::unexpected(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
