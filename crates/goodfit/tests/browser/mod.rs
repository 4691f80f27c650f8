//! A report in a real browser.

#![allow(dead_code, unreachable_pub)]

use std::path::{Path, PathBuf};

/// The opening tag of a page after its scripts have run.
pub struct Page(String);

/// What `GOODFIT_CHROMIUM` names; without it the test says that it is skipped.
pub fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("GOODFIT_CHROMIUM").map(PathBuf::from);
    if path.is_none() {
        println!("skipped: GOODFIT_CHROMIUM does not name a browser");
    }
    path
}

/// Opens a page and waits until its scripts have nothing left to do.
pub fn open(browser: &Path, page: &Path, profile: &Path) -> Page {
    let output = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--virtual-time-budget=10000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&output.stdout).into_owned();
    let start = dom.find("<html").unwrap_or_else(|| panic!("no page: {}", String::from_utf8_lossy(&output.stderr)));
    Page(dom[start..].split('>').next().unwrap_or_default().to_owned())
}

impl Page {
    /// What its scripts left in `data-KEY`.
    pub fn value(&self, key: &str) -> &str {
        let start = self.0.find(&format!("data-{key}=\"")).unwrap_or_else(|| panic!("no {key} in {}", self.0));
        self.0[start..].split('"').nth(1).unwrap_or_default()
    }
}
