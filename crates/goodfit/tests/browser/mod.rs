//! A report in a real browser.

#![allow(dead_code, unreachable_pub)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
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
    open_until(browser, page, profile, "--virtual-time-budget=10000")
}

/// Opens a page by the clock, which its scripts then see too, until it has loaded all: [`hold`] says when.
pub fn open_by_the_clock(browser: &Path, page: &Path, profile: &Path) -> Page {
    open_until(browser, page, profile, "--timeout=120000")
}

/// Holds what asks for `/wait` until somebody asks for `/done`. Gives the port.
pub fn hold() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("its number").port();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 1024];
            let n = stream.read(&mut request).unwrap_or(0);
            let is_done = request[..n].starts_with(b"GET /done");
            held.push(stream);
            if is_done {
                break;
            }
        }
        for mut stream in held {
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        }
    });
    port
}

fn open_until(browser: &Path, page: &Path, profile: &Path, end: &str) -> Page {
    let output = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args([end, "--dump-dom"])
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
