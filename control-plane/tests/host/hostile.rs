// A hostile program: what a founder's build script or app might try. It stands in a project of its own, twice: as its
// build script and as its app. It uses nothing but the standard library, and perl for system calls that the library
// does not offer. Words in capitals between two underlines are put in by the test.
//
// One line an attempt: `denied NAME` or `GOT NAME: what`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixStream};
use std::process::{Command, Stdio};
use std::time::Duration;

type Attempt = fn() -> Result<String, String>;

const HOST_FOLDER: &str = "__HOST_FOLDER__";
const SENTINEL: &str = "__SENTINEL__";

fn got<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> Result<String, String> {
    result.map(|it| format!("{it:?}").chars().take(200).collect()).map_err(|error| error.to_string())
}

/// A system call by number. Succeeds if it answers anything but an error. (Out of a list, since perl itself does not hand
/// a text that stands in the call to the kernel, which might write to it.)
fn call(text: &str) -> Result<String, String> {
    let script = format!("my ($number, @rest) = ({text}); my $r = syscall($number, @rest); print $r == -1 ? \"no $!\" : \"yes $r\";");
    let output = Command::new("/usr/bin/perl").args(["-e", &script]).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if said.starts_with("yes") { Ok(said) } else { Err(said) }
}

fn shell(text: &str) -> Result<String, String> {
    let output = Command::new("/usr/bin/sh").args(["-c", text]).stdin(Stdio::null()).output();
    let output = output.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if output.status.success() && !said.is_empty() { Ok(said) } else { Err(format!("{}", output.status)) }
}

fn tcp(address: &str) -> Result<String, String> {
    let address = address.parse().map_err(|_| "no address".to_owned())?;
    got(TcpStream::connect_timeout(&address, Duration::from_millis(500)))
}

/// Folders that the program may write.
fn writable() -> Vec<String> {
    let candidates = ["/tmp", "/data", "/build/target", "/build/project", "/", "/usr", "/run", "/etc", "/var", "/dev/shm"];
    let mut found = Vec::new();
    for folder in candidates {
        let probe = format!("{folder}/probe-{}", std::process::id());
        if fs::write(&probe, "x").is_ok() {
            let _ = fs::remove_file(&probe);
            found.push(folder.to_owned());
        }
    }
    found
}

