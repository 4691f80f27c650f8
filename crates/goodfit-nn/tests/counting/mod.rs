//! An allocator that counts what passes through it.
//!
//! It has to be unsafe: it implements `GlobalAlloc`. It only passes on.
#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(unsafe_code, reason = "GlobalAlloc is an unsafe trait; the allocator of the system does the work")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

struct Counting;

thread_local! {
    static COUNT: Cell<usize> = const { Cell::new(0) };
}
static OF_ALL_THREADS: AtomicUsize = AtomicUsize::new(0);

fn count() {
    COUNT.with(|count| count.set(count.get() + 1));
    OF_ALL_THREADS.fetch_add(1, Ordering::Relaxed);
}

// SAFETY: every method hands its arguments to the system's allocator as they came, and the count is a
// thread-local `Cell` with a constant start and without a destructor, which itself never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the contract of `realloc`.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations of this thread during `work`; tests that run beside it do not count.
pub(crate) fn allocations(work: impl FnOnce()) -> usize {
    let before = COUNT.with(Cell::get);
    work();
    COUNT.with(Cell::get) - before
}

/// Allocations of all threads of the process during `work`.
pub(crate) fn allocations_of_all_threads(work: impl FnOnce()) -> usize {
    let before = OF_ALL_THREADS.load(Ordering::Relaxed);
    work();
    OF_ALL_THREADS.load(Ordering::Relaxed) - before
}
