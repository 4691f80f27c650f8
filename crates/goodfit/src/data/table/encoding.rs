//! In which encoding a text is: as somebody says, by its byte order mark, or by its bytes. And the text as UTF-8.

use std::collections::HashSet;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, WINDOWS_1252, X_USER_DEFINED};

use super::error::cause;

/// So many bytes are read at a time.
const CHUNK: usize = 64 * 1024;
/// So many bytes of lines with other characters than those of ASCII are looked at to find out what they are.
const MOST_LOOKED_AT: usize = 1 << 20;

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding(&'static Encoding);

/// Names that Python, iconv and editors have for encodings, each with one of the standard's.
const NAMES: [(&str, &str); 13] = [
    ("cp932", "shift_jis"),
    ("shiftjis", "shift_jis"),
    ("eucjp", "euc-jp"),
    ("ujis", "euc-jp"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("euckr", "euc-kr"),
    ("cp950", "big5"),
    ("latin-1", "latin1"),
    ("utf-8-sig", "utf-8"),
    ("utf16", "utf-16le"),
    ("utf16le", "utf-16le"),
    ("utf16be", "utf-16be"),
];

impl Default for TextEncoding {
    /// UTF-8.
    fn default() -> Self {
        Self(UTF_8)
    }
}

impl TextEncoding {
    /// What names there are, for messages.
    pub const EXPECTED: &str = "an encoding such as utf-8, windows-1252, shift_jis, euc-jp or gbk";

    /// The encoding of that name, in any case of its letters: those of <https://encoding.spec.whatwg.org/#names-and-labels>,
    /// such as `utf-8`, `latin1`, `shift_jis`, and those that other programs have for the same, such as `cp932`. Of bytes that
    /// several encodings read differently the standard says one: `latin1` is windows-1252, and `shift_jis` has the
    /// characters of CP932.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let hyphens = name.replace('_', "-");
        let known = |name: &str| Encoding::for_label_no_replacement(name.as_bytes()).map(Self);
        let other = || NAMES.iter().find(|(other, _)| *other == hyphens).and_then(|(_, standard)| known(standard));
        known(&name).or_else(|| known(&hyphens)).or_else(other).filter(|found| found.0 != X_USER_DEFINED)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// What a byte order mark at the beginning says.
    pub(super) fn of_mark(beginning: &[u8]) -> Option<Self> {
        Encoding::for_bom(beginning).map(|(encoding, _)| Self(encoding))
    }

    /// Whether bytes of 0 stand in its texts.
    pub(super) fn is_wide(self) -> bool {
        self.0 == encoding_rs::UTF_16LE || self.0 == encoding_rs::UTF_16BE
    }

    /// By all bytes of a text without a byte order mark: UTF-8 where they are that to their end, and otherwise what `known`
    /// says, or what its lines look like. `open` begins the text anew. What cannot be read ends it, for whoever reads it next
    /// knows the line.
    pub(super) fn of_text<R: Read>(open: impl Fn() -> io::Result<R>, known: Option<Self>) -> io::Result<Self> {
        if is_utf8(open()?) {
            return Ok(Self(UTF_8));
        }
        known.map_or_else(|| Ok(Self(looked_at(open()?))), Ok)
    }

    /// A text as UTF-8, without a byte order mark; UTF-8 as it stands, checked by nobody.
    pub(super) fn decoded(self, bytes: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        if self.0 == UTF_8 { bytes } else { Box::new(Decoded::new(bytes, self.0)) }
    }
}

/// Whether a text is UTF-8 to its end.
fn is_utf8(mut input: impl Read) -> bool {
    let mut bytes = vec![0; CHUNK];
    // The beginning of a character whose end has not been read.
    let mut kept = 0;
    loop {
        let n = match input.read(&mut bytes[kept..]) {
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => return true,
        };
        let text = &bytes[..kept + n];
        match std::str::from_utf8(text) {
            Ok(_) => kept = 0,
            Err(error) if n == 0 || error.error_len().is_some() => return false,
            Err(error) => {
                let (from, to) = (error.valid_up_to(), text.len());
                bytes.copy_within(from..to, 0);
                kept = to - from;
            }
        }
        if n == 0 {
            return true;
        }
    }
}

/// The encoding of a text that is not all UTF-8, by its lines with other characters than those of ASCII. Where these are UTF-8
/// it is that, damaged further on.
fn looked_at(input: impl Read) -> &'static Encoding {
    // The escapes of ISO-2022-JP are ASCII, so that what is in it has been taken for UTF-8.
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    let mut input = BufReader::with_capacity(CHUNK, input);
    let mut others = Others { are_single: true, places: HashSet::new() };
    let (mut n, mut is_other) = (0, false);
    while n < MOST_LOOKED_AT
        && let Ok(bytes) = input.fill_buf()
        && !bytes.is_empty()
    {
        // In none of the encodings the end of a line is a part of a character.
        for part in bytes.split_inclusive(|&byte| byte == b'\n') {
            is_other |= !part.is_ascii();
            if is_other {
                detector.feed(part, false);
                others.look(part);
                n += part.len();
            }
            is_other &= !part.ends_with(b"\n");
        }
        let length = bytes.len();
        input.consume(length);
    }
    if n < MOST_LOOKED_AT {
        detector.feed(b"", true);
    }
    let found = detector.guess(None, Utf8Detection::Allow);
    if others.are_western(found) { WINDOWS_1252 } else { found }
}

/// How bytes beyond ASCII stand in a text.
struct Others {
    /// Whether each stands between two of ASCII, and is a letter or a sign in Western European text.
    are_single: bool,
    /// Some of them with those before and behind.
    places: HashSet<[u8; 3]>,
}

impl Others {
    /// Fewer different places than this tell no European language from another.
    const FEW: usize = 3;

    fn look(&mut self, part: &[u8]) {
        let at = |i: usize| part.get(i).copied().unwrap_or(b'\n');
        for (i, &byte) in part.iter().enumerate().filter(|(_, byte)| !byte.is_ascii()) {
            let place = [at(i.wrapping_sub(1)), byte, at(i + 1)];
            self.are_single &= byte >= 0xa0 && place[0].is_ascii() && place[2].is_ascii();
            if self.places.len() < Self::FEW {
                self.places.insert(place);
            }
        }
    }

    /// Whether they are rather Western European than what was found: characters of East Asia stand together, and one or two
    /// words are taken for the most frequent.
    fn are_western(&self, found: &'static Encoding) -> bool {
        self.are_single && (!found.is_single_byte() || self.places.len() < Self::FEW)
    }
}

/// A text as UTF-8, decoded as it is read.
struct Decoded<R> {
    input: R,
    decoder: Decoder,
    /// What was read, of which the part from `from` to `to` is not decoded.
    bytes: Vec<u8>,
    from: usize,
    to: usize,
    /// What was decoded, of which the part from `done` on has not been handed on.
    text: Vec<u8>,
    done: usize,
    at: At,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Text,
    /// Behind the last byte, of which the decoder has not said all.
    LastByte,
    End,
    Malformed,
}

/// That bytes are no text in the encoding that they are read in.
#[derive(Debug)]
pub(super) struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes that are no text in the encoding")
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    /// Whether an error of a reader is this one.
    pub(super) fn is(error: &io::Error) -> bool {
        cause::<Self>(error).is_some()
    }
}

