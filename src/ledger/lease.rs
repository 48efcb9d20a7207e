//! Who is working on a grant right now, and whether that process still lives.

use rustix::process::{Pid, test_kill_process};
use sha2::{Digest as _, Sha256};

use super::hex;
use crate::grant::UnixTime;

/// One process' claim to work on a grant, until a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The process, as `host/pid/start`. Only a process on the same running system, in the same
    /// PID namespace, has the same `host`.
    pub owner: String,
    /// The last second in which the claim holds.
    pub until: UnixTime,
}

impl Lease {
    /// A claim of this process for so many seconds.
    #[must_use]
    pub fn mine(now: UnixTime, seconds: i64) -> Self {
        let pid = std::process::id();
        let start = start_of(pid).unwrap_or_default();
        Self {
            owner: format!("{}/{pid}/{start}", this_system()),
            until: now.saturating_add(seconds),
        }
    }
}

/// Whether a claim no longer holds: its time is over, or its process is known to be gone.
///
/// A process counts as gone only when it ran on this very system (name, boot and PID namespace)
/// and no process with its number and start time is there, hidden or not. Where that cannot be looked up, time
/// alone decides.
#[must_use]
pub fn lease_is_dead(owner: &str, until: UnixTime, now: UnixTime) -> bool {
    until < now || is_gone(owner)
}

fn is_gone(owner: &str) -> bool {
    let mut parts = owner.splitn(3, '/');
    let (Some(host), Some(pid), Some(start)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    // Without `/proc`, or without a start time, nothing can be said about a process.
    let (Ok(pid), false, true) = (pid.parse::<u32>(), start.is_empty(), can_look()) else {
        return false;
    };
    host == this_system() && !is_running(pid, start)
}

/// Whether the process that started then is still there.
fn is_running(pid: u32, start: &str) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => start_in(&stat).is_some_and(|running| running == start),
        // Where other users' processes are hidden (`hidepid`), only the kernel says whether there
        // is one. It may be another with the same number; then time alone decides.
        Err(_) => i32::try_from(pid)
            .ok()
            .and_then(Pid::from_raw)
            .is_some_and(|pid| test_kill_process(pid) != Err(rustix::io::Errno::SRCH)),
    }
}

/// Whether processes can be looked up here at all: at least this one must be visible.
fn can_look() -> bool {
    start_of(std::process::id()).is_some()
}

/// When a process started, in clock ticks since boot; `None` when no such process is seen.
fn start_of(pid: u32) -> Option<String> {
    start_in(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The start time in a `stat` file of `/proc`. `None` for a zombie: it does no more work.
fn start_in(stat: &str) -> Option<String> {
    // The name is in parentheses and may itself hold spaces and parentheses.
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ');
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    // Field 22 of the line is the 20th after the name; `state` was the first of those.
    fields.nth(18).map(str::to_owned)
}

/// The name of this machine as it is shown in leases and heartbeats.
#[must_use]
pub fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name
        .trim()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        .take(64)
        .collect();
    if name.is_empty() { "localhost".into() } else { name }
}

/// The host part of a lease: the machine's name, and what tells it from another machine of the
/// same name, from itself before a reboot, and from a container of its own.
pub(super) fn this_system() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let mark = Sha256::new()
        .chain_update(boot.trim())
        .chain_update([0])
        .chain_update(namespace.as_os_str().as_encoded_bytes())
        .finalize();
    let mark: String = hex(&mark).chars().take(12).collect();
    format!("{}-{mark}", host_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_of_this_process_lives_until_its_time_is_over() {
        let lease = Lease::mine(1_000, 60);
        assert!(!lease_is_dead(&lease.owner, lease.until, 1_060));
        assert!(lease_is_dead(&lease.owner, lease.until, 1_061));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_lease_is_dead_at_once_when_its_process_is() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let owner = format!("{}/{}/{}", this_system(), child.id(), start_of(child.id()).unwrap());
        assert!(!lease_is_dead(&owner, 2_000, 1_000));
        child.kill().unwrap();
        // Not reaped yet: a zombie works no more.
        while std::fs::read_to_string(format!("/proc/{}/stat", child.id()))
            .is_ok_and(|stat| !stat.contains(") Z "))
        {
            std::thread::yield_now();
        }
        assert!(lease_is_dead(&owner, 2_000, 1_000));
        child.wait().unwrap();
        assert!(lease_is_dead(&owner, 2_000, 1_000));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn another_process_with_the_same_number_is_not_the_owner() {
        let owner = format!("{}/{}/1", this_system(), std::process::id());
        assert!(lease_is_dead(&owner, 2_000, 1_000));
    }

    #[test]
    fn a_process_of_another_machine_is_judged_by_time_alone() {
        assert!(!lease_is_dead("elsewhere-0123456789ab/1/1", 2_000, 1_000));
        assert!(lease_is_dead("elsewhere-0123456789ab/1/1", 999, 1_000));
        assert!(!lease_is_dead("nonsense", 2_000, 1_000));
    }
}