const ATTEMPTS: &[(&str, Attempt)] = &[
    ("network: the host's loopback", || tcp("127.0.0.1:__PORT__")),
    ("network: another machine", || tcp("192.0.2.1:80")),
    ("network: the cloud's metadata service", || tcp("169.254.169.254:80")),
    ("network: a datagram to a name server", || {
        let socket = UdpSocket::bind("0.0.0.0:0").map_err(|error| error.to_string())?;
        got(socket.send_to(b"?", "9.9.9.9:53"))
    }),
    ("network: an abstract socket of the host", || {
        let address = SocketAddr::from_abstract_name("__ABSTRACT__").map_err(|error| error.to_string())?;
        got(UnixStream::connect_addr(&address))
    }),
    ("network: virtual machine sockets", || call("41, 40, 1, 0")),
    ("network: raw packets", || call("41, 17, 3, 0")),
    ("network: netlink", || call("41, 16, 3, 0")),
    ("network: the kernel's ciphers", || call("41, 38, 5, 0")),
    ("network: a door that nobody opened", || got(UnixStream::connect("/run/outward/socket"))),
    ("files: one that everybody on the host may read", || got(fs::read_to_string(format!("{HOST_FOLDER}/secret")))),
    ("files: root keys", || got(fs::read_dir(format!("{HOST_FOLDER}/keys")))),
    ("files: other environments", || got(fs::read_dir(format!("{HOST_FOLDER}/environments")))),
    ("files: accounts of the host", || got(fs::read_to_string("/etc/passwd"))),
    ("files: the home of whoever runs the host", || got(fs::read_dir("__HOME__"))),
    ("files: by a link", || {
        let link = format!("/tmp/link-{}", std::process::id());
        let _ = std::os::unix::fs::symlink(format!("{HOST_FOLDER}/secret"), &link);
        got(fs::read_to_string(&link))
    }),
    ("files: by the root of another process", || got(fs::read_dir(format!("/proc/1/root{HOST_FOLDER}")))),
    ("files: by a handle", || call("304, -100, 0, 0")),
    ("files: a device", || {
        let is_device = |name: &str| fs::metadata(name).is_ok_and(|of| of.file_type().is_block_device());
        let found: Vec<_> = ["/dev/vda", "/dev/sda", "/dev/nvme0n1"].into_iter().filter(|name| is_device(name)).collect();
        if found.is_empty() { Err("none".into()) } else { Ok(found.join(" ")) }
    }),
    ("files: a device of its own", || shell("mknod /tmp/disk b 8 0 && echo made")),
    ("files: the machine's memory", || got(fs::File::open("/dev/mem"))),
    ("files: the kernel's log", || got(fs::read("/dev/kmsg"))),
    ("files: outside what may be written", || {
        let allowed = ["/tmp", "/data", "/build/target"];
        let more: Vec<_> = writable().into_iter().filter(|folder| !allowed.contains(&folder.as_str())).collect();
        if more.is_empty() { Err("none".into()) } else { Ok(more.join(" ")) }
    }),
    ("files: the system's programs", || got(fs::write("/usr/bin/true", "x"))),
    ("files: the compiler and the shared crates", || {
        let places = ["/build/toolchain/bin/rustc", "/build/vendor", "/build/project/Cargo.toml", "/app"];
        let written = places.iter().any(|place| fs::OpenOptions::new().append(true).open(place).is_ok());
        let made = fs::write("/build/vendor/x", "x").is_ok();
        if written || made { Ok("written".into()) } else { Err("no".into()) }
    }),
    ("sockets: the key agent", || got(UnixStream::connect(format!("{HOST_FOLDER}/run/key-agent")))),
    ("sockets: another app", || got(UnixStream::connect(format!("{HOST_FOLDER}/run/other/app")))),
    ("sockets: the system's services", || {
        let found: Vec<_> = ["/run/systemd/private", "/run/dbus/system_bus_socket", "/var/run/docker.sock"]
            .into_iter()
            .filter(|path| UnixStream::connect(path).is_ok())
            .collect();
        if found.is_empty() { Err("none".into()) } else { Ok(found.join(" ")) }
    }),
    ("processes: see others", || {
        let mut seen = Vec::new();
        for entry in fs::read_dir("/proc").map_err(|error| error.to_string())?.flatten() {
            let name = fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default();
            if name.contains(SENTINEL) {
                seen.push(name);
            }
        }
        if seen.is_empty() { Err("none".into()) } else { Ok(seen.join(" ")) }
    }),
    ("processes: a signal to the host's", || shell("kill -9 __SENTINEL_PID__ && echo sent")),
    ("processes: trace the first", || call("101, 16, 1, 0, 0")),
    ("processes: trace a child", || call("101, 0, 0, 0, 0")),
    ("processes: read another's memory", || got(fs::read("/proc/1/mem"))),
    ("processes: copy another's memory", || call("310, 1, 0, 0, 0, 0, 0")),
    ("processes: take another's descriptors", || call("438, 3, 0, 0")),
    ("processes: higher priority", || shell("nice -n -10 sh -c 'nice' | grep -q '^-' && echo raised")),
    ("processes: outlive the sandbox", || Err("tried by starting one, see the test".into())),
    ("rights: become root", || call("105, 0")),
    ("rights: by a program that runs as its owner", || {
        let copy = "/tmp/root-shell";
        fs::copy("/usr/bin/id", copy).map_err(|error| error.to_string())?;
        let _ = fs::set_permissions(copy, fs::Permissions::from_mode(0o4755));
        let before = fs::metadata("/proc/self").map(|of| of.uid()).unwrap_or_default();
        let said = shell("/tmp/root-shell -u")?;
        let su = shell("/usr/bin/su -c id root </dev/null");
        if said != before.to_string() || su.is_ok() { Ok(said) } else { Err(said) }
    }),
    ("rights: capabilities", || {
        let status = fs::read_to_string("/proc/self/status").map_err(|error| error.to_string())?;
        let held = |line: &&str| line.starts_with("Cap") && !line.ends_with("0000000000000000");
        let may = |line: &&str| line.starts_with("NoNewPrivs") && !line.ends_with('1');
        let found: Vec<_> = status.lines().filter(|line| held(line) || may(line)).collect();
        if found.is_empty() { Err("none".into()) } else { Ok(found.join(" ")) }
    }),
    ("namespaces: a user's", || call("272, 0x10000000")),
    ("namespaces: by clone", || call("56, 0x10000011, 0, 0, 0, 0")),
    ("namespaces: by clone3", || call("435, 0, 0")),
    ("namespaces: the first process's files", || {
        shell("/usr/bin/nsenter --mount=/proc/1/ns/mnt /usr/bin/cat /etc/passwd")
    }),
    ("mounts: a file system", || call("165, 'none', '/tmp', 'tmpfs', 0, 0")),
    ("mounts: make writable what is not", || call("165, 'none', '/usr', 0, 0x1020, 0")),
    ("mounts: take away", || call("166, '/usr', 2")),
    ("mounts: another root", || call("161, '/tmp'")),
    ("kernel: programs", || call("321, 0, 0, 0")),
    ("kernel: performance events", || call("298, 0, 0, -1, -1, 0")),
    ("kernel: queues of calls", || call("425, 8, 0")),
    ("kernel: page faults", || call("323, 0")),
    ("kernel: keys", || call("250, 0, -3, 1")),
    ("kernel: modules", || call("175, 0, 0, 0")),
    ("kernel: where core dumps go", || got(fs::write("/proc/sys/kernel/core_pattern", "|/tmp/x"))),
    ("kernel: the magic key", || got(fs::write("/proc/sysrq-trigger", "b"))),
    ("kernel: control groups", || got(fs::read_dir("/sys/fs/cgroup"))),
    ("kernel: the clock", || shell("date -s 2000-01-01 >/dev/null && echo set")),
    ("kernel: the host's name", || call("170, 'owned', 5")),
    ("terminal: type into it", || call("16, 0, 0x5412, 'x'")),
    ("limits: core dumps", || shell("ulimit -c unlimited && ulimit -c")),
    ("limits: more processes", || shell("/usr/bin/prlimit --nproc=100000 echo raised")),
    ("limits: a bomb of processes", || {
        let mut children = Vec::new();
        while children.len() < 3000 {
            match Command::new("/usr/bin/sleep").arg("60").spawn() {
                Ok(child) => children.push(child),
                Err(_) => break,
            }
        }
        let count = children.len();
        for mut child in children {
            let _ = child.kill();
            let _ = child.wait();
        }
        if count >= 3000 { Ok(count.to_string()) } else { Err(count.to_string()) }
    }),
    ("limits: memory", || {
        let mut held: Vec<Vec<u8>> = Vec::new();
        for _ in 0..512 {
            let mut part: Vec<u8> = Vec::new();
            if part.try_reserve_exact(64 << 20).is_err() {
                return Err(format!("after {} parts", held.len()));
            }
            held.push(part);
        }
        Ok("32 GiB".into())
    }),
    ("limits: fill the temporary folder", || {
        let mut file = fs::File::create("/tmp/fill").map_err(|error| error.to_string())?;
        let block = vec![1; 1 << 20];
        let mut written = 0;
        while written < 2048 && file.write_all(&block).is_ok() {
            written += 1;
        }
        let _ = fs::remove_file("/tmp/fill");
        if written == 2048 { Ok("2 GiB".into()) } else { Err(format!("after {written} MiB")) }
    }),
    ("secrets: the host's variables", || {
        let found: Vec<_> = std::env::vars().filter(|(_, value)| value.contains("__CANARY__")).collect();
        if found.is_empty() { Err("none".into()) } else { Ok(format!("{found:?}")) }
    }),
    ("secrets: the first process's variables", || {
        let text = fs::read("/proc/1/environ").map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&text).into_owned();
        if text.contains("__CANARY__") { Ok(text) } else { Err("nothing of the host's".into()) }
    }),
    ("secrets: descriptors of the host", || {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc/self/fd").map_err(|error| error.to_string())?.flatten() {
            let target = fs::read_link(entry.path()).unwrap_or_default();
            let target_text = target.display().to_string();
            if target_text.contains(HOST_FOLDER) || target_text.contains("memfd") {
                found.push(target);
            }
        }
        if found.is_empty() { Err("none".into()) } else { Ok(format!("{found:?}")) }
    }),
];

fn report() -> String {
    let mut report = String::new();
    for (name, attempt) in ATTEMPTS {
        let line = match attempt() {
            Ok(what) => format!("GOT {name}: {}", what.replace('\n', " ")),
            Err(_) => format!("denied {name}"),
        };
        report.push_str(&line);
        report.push('\n');
    }
    report
}

fn main() {
    let report = report();
    if let Ok(folder) = std::env::var("OUT_DIR") {
        fs::write(format!("{folder}/report"), report).expect("a build script may write its own folder");
        return;
    }
    // Left behind on purpose: it must end with the sandbox.
    let _orphan = Command::new("/usr/bin/setsid").args(["/usr/bin/sleep", "__ORPHAN__"]).spawn();
    print!("{report}");
    let mut nothing = String::new();
    let _ = std::io::stdin().read_to_string(&mut nothing);
}