impl<R: Read> Decoded<R> {
    fn new(input: R, encoding: &'static Encoding) -> Self {
        let decoder = encoding.new_decoder_with_bom_removal();
        Self { input, decoder, bytes: vec![0; CHUNK], from: 0, to: 0, text: Vec::new(), done: 0, at: At::Text }
    }

    fn decode(&mut self) -> io::Result<()> {
        if self.from == self.to && self.at == At::Text {
            (self.from, self.to) = (0, self.input.read(&mut self.bytes)?);
            if self.to == 0 {
                self.at = At::LastByte;
            }
        }
        self.text.resize(2 * CHUNK, 0);
        let (bytes, is_last) = (&self.bytes[self.from..self.to], self.at == At::LastByte);
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(bytes, &mut self.text, is_last);
        self.from += read;
        self.text.truncate(written);
        self.done = 0;
        match result {
            DecoderResult::InputEmpty if is_last => self.at = At::End,
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => self.at = At::Malformed,
        }
        Ok(())
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.done == self.text.len() {
            match self.at {
                At::End => return Ok(0),
                At::Malformed => return Err(io::Error::other(Malformed)),
                At::Text | At::LastByte => self.decode()?,
            }
        }
        let n = to.len().min(self.text.len() - self.done);
        to[..n].copy_from_slice(&self.text[self.done..self.done + n]);
        self.done += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::{EUC_JP, EUC_KR, GBK, SHIFT_JIS, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1251, WINDOWS_1254};

    use super::*;

    /// Hands on so many bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(self.0.len()).min(to.len());
            to[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    fn encoded(text: &str, encoding: &'static Encoding) -> Vec<u8> {
        let mut bytes = vec![0; 4 * text.len()];
        let (result, _, n) = encoding.new_encoder().encode_from_utf8_without_replacement(text, &mut bytes, true);
        assert_eq!(result, encoding_rs::EncoderResult::InputEmpty, "{text}");
        bytes.truncate(n);
        bytes
    }

    #[test]
    fn encodings_by_their_names() {
        for (name, encoding) in [
            ("shift_jis", SHIFT_JIS),
            ("SJIS", SHIFT_JIS),
            ("cp932", SHIFT_JIS),
            ("MS932", SHIFT_JIS),
            ("euc_jp", EUC_JP),
            ("EUC-JP", EUC_JP),
            ("gb2312", GBK),
            ("latin1", WINDOWS_1252),
            ("iso_8859-1", WINDOWS_1252),
            ("cp1252", WINDOWS_1252),
            ("utf8", UTF_8),
            ("utf-8-sig", UTF_8),
            ("utf-16", UTF_16LE),
            ("UTF_16BE", UTF_16BE),
        ] {
            assert_eq!(TextEncoding::named(name), Some(TextEncoding(encoding)), "{name}");
            assert_eq!(TextEncoding::named(encoding.name()), Some(TextEncoding(encoding)), "{name}");
        }
        for name in ["", "klingon", "utf-9", "hz-gb-2312", "replacement", "x-user-defined"] {
            assert_eq!(TextEncoding::named(name), None, "{name}");
        }
    }

    #[test]
    fn texts_are_decoded_in_pieces() {
        let text = "名前,値\n東京,1\n大阪,2\n".repeat(5000);
        for encoding in [SHIFT_JIS, EUC_JP, GBK] {
            let bytes = encoded(&text, encoding);
            for step in [1, 7, usize::MAX] {
                let mut found = String::new();
                Decoded::new(Slow(&bytes, step), encoding).read_to_string(&mut found).expect("a text");
                assert!(found == text, "{encoding:?} {step}");
            }
        }
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let mut found = String::new();
        Decoded::new(Slow(&[b"\xfe\xff", &wide[..]].concat(), 3), UTF_16BE).read_to_string(&mut found).expect("a text");
        assert!(found == text);
    }

    #[test]
    fn what_is_no_text_comes_behind_what_is() {
        for (bytes, encoding) in
            [(&b"ab\x81\xff"[..], SHIFT_JIS), (b"ab\x81", SHIFT_JIS), (b"a\0b\0\0\xd8c\0", UTF_16LE)]
        {
            let mut found = Vec::new();
            let error = Decoded::new(bytes, encoding).read_to_end(&mut found).expect_err("no text");
            assert!(Malformed::is(&error));
            assert_eq!(found, b"ab", "{bytes:?}");
        }
    }

    #[test]
    fn utf8_is_told_whatever_its_pieces() {
        let text = "äöü🦀".repeat(20_000);
        for step in [1, 3, 1000, usize::MAX] {
            let is = |bytes: &[u8]| is_utf8(Slow(bytes, step));
            assert!(is(text.as_bytes()), "{step}");
            assert!(!is(&text.as_bytes()[..text.len() - 1]), "cut off within a character");
            assert!(!is(&[text.as_bytes(), b"\xe4,"].concat()), "{step}");
        }
    }

    #[test]
    fn encodings_by_their_texts() {
        let of = |text: &str, encoding: &'static Encoding| {
            let bytes = encoded(text, encoding);
            TextEncoding::of_text(|| Ok(&bytes[..]), None).expect("an encoding").name()
        };
        let japanese = "名前,都市,価格\n山田,東京,100\n佐藤,大阪,200\n";
        for encoding in [SHIFT_JIS, EUC_JP] {
            assert_eq!(of(japanese, encoding), encoding.name());
            // The first other characters may stand anywhere.
            assert_eq!(of(&("a,b\n".repeat(100_000) + japanese), encoding), encoding.name());
        }
        // Only the names are Japanese, or only the levels.
        for text in
            ["身長,体重,年齢\n170,60,30\n", "日付,価格\n1,2\n", "city,n\n東京,1\n大阪,2\n", "x,評価\n1,良い\n2,悪い\n"]
        {
            for encoding in [SHIFT_JIS, EUC_JP] {
                assert_eq!(of(text, encoding), encoding.name(), "{text}");
            }
        }
        for (text, encoding) in [
            ("姓名,城市,价格\n张伟,北京,100\n王芳,上海,200\n", GBK),
            ("이름,나이,도시\n김,1,서울\n이,2,부산\n", EUC_KR),
            ("город,цена\nМосква,1\nКазань,2\n", WINDOWS_1251),
            ("miasto,cena\nŁódź,1\nGdańsk,2\nKraków,3\n", WINDOWS_1250),
            ("şehir,fiyat\nİstanbul,1\nİzmir,2\nEskişehir,3\n", WINDOWS_1254),
        ] {
            assert_eq!(of(text, encoding), encoding.name(), "{text}");
        }
        for text in [
            "name,n\nKöln,1\nUlm,2\n",
            "ville,n\nOrléans,1\nBesançon,2\n",
            "cidade,n\nSão Paulo,1\n",
            "price\n5 €\n",
            "straße,größe\n1,2\n",
            "país,año\nEspaña,2024\n",
            "unit,n\n10 µm,1\n20 µm,2\n",
            "method,n\nnaïve,1\nknn,2\n",
            "price\n5£\n6£\n",
        ] {
            assert_eq!(of(text, WINDOWS_1252), "windows-1252", "{text}");
        }
        assert_eq!(of(japanese, UTF_8), "UTF-8");
        let known = TextEncoding::of_text(|| Ok(&b"K\xf6ln"[..]), TextEncoding::named("sjis")).expect("an encoding");
        assert_eq!(known.name(), "Shift_JIS");
    }
}
