//! The system calls that no founder's program needs and every escape begins with.
//!
//! Some of them nobody makes by chance: no compiler, linker or library tries whether it may mount or trace. They end the
//! program (SIGSYS), which the kernel writes into its log and we into ours. Others are asked for by way of trial, and are
//! refused.
//!
//! A list of what is refused, not of what is let through: compilers and linkers are run here too, and without
//! capabilities, network and files the remaining calls reach nothing of others. Both word sizes of x86-64 are
//! covered; a call by another machine's convention ends the process.

use std::collections::BTreeMap;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// They end the program, whatever the arguments.
const ENDING: &[c_long] = &[
    // Into other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    // Other views of files.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_mount_setattr,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    // Other namespaces.
    libc::SYS_setns,
    // Programs in the kernel.
    libc::SYS_bpf,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    // The machine itself.
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// Refused with "not permitted", whatever the arguments.
const REFUSED: &[c_long] = &[
    // Into other processes.
    libc::SYS_kcmp,
    // Other views of files.
    libc::SYS_name_to_handle_at,
    libc::SYS_quotactl,
    // Other namespaces.
    libc::SYS_unshare,
    // The least tried parts of the kernel.
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Keys that are not bound to a namespace.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // The machine itself.
    libc::SYS_syslog,
    libc::SYS_adjtimex,
    libc::SYS_clock_adjtime,
];

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[c_long] = &[libc::SYS_iopl, libc::SYS_ioperm];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[c_long] = &[];

/// Address families that may be asked for: local sockets, and the internet of an empty network.
const FAMILIES: [i32; 3] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];

/// Namespaces that `clone` could make.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

/// Putting characters into a terminal's input.
const INJECTIONS: [u64; 2] = [libc::TIOCSTI, 0x541C];

/// The programs that the kernel runs before each system call, as bubblewrap reads them.
#[must_use]
pub fn programs() -> Vec<Vec<u8>> {
    let mut refused: BTreeMap<i64, Vec<SeccompRule>> = BTreeMap::new();
    for call in REFUSED.iter().chain(REFUSED_HERE) {
        refused.insert(*call, Vec::new());
    }
    let family = FAMILIES.map(|family| condition(0, SeccompCmpOp::Ne, u64::from(family.unsigned_abs())));
    for call in [libc::SYS_socket, libc::SYS_socketpair] {
        refused.insert(call, vec![rule(family.to_vec())]);
    }
    let namespaces = NAMESPACES.map(|flag| {
        let flag = u64::from(flag.unsigned_abs());
        rule(vec![condition(0, SeccompCmpOp::MaskedEq(flag), flag)])
    });
    refused.insert(libc::SYS_clone, namespaces.into());
    let injections = INJECTIONS.map(|request| rule(vec![condition(1, SeccompCmpOp::Eq, request)]));
    refused.insert(libc::SYS_ioctl, injections.into());
    // Its flags lie in memory, where no filter sees them; libraries fall back to `clone` when it is not there.
    let absent = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let ending = ENDING.iter().map(|call| (*call, Vec::new())).collect();
    vec![
        compiled(ending, SeccompAction::KillProcess),
        compiled(refused, SeccompAction::Errno(libc::EPERM.unsigned_abs())),
        compiled(absent, SeccompAction::Errno(libc::ENOSYS.unsigned_abs())),
    ]
}

fn compiled(rules: BTreeMap<i64, Vec<SeccompRule>>, action: SeccompAction) -> Vec<u8> {
    let rules =
        rules.into_iter().flat_map(|(call, rules)| numbers(call).map(move |call| (call, rules.clone())));
    let filter = SeccompFilter::new(rules.collect(), SeccompAction::Allow, action, architecture())
        .expect("allowing and refusing are two actions");
    let program = BpfProgram::try_from(filter).expect("a few dozen rules fit in a program");
    // `struct sock_filter` of linux/filter.h.
    let instructions = program.iter().flat_map(|instruction| {
        let mut bytes = [0; 8];
        bytes[..2].copy_from_slice(&instruction.code.to_ne_bytes());
        bytes[2] = instruction.jt;
        bytes[3] = instruction.jf;
        bytes[4..].copy_from_slice(&instruction.k.to_ne_bytes());
        bytes
    });
    instructions.collect()
}

/// A call has a second number on x86-64 kernels that know the x32 convention.
fn numbers(call: i64) -> impl Iterator<Item = i64> {
    const X32: i64 = 0x4000_0000;
    let second = cfg!(target_arch = "x86_64").then_some(call | X32);
    std::iter::once(call).chain(second)
}

fn architecture() -> TargetArch {
    if cfg!(target_arch = "aarch64") { TargetArch::aarch64 } else { TargetArch::x86_64 }
}

fn rule(conditions: Vec<SeccompCondition>) -> SeccompRule {
    SeccompRule::new(conditions).expect("a rule has conditions")
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> SeccompCondition {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
        .expect("a call has six arguments")
}
