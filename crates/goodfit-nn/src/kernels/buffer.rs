//! The memory of a training.
//!
//! Measured (Zen 5, one core, 784-1024-1024-1024-10 in batches of 256, `benchsuite/runs/threads.txt`): a step takes 17.8 ms
//! in such a buffer, 19.0 ms in memory as the allocator gives it.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc, handle_alloc_error};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use crate::Float;

/// Values of a line of the cache, in single precision.
pub(crate) const LINE: usize = 16;
/// Bytes of one, and of the longest vector.
const LINE_BYTES: usize = LINE * size_of::<f32>();
/// Bytes of a large page.
const LARGE_PAGE: usize = 1 << 21;

/// Values in one piece that begin with a line of the cache, in large pages where there are several of those and the system
/// has them: a step over tens of megabytes misses the table of pages less often.
pub(crate) struct Buffer<T> {
    /// What was allocated, and how.
    base: NonNull<u8>,
    layout: Layout,
    /// The first value, at the first line in there.
    start: NonNull<T>,
    n: usize,
}

impl<T: Float> Buffer<T> {
    /// `n` values of 0.
    pub(crate) fn zeroed(n: usize) -> Self {
        // A float whose bits are all 0 is 0.
        Self::allocated(n)
    }
}

impl<T> Buffer<T> {
    /// Room for `n` values, with all bits 0.
    fn allocated(n: usize) -> Self {
        let values = Layout::array::<T>(n).expect("a buffer that fits into memory");
        let is_large = values.size() >= 2 * LARGE_PAGE;
        let layout = if is_large {
            values.align_to(LARGE_PAGE).expect("an alignment that is a power of two")
        } else {
            // Room to begin with a line. Asked for by alignment it would be another kind of memory, which the allocator
            // uses again less often.
            Layout::array::<T>(n + LINE_BYTES / size_of::<T>()).expect("a buffer that fits into memory")
        };
        // SAFETY: the layouts have a size, and there is room for the values behind the first line.
        unsafe {
            let base = if is_large { alloc(layout) } else { alloc_zeroed(layout) };
            let Some(base) = NonNull::new(base) else { handle_alloc_error(layout) };
            if is_large {
                ask_for_large_pages(base, layout.size());
                base.write_bytes(0, layout.size());
            }
            let start = base.add(base.align_offset(LINE_BYTES)).cast();
            Self { base, layout, start, n }
        }
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
        // SAFETY: it was allocated so; only floats are made (`zeroed`), which have nothing to drop.
        unsafe { dealloc(self.base.as_ptr(), self.layout) }
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
            assert!(buffer.as_ptr().addr().is_multiple_of(LINE_BYTES), "{n}");
            let copy = buffer.clone();
            buffer.fill(1.0);
            assert!(copy.iter().all(|&x| x == 0.0) && copy.len() == n);
        }
    }
}
