//! Threads that share the work of a training step, where one run has more than one core for itself.
//!
//! What is shared is cut so that the bytes of the result do not depend on the cuts: rows or columns of a product,
//! whose chains stay whole (see `matmul`), and elementwise loops.
//!
//! Parts are taken, not given: a helper that comes late, because it slept or the system had other things to do, finds
//! its part done by the caller, who never waits for a helper that has not begun. One that the system puts aside in the
//! middle of a part holds the caller up; then the core belongs to somebody else, and the helpers rest for a while
//! ([`Rest`]). A helper that has nothing to do looks for work for a moment, then sleeps.

use std::cell::UnsafeCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::vectorised;
use crate::Float;

/// Most threads of a team, the caller's included.
pub const MAX_THREADS: usize = 64;
/// A caller that waits longer than it worked, by that much, was held up by a helper that did not run.
const HELD_UP: Duration = Duration::from_millis(1);
/// In nanoseconds.
const LEAST_REST: u64 = 20_000_000;
const MOST_REST: u64 = 250_000_000;
/// More than the helpers of any team.
const CALLED: usize = 1 << 8;
/// How often a helper looks for work before it sleeps, and the caller for the end of a part before it lets others run.
const LOOKS: usize = 60_000;

/// Some threads for the runs of a process to share.
///
/// A run that trains [joins](Team::join) the team. While fewer runs than threads have joined, one of them at a time
/// gets the helpers that are left over; the others work alone, as all do when every core has a run of its own.
pub struct Team {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
    /// Held by the run that has the helpers.
    turn: Mutex<()>,
    n_members: AtomicUsize,
    rest: Rest,
}

/// How long the helpers rest after one of them held up the caller: [`LEAST_REST`], twice as long each time when they
/// had hardly begun again, at most [`MOST_REST`].
struct Rest {
    start: Instant,
    /// Nanoseconds from the start, and how long the last rest was.
    until: AtomicU64,
    length: AtomicU64,
}

impl Rest {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Asks for the time only where somebody was held up before.
    fn is_over(&self, now: impl FnOnce() -> u64) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until == 0 || now() >= until
    }

    /// The caller worked for so long on its own parts, then waited.
    fn after(&self, worked: Duration, waited: Duration, now: impl FnOnce() -> u64) {
        if waited > worked + HELD_UP {
            let (now, length) = (now(), self.length.load(Ordering::Relaxed));
            let since = now.saturating_sub(self.until.load(Ordering::Relaxed));
            let soon = length > 0 && since < 4 * length;
            let length = if soon { (2 * length).min(MOST_REST) } else { LEAST_REST };
            self.length.store(length, Ordering::Relaxed);
            self.until.store(now + length, Ordering::Relaxed);
        }
    }
}

/// What caller and helpers tell each other.
struct Shared {
    /// The present job; written before `call` moves on, by the holder of the turn.
    job: UnsafeCell<Option<Job>>,
    /// Number of the present job times [`CALLED`], plus how many helpers it calls, 0 when it is over: one word, so that
    /// no helper takes one job for another.
    call: AtomicUsize,
    /// Helpers that are about to begin the present job, or at it.
    n_active: AtomicUsize,
    asleep: Vec<AtomicBool>,
    ends: AtomicBool,
    /// The panic of a helper.
    panic: Mutex<Option<Box<dyn std::any::Any + Send>>>,
}

/// What every thread calls. It lives until no helper is active any more: [`Wait`].
type Job = &'static (dyn Fn() + Sync);

// SAFETY: `job` is written by the holder of the turn while no helper is active, and read by helpers that are and saw
// its call; everything else is atomic or locked.
unsafe impl Sync for Shared {}

/// A run's place in a team; given back when it is dropped.
#[derive(Debug)]
pub struct Member {
    team: Arc<Team>,
}

