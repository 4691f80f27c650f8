//! How long decoding takes: `cargo run --release -p goodfit-mnist --example decode_time`
//!
//! The first call of a process also pays for reading the data from the program file. The best of 21
//! calls is the one to compare when other work is going on.

use std::time::Instant;

use goodfit_mnist::{Digits, Error, N_TRAIN, test, train};

fn main() -> Result<(), Error> {
    println!("one thread, milliseconds       first call    median of 21      best of 21");
    time("the first 1,000 rows", || train(1_000))?;
    time("all training rows", || train(N_TRAIN))?;
    time("all test rows", test)?;
    time("everything", || train(N_TRAIN).and_then(|_| test()))
}

fn time(what: &str, decode: impl Fn() -> Result<Digits, Error>) -> Result<(), Error> {
    let mut milliseconds = Vec::new();
    for _ in 0..21 {
        let start = Instant::now();
        let digits = decode()?;
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        drop(digits);
    }
    let first = milliseconds[0];
    milliseconds.sort_by(f64::total_cmp);
    let (median, best) = (milliseconds[10], milliseconds[0]);
    println!("{what:28} {first:12.2} {median:15.2} {best:15.2}");
    Ok(())
}
