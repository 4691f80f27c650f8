//! Streams of delta encoding: how many numbers they announce, and where they end.

/// The numbers of a stream and its bytes, by the encoding `DELTA_BINARY_PACKED`: the sizes of blocks, and of each block the
/// widths of its parts; none where it is cut off.
pub(super) fn extent(stream: &[u8]) -> Option<(u64, usize)> {
    let mut at = 0;
    let block = varint(stream, &mut at)?;
    let n_parts = varint(stream, &mut at)?;
    let n = varint(stream, &mut at)?;
    varint(stream, &mut at)?;
    let per_part = block.checked_div(n_parts).filter(|&n| n > 0)?;
    let mut left = n.saturating_sub(1);
    while left > 0 {
        varint(stream, &mut at)?;
        let widths = stream.get(at..at.checked_add(usize::try_from(n_parts).ok()?)?)?;
        at += widths.len();
        for &width in widths {
            if left > 0 {
                let bytes = per_part.checked_mul(u64::from(width))? / 8;
                at = at.checked_add(usize::try_from(bytes).ok()?).filter(|&at| at <= stream.len())?;
                left = left.saturating_sub(per_part);
            }
        }
    }
    Some((n, at))
}

/// A number in groups of seven bits, the lowest first.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number: u64 = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 128 numbers a block, 4 parts, so many numbers, the first one 1.
    fn stream(n: u8, rest: &[u8]) -> Vec<u8> {
        [&[0x80, 0x01, 4, n, 2][..], rest].concat()
    }

    #[test]
    fn streams_end_behind_their_last_part() {
        assert_eq!(extent(&stream(1, &[9])), Some((1, 5)));
        // One part of 32 numbers in 2 bits each; the other three parts have no bytes.
        let block = [&[0, 2, 0, 0, 0][..], &[0; 8], &[9]].concat();
        assert_eq!(extent(&stream(5, &block)), Some((5, 18)));
        assert_eq!(extent(&stream(5, &block[..12])), None);
        assert_eq!(extent(&stream(0x7f, &block)), Some((0x7f, 18)));
    }

    #[test]
    fn forged_streams() {
        for bytes in [&[][..], &[0xff; 20], &[0x80, 0x01, 0, 5, 2, 0], &[0, 4, 5, 2, 0, 0, 0, 0, 0]] {
            assert_eq!(extent(bytes), None, "{bytes:?}");
        }
    }
}
