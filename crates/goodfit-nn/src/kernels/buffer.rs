//! The memory of a training.
//!
//! Measured (Zen 5, two threads, 784-1024-1024-1024-10 in batches of 256): see `benchsuite/runs/threads.txt`.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::Float;

/// Bytes of a line of the cache, the longest vector's too.
const LINE: usize = 64;
/// Bytes of a large page.
const LARGE_PAGE: usize = 1 << 21;

/// Values in one piece that begin with a line of the cache, in large pages where there are several of those and the system
/// has them: a step over tens of megabytes misses the table of pages less often.
pub(crate) struct Buffer<T> {
    start: NonNull<T>,
    n: usize,
}

impl<T> Buffer<T> {
    fn layout(n: usize) -> Layout {
        let values = Layout::array::<T>(n).expect("a buffer that fits into memory");
        let align = if values.size() < 2 * LARGE_PAGE { LINE } else { LARGE_PAGE };
        values.align_to(align).expect("an alignment that is a power of two")
    }

    /// Room for `n` values, which have to be written before anybody sees them.
    fn allocated(n: usize) -> Self {
        let layout = Self::layout(n);
        if layout.size() == 0 {
            return Self { start: NonNull::dangling(), n };
        }
        // SAFETY: the layout has a size.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }) else { handle_alloc_error(layout) };
        if layout.align() == LARGE_PAGE {
            ask_for_large_pages(start, layout.size());
        }
        Self { start: start.cast(), n }
    }
}

impl<T: Float> Buffer<T> {
    /// `n` values of 0.
    pub(crate) fn zeroed(n: usize) -> Self {
        let buffer = Self::allocated(n);
        // SAFETY: there is room for so many values, and one whose bits are all 0 is 0.
        unsafe { buffer.start.write_bytes(0, n) };
        buffer
    }
}

/// Advice that the system need not take; before the memory is written to, since pages are given at that moment.
fn ask_for_large_pages(start: NonNull<u8>, n_bytes: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: the range was allocated, and the advice changes nothing that it holds.
    unsafe {
        libc::madvise(start.as_ptr().cast(), n_bytes, libc::MADV_HUGEPAGE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, n_bytes);
}

impl<T> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: so many values were written at the start.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.n) }
    }
}

impl<T> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and they are this buffer's alone.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.n) }
    }
}

impl<T: Clone> Clone for Buffer<T> {
    fn clone(&self) -> Self {
        let copy = Self::allocated(self.n);
        for (i, value) in self.iter().enumerate() {
            // SAFETY: there is room for as many values.
            unsafe { copy.start.add(i).write(value.clone()) };
        }
        copy
    }
}

impl<T> Drop for Buffer<T> {
    fn drop(&mut self) {
        let layout = Self::layout(self.n);
        if layout.size() > 0 {
            // SAFETY: `zeroed` allocated it by the same layout; floats have nothing to drop.
            unsafe { dealloc(self.start.as_ptr().cast(), layout) }
        }
    }
}

impl<T> fmt::Debug for Buffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffer").field("n", &self.n).finish_non_exhaustive()
    }
}

// SAFETY: it owns its values.
unsafe impl<T: Send> Send for Buffer<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Buffer<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_begin_with_a_line_and_a_copy_is_apart() {
        for n in [0, 1, 1000, (1 << 20) + 1, 1 << 22] {
            let mut buffer = Buffer::<f32>::zeroed(n);
            assert!(buffer.len() == n && buffer.iter().all(|&x| x == 0.0));
            assert!(n == 0 || buffer.as_ptr().addr().is_multiple_of(LINE), "{n}");
            let copy = buffer.clone();
            buffer.fill(1.0);
            assert!(copy.iter().all(|&x| x == 0.0) && copy.len() == n);
        }
    }
}
