//! What the members of an ensemble do to rows that stand member by member: loops over the rows of each, shared by whole members,
//! so that every sum is one chain over the rows of one member.
//!
//! Shapes: M members, N rows of each, U values of a row. Factors, addends and sums: M x U.

use crate::kernels::{self, Member, n_parts, share};
use crate::{Float, MatRef};

/// Values of a loop that are worth another thread.
const SHARED_VALUES: usize = 1 << 16;

/// How many members a thread of the team takes at once, of `values` values in all.
fn members_a_part(member: Option<&Member>, members: usize, values: usize) -> usize {
    members.div_ceil(n_parts(member, values, SHARED_VALUES))
}

/// `dst[m][n][u] = src[m][n][u] * factors[m][u]`, plus `addends[m][u]` where there are some.
pub(crate) fn map_rows<T: Float>(
    member: Option<&Member>,
    dst: &mut [T],
    src: &[T],
    (factors, addends): (&[T], Option<&[T]>),
    units: usize,
) {
    let members = factors.len() / units;
    let (own, a_part) = (dst.len() / members, members_a_part(member, members, dst.len()));
    let parts = dst.chunks_mut(own * a_part).zip(src.chunks(own * a_part)).enumerate();
    share(member, parts, |(part, (dst, src))| {
        for (m, (dst, src)) in (part * a_part..).zip(dst.chunks_mut(own).zip(src.chunks(own))) {
            let factors = &factors[m * units..][..units];
            let addends = addends.map(|addends| &addends[m * units..][..units]);
            kernels::vectorised(
                #[inline(always)]
                || {
                    for (dst, src) in dst.chunks_exact_mut(units).zip(src.chunks_exact(units)) {
                        match addends {
                            Some(addends) => {
                                for (((dst, &x), &factor), &addend) in dst.iter_mut().zip(src).zip(factors).zip(addends)
                                {
                                    *dst = x * factor + addend;
                                }
                            }
                            None => {
                                for ((dst, &x), &factor) in dst.iter_mut().zip(src).zip(factors) {
                                    *dst = x * factor;
                                }
                            }
                        }
                    }
                },
            );
        }
    });
}

/// `values[m][n][u] = values[m][n][u] * factors[m][u]`
pub(crate) fn scale_rows<T: Float>(member: Option<&Member>, values: &mut [T], factors: &[T], units: usize) {
    on_rows(
        member,
        (values, factors),
        units,
        #[inline(always)]
        |value, factor| *value *= factor,
    );
}

/// `values[m][n][u] = values[m][n][u] + addends[m][u]`
pub(crate) fn shift_rows<T: Float>(member: Option<&Member>, values: &mut [T], addends: &[T], units: usize) {
    on_rows(
        member,
        (values, addends),
        units,
        #[inline(always)]
        |value, addend| *value += addend,
    );
}

fn on_rows<T: Float>(
    member: Option<&Member>,
    (values, own): (&mut [T], &[T]),
    units: usize,
    change: impl Fn(&mut T, T) + Sync,
) {
    let members = own.len() / units;
    let (length, a_part) = (values.len() / members, members_a_part(member, members, values.len()));
    let parts = values.chunks_mut(length * a_part).zip(own.chunks(units * a_part));
    share(member, parts, |(values, own)| {
        for (values, own) in values.chunks_mut(length).zip(own.chunks(units)) {
            kernels::vectorised(
                #[inline(always)]
                || {
                    for row in values.chunks_exact_mut(units) {
                        row.iter_mut().zip(own).for_each(|(value, &own)| change(value, own));
                    }
                },
            );
        }
    });
}

/// `sums[m][u] = sum over n of values[m][n][u]`
pub(crate) fn sums<T: Float>(member: Option<&Member>, sums: &mut [T], values: &[T], units: usize) {
    let members = sums.len() / units;
    let (own, a_part) = (values.len() / members, members_a_part(member, members, values.len()));
    let parts = sums.chunks_mut(units * a_part).zip(values.chunks(own * a_part));
    share(member, parts, |(sums, values)| {
        for (sums, values) in sums.chunks_mut(units).zip(values.chunks(own)) {
            kernels::column_sums(sums, MatRef::new(values, own / units, units));
        }
    });
}

/// `sums[m][u] = sum over n of a[m][n][u] * b[m][n][u]`
pub(crate) fn product_sums<T: Float>(member: Option<&Member>, sums: &mut [T], [a, b]: [&[T]; 2], units: usize) {
    let members = sums.len() / units;
    let (own, a_part) = (a.len() / members, members_a_part(member, members, a.len()));
    let parts = sums.chunks_mut(units * a_part).zip(a.chunks(own * a_part).zip(b.chunks(own * a_part)));
    share(member, parts, |(sums, (a, b))| {
        for (sums, (a, b)) in sums.chunks_mut(units).zip(a.chunks(own).zip(b.chunks(own))) {
            kernels::vectorised(
                #[inline(always)]
                || {
                    sums.fill(T::ZERO);
                    for (a, b) in a.chunks_exact(units).zip(b.chunks_exact(units)) {
                        for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                            *sum += a * b;
                        }
                    }
                },
            );
        }
    });
}

/// Adds all further of M equal parts to the first, and returns it.
pub(crate) fn fold<T: Float>(values: &mut [T], members: usize) -> &mut [T] {
    let (sums, rest) = values.split_at_mut(values.len() / members);
    for own in rest.chunks_exact(sums.len().max(1)) {
        kernels::vectorised(
            #[inline(always)]
            || sums.iter_mut().zip(own).for_each(|(sum, &value)| *sum += value),
        );
    }
    sums
}

/// Repeats the first of M equal parts for every further member, and returns all of them.
pub(crate) fn repeat<T: Copy>(values: &mut [T], members: usize) -> &mut [T] {
    let own = values.len() / members;
    for m in 1..members {
        values.copy_within(..own, m * own);
    }
    values
}
