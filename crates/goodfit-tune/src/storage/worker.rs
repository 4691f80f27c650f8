//! Which process works on a trial, and whether it is still there.

use std::sync::OnceLock;

use super::Worker;

impl Worker {
    /// This process.
    pub fn here() -> Self {
        let process = std::process::id();
        Self { machine: machine().to_owned(), process, began: began(process).unwrap_or_default() }
    }

    /// Whether it is known to be gone: it was a process of this machine, which has no such process any more.
    /// Of other machines, and of those without `/proc`, nothing is known.
    pub fn is_gone(&self) -> bool {
        let here = self.machine == machine() && began(std::process::id()).is_some();
        here && began(self.process) != Some(self.began)
    }
}

/// Names this machine since it started, and within it the space of process numbers: a container has its own.
fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        format!("{} {}", boot.trim(), space.display())
    })
}

/// When a process began, in the machine's ticks since it started; `None` when there is none. One that has ended
/// and was not waited for by its parent is none.
fn began(process: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in parentheses and may hold any character.
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_that_ended_is_gone() {
        let here = Worker::here();
        assert!(!here.is_gone());
        assert!(Worker { began: here.began + 1, ..here.clone() }.is_gone(), "a later process of that number");
        assert!(!Worker { machine: "elsewhere".to_owned(), process: 1, began: 0 }.is_gone());

        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().expect("a child");
        let began = began(child.id()).expect("it runs");
        let worker = Worker { process: child.id(), began, ..here };
        assert!(!worker.is_gone());
        child.kill().expect("killed");
        // Not waited for yet, so that the system still knows its number.
        while !worker.is_gone() {
            std::thread::yield_now();
        }
        child.wait().expect("ended");
        assert!(worker.is_gone());
    }
}
