//! moto behind a proxy that spoils calls as it is told. moto lets disabled keys unwrap, which KMS does not: such answers
//! are given here, as the KMS API reference has them.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use control_plane_aws::Settings;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const REGION: &str = "eu-central-1";

/// What happens to a call instead of its answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// An error by this status and code; the call does not reach the service.
    Answer(u16, &'static str),
    /// Nothing, ever; the call does not reach the service.
    Silence,
    /// The connection ends; the call does not reach the service.
    Cut,
    /// The connection ends after the service has done it.
    LostAnswer,
    /// The answer breaks off after so many bytes of its body.
    CutBody(usize),
    /// One byte of the answer's body is another.
    Altered,
}

struct Spoilt {
    operation: String,
    fault: Fault,
    times: usize,
}

#[derive(Default)]
struct Shared {
    spoilt: Mutex<Vec<Spoilt>>,
    /// The head of every call, with its operation.
    heard: Mutex<Vec<(String, String)>>,
}

pub(crate) struct Cloud {
    child: Child,
    address: String,
    shared: Arc<Shared>,
    _folder: TempDir,
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Cloud {
    pub(crate) async fn start() -> Self {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/aws-stand-in");
        let program = root.join("python/bin/moto_server");
        assert!(program.exists(), "{} is missing: `cargo xtask test` installs it", program.display());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut answers = false;
        for _ in 0..600 {
            answers = TcpStream::connect(("127.0.0.1", port)).await.is_ok();
            if answers {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(answers, "moto does not answer");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let proxy = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let proxy = Arc::clone(&proxy);
                // A client that hangs up is no fault of the proxy's.
                tokio::spawn(async move { drop(proxy.pass(stream, port).await) });
            }
        });
        Self { child, address, shared, _folder: folder }
    }

    pub(crate) fn settings(&self) -> Settings {
        let mut settings = Settings::new(REGION.parse().unwrap());
        settings.address = Some(self.address.clone());
        settings.patience = Duration::from_millis(1500);
        settings
    }

    /// Spoils the next calls of this operation.
    pub(crate) fn spoil(&self, operation: &str, fault: Fault, times: usize) {
        let operation = operation.to_owned();
        self.shared.spoilt.lock().unwrap().push(Spoilt { operation, fault, times });
    }

    /// Spoils nothing any more.
    pub(crate) fn mend(&self) {
        self.shared.spoilt.lock().unwrap().clear();
    }

    /// The heads of the calls of this operation so far, in small letters.
    pub(crate) fn heard(&self, operation: &str) -> Vec<String> {
        let heard = self.shared.heard.lock().unwrap();
        heard.iter().filter(|(of, _)| of == operation).map(|(_, head)| head.clone()).collect()
    }

    /// A client of the AWS account's own administrator, past the proxy's faults by other names.
    pub(crate) async fn administrator(&self) -> aws_config::SdkConfig {
        let nobody = aws_sdk_s3::config::Credentials::new("test", "test", None, None, "tests");
        aws_config::defaults(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new(REGION))
            .endpoint_url(&self.address)
            .credentials_provider(nobody)
            .load()
            .await
    }
}

impl Shared {
    fn fault(&self, operation: &str) -> Option<Fault> {
        let mut spoilt = self.spoilt.lock().unwrap();
        let found = spoilt.iter_mut().find(|spoilt| spoilt.operation == operation && spoilt.times > 0)?;
        found.times -= 1;
        Some(found.fault)
    }

    /// One call a connection.
    async fn pass(&self, mut client: TcpStream, port: u16) -> std::io::Result<()> {
        let (mut call, mut buffer) = (Vec::new(), vec![0; 1 << 16]);
        let end = loop {
            if let Some(end) = call.windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match client.read(&mut buffer).await? {
                0 => return Ok(()),
                read => call.extend_from_slice(&buffer[..read]),
            }
        };
        let head = String::from_utf8_lossy(&call[..end]).into_owned();
        let small = head.to_ascii_lowercase();
        let field = |name: &str| {
            small.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::trim))
        };
        let length: usize = field("content-length").map_or(0, |length| length.parse().unwrap());
        if field("expect").is_some() {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        while call.len() < end + length {
            match client.read(&mut buffer).await? {
                0 => return Ok(()),
                read => call.extend_from_slice(&buffer[..read]),
            }
        }
        let operation = operation(&head, field("x-amz-target"));
        self.heard.lock().unwrap().push((operation.clone(), small.clone()));
        let fault = self.fault(&operation);
        match fault {
            Some(Fault::Cut) => return Ok(()),
            Some(Fault::Silence) => return std::future::pending().await,
            Some(Fault::Answer(status, code)) => {
                return client.write_all(&refusal(status, code, field("x-amz-target").is_some())).await;
            }
            _ => {}
        }
        let mut service = TcpStream::connect(("127.0.0.1", port)).await?;
        let lines = head.trim_end().lines().filter(|line| {
            let line = line.to_ascii_lowercase();
            !line.starts_with("connection:") && !line.starts_with("expect:")
        });
        let lines: Vec<_> = lines.chain(["connection: close"]).collect();
        service.write_all(format!("{}\r\n\r\n", lines.join("\r\n")).as_bytes()).await?;
        service.write_all(&call[end..]).await?;
        let mut answer = Vec::new();
        service.read_to_end(&mut answer).await?;
        let body = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0) + 4;
        match fault {
            Some(Fault::LostAnswer) => return Ok(()),
            Some(Fault::CutBody(bytes)) => answer.truncate(body + bytes),
            Some(Fault::Altered) => answer[body] ^= 1,
            _ => {}
        }
        client.write_all(&answer).await?;
        client.shutdown().await
    }
}

/// The operation's name in the API reference: KMS says it in a header, S3 by method and address.
fn operation(head: &str, target: Option<&str>) -> String {
    if target.is_some() {
        let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("x-amz-target"));
        return line.and_then(|line| line.rsplit_once('.')).unwrap().1.trim().to_owned();
    }
    let mut words = head.split(' ');
    let (method, address) = (words.next().unwrap(), words.next().unwrap());
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let names = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let operation = match method {
        "POST" if names("uploads") => "CreateMultipartUpload",
        "POST" if names("uploadId") => "CompleteMultipartUpload",
        "PUT" if names("partNumber") => "UploadPart",
        "DELETE" if names("uploadId") => "AbortMultipartUpload",
        "DELETE" => "DeleteObject",
        "GET" if names("uploads") => "ListMultipartUploads",
        "GET" if names("versions") => "ListObjectVersions",
        "GET" if names("location") => "GetBucketLocation",
        "GET" => "GetObject",
        "HEAD" => "HeadObject",
        _ => "other",
    };
    operation.to_owned()
}

fn refusal(status: u16, code: &str, json: bool) -> Vec<u8> {
    let (kind, body) = if json {
        ("application/x-amz-json-1.1", format!("{{\"__type\":\"{code}\",\"message\":\"secret words\"}}"))
    } else {
        ("application/xml", format!("<Error><Code>{code}</Code><Message>secret words</Message></Error>"))
    };
    let head = format!("HTTP/1.1 {status} Spoilt\r\ncontent-type: {kind}\r\ncontent-length: {}", body.len());
    format!("{head}\r\nconnection: close\r\n\r\n{body}").into_bytes()
}