impl Team {
    /// A team of `n_threads` (1 to [`MAX_THREADS`]), the caller's own among them.
    pub fn new(n_threads: usize) -> Arc<Self> {
        let n_helpers = n_threads.clamp(1, MAX_THREADS) - 1;
        let shared = Arc::new(Shared {
            job: UnsafeCell::new(None),
            call: AtomicUsize::new(0),
            n_active: AtomicUsize::new(0),
            asleep: (0..n_helpers).map(|_| AtomicBool::new(false)).collect(),
            ends: AtomicBool::new(false),
            panic: Mutex::new(None),
        });
        let helpers = (0..n_helpers)
            .map(|i| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.help(i))
            })
            .collect();
        let rest = Rest { start: Instant::now(), until: AtomicU64::new(0), length: AtomicU64::new(0) };
        Arc::new(Self { shared, helpers, turn: Mutex::new(()), n_members: AtomicUsize::new(0), rest })
    }

    /// A place in the team for a run.
    pub fn join(self: &Arc<Self>) -> Member {
        self.n_members.fetch_add(1, Ordering::Relaxed);
        Member { team: Arc::clone(self) }
    }

    /// The helpers, when no other run has them.
    fn take_turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.turn.try_lock() {
            Ok(turn) => Some(turn),
            // A part panicked in an earlier turn, which was over all the same.
            Err(TryLockError::Poisoned(turn)) => Some(turn.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    /// Helpers that no other run needs, and that do not rest.
    fn n_free(&self) -> usize {
        if !self.rest.is_over(|| self.rest.now()) {
            return 0;
        }
        self.helpers.len().saturating_sub(self.n_members.load(Ordering::Relaxed).saturating_sub(1))
    }

    /// Calls `job` on this thread, and on up to `n_helpers` others meanwhile; returns when all have come back from it.
    fn run(&self, n_helpers: usize, job: &(dyn Fn() + Sync)) {
        let shared = &*self.shared;
        shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        // SAFETY: the lifetime alone is changed; `Wait` lets nobody past this function while a helper is active.
        let lasting = unsafe { std::mem::transmute::<&(dyn Fn() + Sync), Job>(job) };
        // SAFETY: the caller holds the turn and the call before is over, so no helper reads it.
        unsafe { *shared.job.get() = Some(lasting) };
        shared.call(n_helpers);
        for (helper, asleep) in self.helpers.iter().zip(&shared.asleep).take(n_helpers) {
            if asleep.load(Ordering::SeqCst) {
                helper.thread().unpark();
            }
        }
        let start = Instant::now();
        let worked = {
            let _wait = Wait { shared };
            job();
            start.elapsed()
        };
        self.rest.after(worked, start.elapsed().saturating_sub(worked), || self.rest.now());
        let panic = shared.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }
}

/// Ends the call and waits for the helpers that are at it, in a panic too.
struct Wait<'a> {
    shared: &'a Shared,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.shared.call(0);
        let mut n_looks = 0_usize;
        // A helper became active before it saw the call, and the call was over before this look: either the helper
        // sees the end, or this sees the helper.
        while self.shared.n_active.load(Ordering::SeqCst) > 0 {
            n_looks += 1;
            if n_looks < LOOKS {
                std::hint::spin_loop();
            } else {
                thread::yield_now();
            }
        }
    }
}

impl Shared {
    /// Calls the first `n_helpers`, or none any more. Only the holder of the turn does.
    fn call(&self, n_helpers: usize) {
        let number = self.call.load(Ordering::Relaxed) / CALLED;
        self.call.store(number.wrapping_add(1).wrapping_mul(CALLED) | n_helpers, Ordering::SeqCst);
    }

    /// The life of helper `i`.
    fn help(&self, i: usize) {
        let mut heard = 0;
        loop {
            let mut n_looks = 0;
            while self.call.load(Ordering::SeqCst) == heard {
                n_looks += 1;
                if n_looks < LOOKS {
                    std::hint::spin_loop();
                    continue;
                }
                self.asleep[i].store(true, Ordering::SeqCst);
                if self.call.load(Ordering::SeqCst) == heard {
                    thread::park();
                }
                self.asleep[i].store(false, Ordering::SeqCst);
            }
            if self.ends.load(Ordering::Relaxed) {
                return;
            }
            heard = self.call.load(Ordering::SeqCst);
            if i >= heard % CALLED {
                continue;
            }
            self.n_active.fetch_add(1, Ordering::SeqCst);
            if self.call.load(Ordering::SeqCst) == heard {
                // SAFETY: this helper is active and the call is not over, so the caller waits in `Team::run`.
                let job = unsafe { (*self.job.get()).expect("a call has a job") };
                if let Err(panic) = catch_unwind(AssertUnwindSafe(job)) {
                    *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
                }
            }
            self.n_active.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.shared.call(0);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            // A helper catches every panic of a job.
            let _ = helper.join();
        }
    }
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team").field("n_helpers", &self.helpers.len()).finish_non_exhaustive()
    }
}

