//! The platform as one program with real parts: a founder's road in a real browser, a real compiler in the build
//! sandbox, and a restart in between.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::healthcoder::{healthcoder, root};

const CHROMIUM: &str = "/usr/bin/chromium";

/// `healthcoder serve`, ended with this value.
struct Served {
    process: Child,
    origin: String,
}

impl Served {
    /// Starts it, and waits until it has told its address.
    fn on(data: &Path, port: u16) -> Self {
        let mut process = healthcoder()
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(data)
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
        Self { process, origin }
    }

    /// Killed as by a power cut.
    fn kill(mut self) {
        self.process.kill().expect("it is ours to kill");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _ended = self.process.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it has an address").port()
}

/// HC-1, CC-9, CL-6: from nothing to a preview in a browser, without a violation of accessibility, without a
/// request to anybody else; and after the platform was killed, everything is there again.
#[test]
fn a_founder_goes_from_a_prompt_to_a_preview_and_a_killed_platform_comes_back() {
    let data = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let served = Served::on(data.path(), port);
    let report = founder(&served.origin);
    assert_eq!(report["errors"], json!([]), "{report:#}");
    assert_eq!(report["violations"], json!([]), "{report:#}");
    assert_eq!(report["elsewhere"], json!([]), "nobody else is asked for anything");
    let preview = report["preview"].as_str().expect("the preview opened").to_owned();
    assert!(preview.contains("-preview.apps.localhost"), "{preview}");

    served.kill();
    let served = Served::on(data.path(), port);
    assert_eq!(status(&format!("{}/healthz", served.origin)), 200);
    // The app sleeps, wakes for this request, and is the one that was built.
    assert_eq!(status(&format!("{preview}/healthz")), 200);
    // Nobody is signed in by knowing an address (HC-10).
    assert_eq!(status(&format!("{}/api/projects", served.origin)), 401);

    // CL-6: the root keys are for their owner alone, and nothing else tells a secret.
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(data.path().join("keys/platform.key")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// By a client that knows nothing of TLS authorities, as a monitor would be told to: curl, of every machine.
fn status(address: &str) -> u16 {
    let host = address.strip_prefix("https://").and_then(|rest| rest.split('/').next()).expect("an address");
    let (name, port) = host.split_once(':').expect("a port");
    let output = Command::new("curl")
        .args(["--silent", "--insecure", "--max-time", "90", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code}", "--resolve", &format!("{name}:{port}:127.0.0.1"), address])
        .output()
        .expect("curl is installed");
    String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(0)
}

fn founder(origin: &str) -> Value {
    let given = json!({
        "origin": origin,
        "prompt": "A home blood pressure app for a clinic. Patients log systolic and diastolic readings twice a day. \
            Nurses see the readings of the patients assigned to them. The clinic owner manages people.",
        "modules": root().join("target/browser/node_modules"),
        "chromium": CHROMIUM,
        "shots": root().join("target/browser/pictures/founder"),
        "minutes": 25,
    });
    let mut node = Command::new("node")
        .arg(root().join("tests/browser/founder.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed: cargo xtask test brings it");
    let mut input = node.stdin.take().expect("it is piped");
    input.write_all(given.to_string().as_bytes()).expect("node reads its input");
    drop(input);
    let output = node.wait_with_output().expect("node ends");
    serde_json::from_slice(&output.stdout).expect("the runner writes a report")
}
