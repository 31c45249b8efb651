//! The mail server of `tests/doubles/mail/sink.py`, ended when it is dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use control_plane_mail::{Secret, Settings};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

pub(crate) const USER: &str = "healthcoder";
pub(crate) const PASSWORD: &str = "heron-violin-77";

pub(crate) struct Sink {
    child: Child,
    port: u16,
    folder: TempDir,
    /// The authority that its certificate is from.
    pub(crate) authority: Option<String>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// An authority, and a certificate of its for this name, as files in `folder`.
fn certificate(folder: &Path, name: &str) -> (String, [PathBuf; 2]) {
    let (authority_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = params.self_signed(&authority_key).unwrap().pem();
    let issuer = Issuer::new(params, authority_key);
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let files = ["certificate.pem", "key.pem"].map(|file| folder.join(file));
    std::fs::write(&files[0], leaf.pem()).unwrap();
    std::fs::write(&files[1], key.serialize_pem()).unwrap();
    (authority, files)
}

impl Sink {
    /// One that demands TLS, under a certificate for `localhost`, and a password.
    pub(crate) async fn secure() -> Self {
        Self::certified_for("localhost").await
    }

    /// One whose certificate is for this name.
    pub(crate) async fn certified_for(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (authority, [certificate, key]) = certificate(folder.path(), name);
        let (certificate, key) = (certificate.display().to_string(), key.display().to_string());
        Self::started(folder, &[&certificate, &key, USER, PASSWORD], Some(authority)).await
    }

    /// One in the clear, without a password.
    pub(crate) async fn clear() -> Self {
        Self::started(tempfile::tempdir().unwrap(), &[], None).await
    }

    async fn started(folder: TempDir, secure: &[&str], authority: Option<String>) -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
        let python = root.join("target/mail-sink/python/bin/python");
        assert!(python.exists(), "{} is missing: `cargo xtask test` installs it", python.display());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(python)
            .arg(root.join("tests/doubles/mail/sink.py"))
            .arg(port.to_string())
            .arg(folder.path())
            .args(secure)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let sink = Self { child, port, folder, authority };
        for _ in 0..300 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return sink;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the mail server does not answer");
    }

    /// How it is reached.
    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new("localhost", "Health Coder <no-reply@healthcoder.example>");
        settings.port = self.port;
        settings.authority.clone_from(&self.authority);
        settings.user = self.authority.is_some().then(|| (USER.to_owned(), Secret::new(PASSWORD)));
        settings.timeout = Duration::from_secs(3);
        settings
    }

    /// From now on it answers by this fault, or as it should.
    pub(crate) fn fault(&self, fault: Option<&str>) {
        let file = self.folder.path().join("fault");
        match fault {
            Some(fault) => std::fs::write(file, fault).unwrap(),
            None => drop(std::fs::remove_file(file)),
        }
    }

    /// The messages that it took, in the order in which they came.
    pub(crate) fn messages(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap().flatten().map(|entry| entry.path());
        let mut files: Vec<_> =
            entries.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }
}