impl Member {
    /// Into how many parts work is cut at present.
    pub fn n_threads(&self) -> usize {
        1 + self.team.n_free()
    }

    /// Threads of the team.
    pub(crate) fn n_threads_at_most(&self) -> usize {
        1 + self.team.helpers.len()
    }

    /// Gives each thread of the team the room that one thread had, or each of the team `before`.
    pub(crate) fn make_room<T: Float>(&self, room: &mut Vec<T>, before: Option<&Self>) {
        let of_one = room.len() / before.map_or(1, Self::n_threads_at_most);
        room.resize(of_one * self.n_threads_at_most(), T::ZERO);
    }
}

/// Into how many parts to cut `work`, of which `least` is worth a thread: 1 without a team.
pub(crate) fn n_parts(member: Option<&Member>, work: usize, least: usize) -> usize {
    member.map_or(1, |member| member.n_threads().min(work / least)).max(1)
}

/// Calls `work` with every part, on as many threads as are free; on this one alone without a team.
///
/// # Panics
/// When `work` does. There are at most [`MAX_THREADS`] parts; more of them panic where there are helpers to share with.
pub(crate) fn share<P: Send>(member: Option<&Member>, parts: impl Iterator<Item = P>, work: impl Fn(P) + Sync) {
    let turn = member.and_then(|member| Some((member, member.team.take_turn()?)));
    let Some((member, _turn)) = turn else { return parts.for_each(work) };
    let cells = Parts([const { UnsafeCell::new(None) }; MAX_THREADS]);
    let mut n = 0;
    for part in parts {
        assert!(n < MAX_THREADS, "more parts than threads");
        // SAFETY: nobody else has the cells yet.
        unsafe { *cells.0[n].get() = Some(part) };
        n += 1;
    }
    let n_helpers = member.team.n_free().min(n.saturating_sub(1));
    let next = AtomicUsize::new(0);
    let job = || {
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            if i >= n {
                return;
            }
            // SAFETY: `next` gives out every number once.
            if let Some(part) = unsafe { cells.take(i) } {
                work(part);
            }
        }
    };
    match n_helpers {
        0 => job(),
        _ => member.team.run(n_helpers, &job),
    }
}

/// [`share`] of elementwise loops, each part compiled as [`vectorised`] does it: `work` carries `#[inline(always)]`.
#[inline(always)]
pub(crate) fn share_vectorised<P: Send>(
    member: Option<&Member>,
    parts: impl Iterator<Item = P>,
    work: impl Fn(P) + Sync,
) {
    share(member, parts, |part| {
        vectorised(
            #[inline(always)]
            || work(part),
        );
    });
}

/// The parts of shared work.
struct Parts<P>([UnsafeCell<Option<P>>; MAX_THREADS]);

// SAFETY: a cell is used by one thread alone, see `share`; its part may move there.
unsafe impl<P: Send> Sync for Parts<P> {}

