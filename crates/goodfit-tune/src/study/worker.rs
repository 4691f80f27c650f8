//! Who works here.

use crate::storage::Worker;

/// This process. Where the system does not say when it began or which machine it is, those stay empty, and leases
/// alone tell whether a worker is gone.
pub(super) fn current() -> Worker {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let machine = read("/proc/sys/kernel/random/boot_id").trim().to_owned();
    Worker { machine, process: std::process::id(), began: began(&read("/proc/self/stat")).unwrap_or(0) }
}

/// When a process began, from its `stat` line: field 22, counted after the name in parentheses, which may hold
/// spaces itself.
fn began(stat: &str) -> Option<u64> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let fields: Vec<String> = (3..=52).map(|i| i.to_string()).collect();
        assert_eq!(began(&format!("7 (a b) c) {}", fields.join(" "))), Some(22));
        assert_eq!(began("nonsense"), None);
    }
}
