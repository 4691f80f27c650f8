//! Ctrl-C: the first one ends after what is finished, the second at once.

use std::sync::OnceLock;
use std::sync::atomic::Ordering;

use super::message::note;
use crate::run::Monitor;

/// The monitor of this process: what its trainings report to and what Ctrl-C stops.
pub(super) fn monitor() -> &'static Monitor {
    static MONITOR: OnceLock<Monitor> = OnceLock::new();
    MONITOR.get_or_init(|| {
        // Without a handler Ctrl-C ends the process at once, which loses only what is unfinished.
        let _ = ctrlc::set_handler(|| {
            if monitor().stop.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            // The terminal has shown ^C, without the end of a line.
            note("");
            note("stopping, what is finished is kept; Ctrl-C again stops at once");
        });
        Monitor::default()
    })
}

/// Whether Ctrl-C was pressed.
pub(super) fn stopped() -> bool {
    monitor().stop.load(Ordering::Relaxed)
}