impl<P> Parts<P> {
    /// # Safety
    /// No other thread uses cell `i`.
    unsafe fn take(&self, i: usize) -> Option<P> {
        // SAFETY: the caller's contract.
        unsafe { (*self.0[i].get()).take() }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.team.n_members.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn squares(member: Option<&Member>, n: usize) -> Vec<usize> {
        let mut out = vec![0; n];
        share(member, out.iter_mut().enumerate(), |(i, out)| *out = i * i);
        out
    }

    #[test]
    fn every_part_is_worked_on_once() {
        for n_threads in [1, 2, 3, 8] {
            let member = Team::new(n_threads).join();
            assert_eq!(member.n_threads(), n_threads);
            for n in [0, 1, 2, 3, 7, MAX_THREADS] {
                for _ in 0..200 {
                    assert_eq!(squares(Some(&member), n), squares(None, n), "{n} parts, {n_threads} threads");
                }
            }
        }
    }

    #[test]
    fn helpers_that_fell_asleep_wake_up() {
        let member = Team::new(3).join();
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(5));
            assert_eq!(squares(Some(&member), 5), [0, 1, 4, 9, 16]);
        }
    }

    #[test]
    fn runs_share_the_helpers_that_are_left_over() {
        let team = Team::new(3);
        let members: Vec<Member> = (0..4).map(|_| team.join()).collect();
        assert_eq!(members[0].n_threads(), 1);
        thread::scope(|scope| {
            for member in &members {
                scope.spawn(move || (0..500).for_each(|_| assert_eq!(squares(Some(member), 6)[5], 25)));
            }
        });
        drop(members);
        assert_eq!(team.join().n_threads(), 3);
    }

    #[test]
    fn two_runs_at_a_time_do_not_mix_their_parts() {
        let team = Team::new(4);
        thread::scope(|scope| {
            for _ in 0..2 {
                let member = team.join();
                scope.spawn(move || {
                    (0..2000).for_each(|i| assert_eq!(squares(Some(&member), i % 9), squares(None, i % 9)));
                });
            }
        });
    }

    #[test]
    fn a_panic_of_any_part_comes_back() {
        let member = Team::new(2).join();
        for bad in [0, 1] {
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                share(Some(&member), 0..2, |i| assert!(i != bad, "part {i}"));
            }));
            assert!(outcome.is_err(), "part {bad}");
            assert!(n_at_work_together(&member) == 2, "the team goes on");
        }
        let both = catch_unwind(AssertUnwindSafe(|| share(Some(&member), 0..2, |i| panic!("part {i}"))));
        assert!(both.is_err());
        assert_eq!(squares(Some(&member), 4), [0, 1, 4, 9], "an old panic stays old");
    }

    /// The most threads that were at work at the same time, when each part waits a while for another and no helper
    /// rests.
    fn n_at_work_together(member: &Member) -> usize {
        while !member.team.rest.is_over(|| member.team.rest.now()) {
            thread::sleep(Duration::from_millis(5));
        }
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        share(Some(member), 0..2, |_| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let start = Instant::now();
            while most.load(Ordering::SeqCst) < 2 && start.elapsed().as_secs() < 10 {
                thread::yield_now();
            }
            now.fetch_sub(1, Ordering::SeqCst);
        });
        most.into_inner()
    }

    #[test]
    fn helpers_rest_after_one_held_up_the_caller() {
        let rest = Rest { start: Instant::now(), until: AtomicU64::new(0), length: AtomicU64::new(0) };
        let [short, long] = [1, 5].map(Duration::from_millis);
        rest.after(long, long, || 1);
        rest.after(short, short + HELD_UP, || 1);
        assert!(rest.is_over(|| unreachable!("nobody was held up: a wait as long as the work is none")));
        let mut now = 1;
        for times in [1, 2, 4, 8, 13, 13] {
            rest.after(short, long, || now);
            let length = (times * LEAST_REST).min(MOST_REST);
            assert_eq!(rest.length.load(Ordering::Relaxed), length);
            assert!(!rest.is_over(|| now + length - 1) && rest.is_over(|| now + length));
            // Held up again when they have hardly begun.
            now += length + 4 * length - 1;
        }
        rest.after(short, long, || now + 1);
        assert_eq!(rest.length.load(Ordering::Relaxed), LEAST_REST, "after a while without, a rest is short again");
    }

    #[test]
    fn work_is_not_cut_while_helpers_rest() {
        let team = Team::new(3);
        let member = team.join();
        team.rest.until.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(member.n_threads(), 1);
        assert_eq!(squares(Some(&member), 4), [0, 1, 4, 9]);
        team.rest.until.store(1, Ordering::Relaxed);
        assert_eq!(member.n_threads(), 3);
    }

    #[test]
    fn room_is_for_each_thread_of_the_last_team() {
        let [two, three] = [2, 3].map(|n_threads| Team::new(n_threads).join());
        let mut room = vec![0.0_f32; 5];
        two.make_room(&mut room, None);
        assert_eq!(room.len(), 10);
        three.make_room(&mut room, Some(&two));
        assert_eq!(room.len(), 15);
    }

    #[test]
    fn parts_are_worked_on_at_the_same_time() {
        assert_eq!(n_at_work_together(&Team::new(2).join()), 2);
    }
}
