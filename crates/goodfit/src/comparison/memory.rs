//! How much memory there is for trainings.

/// What is assumed where the system does not tell.
const ASSUMED: u64 = 16_000_000_000;

/// Bytes that the system says are available.
pub(super) fn available() -> u64 {
    let facts = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    of(&facts).unwrap_or(ASSUMED)
}

/// The bytes in a line such as `MemAvailable:   12345 kB`.
fn of(facts: &str) -> Option<u64> {
    let line = facts.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_line_of_the_system() {
        assert_eq!(super::of("MemTotal: 9 kB\nMemAvailable:    2 kB\n"), Some(2048));
        assert_eq!(super::of("MemTotal: 9 kB"), None);
    }
}
