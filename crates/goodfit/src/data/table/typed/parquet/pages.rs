//! The pages of a column, each checked before its values are decoded: what they announce is memory that is taken for them.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescPtr;

use super::delta;

/// The pages of a column without lists.
pub(super) struct Pages {
    pub(super) inner: Box<dyn PageReader>,
    pub(super) column: ColumnDescPtr,
    /// Rows of the group that are in none of the pages so far.
    pub(super) left: u64,
    pub(super) has_dictionary: bool,
}

impl Pages {
    fn check(&mut self, page: &Page) -> Result<()> {
        let fault = |what: &str| Err(ParquetError::General(what.to_owned()));
        let n = u64::from(page.num_values());
        if let Page::DictionaryPage { buf, .. } = page {
            self.has_dictionary = true;
            // A value has a byte at least.
            return if n <= buf.len() as u64 { Ok(()) } else { fault("a dictionary of more values than bytes") };
        }
        if n > self.left {
            return fault("pages of more values than rows");
        }
        self.left -= n;
        let Some(values) = self.values(page) else { return fault("a page that ends before its values") };
        match page.encoding() {
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY if !self.has_dictionary => {
                fault("values of a dictionary that is not there")
            }
            Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY if n > 0 => {
                if announced(values, 1, n) {
                    Ok(())
                } else {
                    fault("a page that announces other values than it has")
                }
            }
            Encoding::DELTA_BYTE_ARRAY if n > 0 => {
                if announced(values, 2, n) {
                    Ok(())
                } else {
                    fault("a page that announces other values than it has")
                }
            }
            _ => Ok(()),
        }
    }

    /// The bytes of the values of a page, behind those that say which rows have none.
    fn values<'a>(&self, page: &'a Page) -> Option<&'a [u8]> {
        match page {
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                buf.get(def_levels_byte_len.checked_add(*rep_levels_byte_len)? as usize..)
            }
            Page::DataPage { buf, def_level_encoding: Encoding::RLE, .. } if self.column.max_def_level() > 0 => {
                let length = u32::from_le_bytes(*buf.first_chunk()?);
                buf.get(4..)?.get(length as usize..)
            }
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => Some(buf),
        }
    }
}

/// Whether each of some streams behind each other announces no more than `n` numbers.
fn announced(mut bytes: &[u8], n_streams: usize, n: u64) -> bool {
    (0..n_streams).all(|_| match delta::extent(bytes) {
        Some((found, end)) if found <= n => {
            bytes = &bytes[end..];
            true
        }
        // Where all values are missing, some write no stream.
        _ => bytes.is_empty(),
    })
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.as_ref().map_or(Ok(()), |page| self.check(page))?;
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::basic::{Repetition, Type};
    use parquet::schema::types::{ColumnDescriptor, ColumnPath, Type as SchemaType};

    use super::*;

    struct Empty;

    impl Iterator for Empty {
        type Item = Result<Page>;

        fn next(&mut self) -> Option<Self::Item> {
            self.get_next_page().transpose()
        }
    }

    impl PageReader for Empty {
        fn get_next_page(&mut self) -> Result<Option<Page>> {
            Ok(None)
        }

        fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
            Ok(None)
        }

        fn skip_next_page(&mut self) -> Result<()> {
            Ok(())
        }
    }

    /// Whether pages of a column of texts with gaps are let through, in a group of 100 rows.
    fn passes(pages: &[Page]) -> bool {
        let kind = SchemaType::primitive_type_builder("x", Type::BYTE_ARRAY).with_repetition(Repetition::OPTIONAL);
        let kind = Arc::new(kind.build().expect("a type"));
        let column = Arc::new(ColumnDescriptor::new(kind, 1, 0, ColumnPath::from("x")));
        let mut all = Pages { inner: Box::new(Empty), column, left: 100, has_dictionary: false };
        pages.iter().all(|page| all.check(page).is_ok())
    }

    fn page(num_values: u32, encoding: Encoding, values: &[u8]) -> Page {
        Page::DataPageV2 {
            buf: [&[9, 9], values].concat().into(),
            num_values,
            encoding,
            num_nulls: 0,
            num_rows: num_values,
            def_levels_byte_len: 2,
            rep_levels_byte_len: 0,
            is_compressed: false,
            statistics: None,
        }
    }

    fn dictionary(num_values: u32) -> Page {
        Page::DictionaryPage { buf: vec![0; 40].into(), num_values, encoding: Encoding::PLAIN, is_sorted: false }
    }

    #[test]
    fn pages_have_what_they_announce() {
        let known = || page(60, Encoding::RLE_DICTIONARY, &[]);
        assert!(passes(&[dictionary(10), known()]));
        assert!(!passes(&[dictionary(41)]) && !passes(&[known()]));
        assert!(!passes(&[dictionary(10), known(), known()]));
        // 5 numbers without a bit of their own, once and twice.
        let stream = |n: u8| [0x80, 0x01, 4, n, 2, 0, 0, 0, 0, 0];
        assert!(passes(&[page(5, Encoding::DELTA_LENGTH_BYTE_ARRAY, &stream(5))]));
        assert!(!passes(&[page(5, Encoding::DELTA_LENGTH_BYTE_ARRAY, &stream(6))]));
        assert!(passes(&[page(5, Encoding::DELTA_BYTE_ARRAY, &[stream(5), stream(5)].concat())]));
        assert!(!passes(&[page(5, Encoding::DELTA_BYTE_ARRAY, &[stream(5), stream(7)].concat())]));
    }

    #[test]
    fn levels_end_within_their_page() {
        let page = |buf: &[u8]| Page::DataPage {
            buf: buf.to_vec().into(),
            num_values: 3,
            encoding: Encoding::PLAIN,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        assert!(passes(&[page(&[2, 0, 0, 0, 6, 1])]));
        assert!(!passes(&[page(&[2, 0, 0, 0, 6])]) && !passes(&[page(&[2, 0])]));
        assert!(!passes(&[page(&[0xff, 0xff, 0xff, 0xff, 6, 1])]));
    }
}
