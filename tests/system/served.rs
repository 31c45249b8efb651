//! `healthcoder serve` as a process, on a clock that a test moves, with payments by a stand-in of Stripe.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration as StdDuration;

use safeguards::{Clock, SystemClock};
use serde_json::Value;
use stripe_double::StripeDouble;
use time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};

use crate::healthcoder::healthcoder;

/// The platform, ended with this value.
pub(crate) struct Served {
    process: Child,
    data: PathBuf,
    port: u16,
    variables: HashMap<String, String>,
    /// The dashboard's address.
    pub(crate) origin: String,
}

impl Served {
    /// Starts it, and waits until it has told its address.
    pub(crate) fn on(data: &Path, variables: &HashMap<String, String>) -> Self {
        let port = free_port();
        let (process, origin) = start(data, port, variables);
        Self { process, data: data.to_owned(), port, variables: variables.clone(), origin }
    }

    /// Killed as by a power cut, and started anew on what it left.
    pub(crate) fn again(&mut self) {
        self.process.kill().expect("it is ours to kill");
        self.process.wait().expect("it ends");
        (self.process, self.origin) = start(&self.data, self.port, &self.variables);
    }

    /// Puts its clock ahead of the machine's.
    pub(crate) fn lead(&self, lead: Duration) {
        let draft = self.data.join("lead.next");
        fs::write(&draft, lead.whole_seconds().to_string()).expect("the folder is writable");
        fs::rename(draft, self.data.join("lead")).expect("the folder is writable");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn start(data: &Path, port: u16, variables: &HashMap<String, String>) -> (Child, String) {
    let mut process = healthcoder()
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data)
        .env("HEALTHCODER_CLOCK_LEAD", data.join("lead"))
        .envs(variables)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the platform starts");
    let mut errors = BufReader::new(process.stderr.take().expect("it is piped"));
    let mut said = String::new();
    let origin = loop {
        let mut line = String::new();
        let read = errors.read_line(&mut line).expect("it speaks UTF-8");
        assert!(read > 0, "it ended before it told its address:\n{said}");
        said.push_str(&line);
        if let Some((_, address)) = line.trim().split_once("answers at ") {
            break address.to_owned();
        }
    };
    // Whoever stops reading would stop it from writing.
    std::thread::spawn(move || errors.lines().map_while(Result::ok).for_each(|line| eprintln!("{line}")));
    (process, origin)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// A stand-in of Stripe, and the way of its webhooks to a platform that speaks TLS alone.
pub(crate) struct Payments {
    /// The stand-in.
    pub(crate) stripe: StripeDouble,
    price: String,
    secret: String,
    to: Arc<OnceLock<String>>,
}

impl Payments {
    pub(crate) async fn begin() -> Self {
        let stripe = StripeDouble::start(SystemClock.now().unix_timestamp()).await.expect("a port is free");
        let relay = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let hook = format!("http://{}/webhooks/stripe", relay.local_addr().expect("it has an address"));
        let made = |path: &str, form: &str| made(&stripe, path, form);
        let product = made("/v1/products", "name=BAA")["id"].as_str().expect("an id").to_owned();
        let form = format!("product={product}&currency=usd&unit_amount=39900&recurring[interval]=month");
        let price = made("/v1/prices", &form)["id"].as_str().expect("an id").to_owned();
        let endpoint = made("/v1/webhook_endpoints", &format!("url={hook}&enabled_events[]=*"));
        let secret = endpoint["secret"].as_str().expect("a secret").to_owned();
        let to = Arc::new(OnceLock::new());
        tokio::spawn(relayed(relay, Arc::clone(&to)));
        Self { stripe, price, secret, to }
    }

    /// What the platform is told of it.
    pub(crate) fn variables(&self) -> HashMap<String, String> {
        HashMap::from([
            ("HEALTHCODER_STRIPE_KEY".into(), self.stripe.secret_key().into()),
            ("HEALTHCODER_STRIPE_WEBHOOK_SECRET".into(), self.secret.clone()),
            ("HEALTHCODER_STRIPE_PRICE".into(), self.price.clone()),
            ("HEALTHCODER_STRIPE_ADDRESS".into(), self.stripe.url().into()),
        ])
    }

    /// Where webhooks go.
    pub(crate) fn lead_to(&self, origin: &str) {
        self.to.set(origin.to_owned()).expect("it is told once");
    }

    /// Its clock goes with the platform's.
    pub(crate) async fn pass(&self, lead: Duration) {
        let delivered = self.stripe.pass_to((SystemClock.now() + lead).unix_timestamp()).await;
        assert!(delivered.iter().all(|one| one.status == Some(200)), "{delivered:?}");
    }
}

/// Asks the stand-in's API as a developer would at a terminal.
fn made(stripe: &StripeDouble, path: &str, form: &str) -> Value {
    let output = Command::new("curl")
        .args(["--silent", "--fail-with-body", "--data", form, "--header"])
        .arg(format!("authorization: Bearer {}", stripe.secret_key()))
        .arg(format!("{}{path}", stripe.url()))
        .output()
        .expect("curl is installed");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{path}: {error}: {output:?}"))
}

/// Hands each webhook on to the platform, as it is: its body and its signature.
async fn relayed(listener: tokio::net::TcpListener, to: Arc<OnceLock<String>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let mut stream = tokio::io::BufReader::new(stream);
        let (mut length, mut signature) = (0, String::new());
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a request has lines");
            match line.trim().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().expect("a length is a number");
                }
                Some((name, value)) if name.eq_ignore_ascii_case("stripe-signature") => {
                    signature = value.into()
                }
                Some(_) => {}
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.expect("a request has its body");
        let status = match to.get() {
            Some(origin) => handed_on(origin, &signature, body).await,
            None => 503,
        };
        let answer = format!("HTTP/1.1 {status} Relayed\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let _gone = stream.write_all(answer.as_bytes()).await;
    }
}

async fn handed_on(origin: &str, signature: &str, body: Vec<u8>) -> u16 {
    let host = origin.trim_start_matches("https://").to_owned();
    let mut curl = tokio::process::Command::new("curl")
        .args(["--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}"])
        .args(["--resolve", &format!("{host}:127.0.0.1"), "--data-binary", "@-"])
        .args(["--header", "content-type: application/json", "--header"])
        .arg(format!("stripe-signature: {signature}"))
        .arg(format!("{origin}/webhooks/stripe"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("curl is installed");
    let mut input = curl.stdin.take().expect("it is piped");
    input.write_all(&body).await.expect("curl reads its input");
    drop(input);
    let output = curl.wait_with_output().await.expect("curl ends");
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0)
}

/// Waits for a condition, for two minutes.
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let (_never, waiting) = std::sync::mpsc::channel::<()>();
    for _ in 0..600 {
        if condition() {
            return;
        }
        let _passed = waiting.recv_timeout(StdDuration::from_millis(200));
    }
    panic!("not within two minutes: {what}");
}
