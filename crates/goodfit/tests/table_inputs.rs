//! What `goodfit data info` says of tables that are damaged or odd.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;
use std::io::Write as _;

use command::Place;

/// Files and what they hold; what is not text is packed or encoded by the test itself.
const TEXTS: &[(&str, &str)] = &[
    ("plain.csv", "a,b\n1,x\n2,y\n"),
    ("empty.csv", ""),
    ("only-newlines.csv", "\n\n\n"),
    ("only-header.csv", "a,b,c\n"),
    ("one-row-no-newline.csv", "a,b\n1,2"),
    ("windows-newlines.csv", "a,b\r\n1,2\r\n3,4\r\n"),
    ("old-mac-newlines.csv", "a,b\r1,2\r3,4\r"),
    ("byte-order-mark.csv", "\u{feff}a,b\n1,2\n3,4\n"),
    ("semicolons.csv", "a;b\n1;2\n3;4\n"),
    ("tabs.tsv", "a\tb\n1\t2\n3\t4\n"),
    ("bars.csv", "a|b\n1|2\n3|4\n"),
    ("decimal-commas.csv", "a;b\n1,5;x\n2,25;y\n"),
    ("spaces-after-commas.csv", "a, b, c\n1, \"x, y\", 3\n2, \"z\", 4\n"),
    ("single-quotes.csv", "a,b\n'x, y',1\n'z, w',2\n"),
    ("quoted-newline.csv", "a,b\n\"two\nlines\",1\nx,2\n"),
    ("doubled-quotes.csv", "a,b\n\"say \"\"hi\"\"\",1\nx,2\n"),
    ("open-quote.csv", "a,b\n1,2\n\"x,3\n4,5\n6,7\n"),
    ("too-many-cells.csv", "a,b\n1,2\n3,4,5\n"),
    ("too-few-cells.csv", "a,b,c\n1,2,3\n4,5\n"),
    ("trailing-commas.csv", "a,b,\n1,2,\n3,4,\n"),
    ("delimiter-at-each-end.csv", "a,b\n1,2,\n3,4,\n"),
    ("open-quote-at-the-end.csv", "a,b\n1,x\n2,\"y\n3,z\n4,z\n"),
    ("open-quote-between-others.csv", "y,txt\n1,a\n2,\"b\n3,c\n4,d\n5,\"e\"\n6,a\n"),
    ("open-quote-old-mac.csv", "a,b\r1,x\r2,\"y\r3,z\r"),
    ("too-many-cells-windows.csv", "a,b\r\n1,2\r\n\r\n3,4,5\r\n"),
    ("too-many-cells-old-mac.csv", "a,b\r1,2\r3,4,5\r"),
    ("too-many-cells-after-blank-lines.csv", "a,b\n1,\"x\n\ny\"\n\n\n3,4,5\n"),
    ("names-in-angles.csv", "<DATE>,<OPEN>\n2024-01-31,2\n2024-02-29,4\n"),
    ("names-in-brackets.csv", "[id],{x}\n1,2\n3,4\n"),
    ("named-as-parquet.csv", "PARENT,x\n1,2\n3,4\n"),
    ("counted-columns.csv", ",0,1\n0,5,a\n1,6,b\n"),
    ("large-codes.csv", "code,b\n100000001,1\n100000002,2\n100000003,3\n"),
    ("row-names.csv", "a,b\nr1,1,2\nr2,3,4\n"),
    ("no-header.csv", "1,2\n3,4\n"),
    ("same-name.csv", "a,b,a\n1,2,3\n"),
    ("no-name.csv", "a,,c\n1,2,3\n4,5,6\n"),
    ("made-up-name-twice.csv", "column_2,,c\n1,2,3\n"),
    ("blank-lines.csv", "a,b\n\n1,2\n\n3,4\n"),
    ("missing-words.csv", "a,b\nNA,x\nNaN,null\n?,N/A\n3,\n4,y\n"),
    ("all-missing.csv", "a,b\n,1\nNA,2\n"),
    ("constant.csv", "a,b\n7,1\n7,2\n"),
    ("constant-but-missing.csv", "a,b\n7,1\n,2\n"),
    ("infinite.csv", "a,b\n1,2\ninf,3\n-Infinity,4\n1e39,5\n"),
    ("hexadecimal.csv", "a,b\n0x10,1\n0x20,2\n"),
    ("thousands.csv", "a,b\n\"1,234\",1\n\"5,678\",2\n"),
    ("leading-zeros.csv", "zip,b\n01067,1\n01069,2\n"),
    ("numbers-then-a-word.csv", "a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\nbroken\n"),
    ("booleans.csv", "a,b\ntrue,1\nfalse,2\nTrue,3\n"),
    ("dates.csv", "d,t\n2024-01-31,2024-01-31 12:30\n2024-02-29,2024-02-29T06:00:00Z\n"),
    ("day-or-month.csv", "d,n\n01/02/2024,1\n03/04/2024,2\n"),
    ("day-first.csv", "d,n\n31/12/2024,1\n03/04/2024,2\n"),
    ("no-such-day.csv", "d,n\n2023-02-30,1\n2023-02-28,2\n"),
    ("no-such-zone.csv", "d,n\n2024-01-31 12:30+99:00,1\n2024-02-01 12:30-01:60,2\n"),
    ("control-characters-twice.csv", "a\u{1b}[31m,a\u{1b}[31m\n1,2\n"),
    ("control-characters.csv", "a\u{1b}[31m,b\n\u{7},1\nx,2\n"),
    ("long-cells.csv", "a,b\nabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz,1\ny,2\n"),
    ("one-column.csv", "a\n1\n2\n"),
    ("one-cell.csv", "a"),
    ("a-page.html", "<!doctype html>\n<html><body><p>Not found, sorry</p></body></html>\n"),
    ("json.json", "[{\"a\": 1, \"b\": 2},\n {\"a\": 3, \"b\": 4}]\n"),
    ("emoji.csv", "名前,値\n🦀,1\n東京,2\n"),
];

#[test]
fn odd_and_damaged_tables() {
    let place = Place::new();
    for (name, text) in TEXTS {
        place.write(name, text);
    }
    place.write("western.csv", b"name,n\nK\xf6ln,1\nUlm,2\n");
    let utf_16: Vec<u8> = "\u{feff}a,b\n1,ö\n2,x\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    place.write("utf-16.csv", utf_16);
    place.write("zeros.csv", b"a,b\n1,2\n\0\0\0\0,3\n");
    place.write("noise.csv", (0..2000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<u8>>());
    place.write("book.xlsx", b"PK\x03\x04 and so on");
    place.write("old-book.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on");
    place.write("table.parquet", b"PAR1\x15 and so on");
    place.write("array.npy", b"\x93NUMPY\x01\x00 and so on");
    place.write("packed.csv.bz2", b"BZh91AY&SY and so on");
    place.write("packed.csv.xz", b"\xfd7zXZ\x00 and so on");
    let many = "a,b\n1,x\n2,y\n3,z\n".repeat(400);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(TEXTS[0].1.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    place.write("packed.csv.gz", &gzip);
    place.write("two-members.csv.gz", [gzip.clone(), gzip.clone()].concat());
    place.write("cut-off.csv.gz", &gzip[..gzip.len() - 9]);
    place.write("damaged.csv.gz", [&gzip[..12], &[0xff; 20], &gzip[12..]].concat());
    let zstd = zstd::encode_all(many.as_bytes(), 3).unwrap();
    place.write("cut-off.csv.zst", &zstd[..zstd.len() / 2]);
    place.write("packed.csv.zst", zstd::encode_all(TEXTS[0].1.as_bytes(), 3).unwrap());
    place.write("no-zstd.csv.zst", [&zstd[..4], &[0xff; 20]].concat());
    place.write("large-window.csv.zst", [&zstd[..4], &[0, 0xa8, 1, 0, 0]].concat());
    let packed = |text: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(text).unwrap();
        gzip.finish().unwrap()
    };
    place.write("packed-twice.csv.gz", packed(&gzip));
    place.write("zstd-in-gzip.csv.gz", packed(&zstd));
    // Little on the disk, much in memory.
    let much = |byte: u8| vec![byte; 9 << 20];
    place.write("endless-cell.csv.gz", packed(&[b"a,b\n1,2\n3,", &much(b'x')[..]].concat()));
    place.write("endless-quote.csv.gz", packed(&[b"a,b\n1,2\n\"3,", &b"4\n".repeat(9 << 19)[..]].concat()));
    place.write("endless-row.csv.gz", packed(&much(b',')));
    place.write("endless-blanks.csv.gz", packed(&[b"a, \"b\"\n1, \"2\"\n", &much(b' ')[..]].concat()));
    place.write("long-names.csv", format!("{0},{0}\n1,2\n", "x".repeat(1000)));
    let utf_32 = |text: &str| text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect::<Vec<u8>>();
    place.write("utf-32.csv", utf_32("\u{feff}a,b\n1,2\n"));
    place.write("folder.csv/inside", "");
    let made = [
        "western.csv",
        "utf-16.csv",
        "zeros.csv",
        "noise.csv",
        "book.xlsx",
        "old-book.xls",
        "table.parquet",
        "array.npy",
        "packed.csv.bz2",
        "packed.csv.xz",
        "packed.csv.gz",
        "two-members.csv.gz",
        "cut-off.csv.gz",
        "damaged.csv.gz",
        "packed.csv.zst",
        "cut-off.csv.zst",
        "no-zstd.csv.zst",
        "large-window.csv.zst",
        "packed-twice.csv.gz",
        "zstd-in-gzip.csv.gz",
        "endless-cell.csv.gz",
        "endless-quote.csv.gz",
        "endless-row.csv.gz",
        "endless-blanks.csv.gz",
        "long-names.csv",
        "utf-32.csv",
        "folder.csv",
        "none.csv",
        "none/none.csv",
    ];
    let mut text = String::new();
    for name in TEXTS.iter().map(|(name, _)| *name).chain(made) {
        let ran = place.run(&["data", "info", name]);
        assert!(matches!(ran.status, Some(0 | 2)), "{name}: {ran:?}");
        assert_eq!(ran.status == Some(0), ran.stderr.is_empty(), "{name}");
        writeln!(text, "$ goodfit data info {name}\n{}{}", ran.stdout, ran.stderr).unwrap();
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
}

#[test]
fn what_is_said_beats_what_is_guessed() {
    let place = Place::new();
    place.write("comma.csv", "a;b\n1,5;unknown\n2,25;2,5\n");
    place.write("head.csv", "a,b\nx,y\nz,x\n");
    place.write("odd.csv", "a~b\n1~2\n");
    place.write("colons.txt", "1:x\n3:y\n");
    place.write("blanks.txt", "1 \"a b\"\n3 \"c\"\n");
    let mut text = String::new();
    for words in [
        &["comma.csv", "--decimal-comma", "--missing", "unknown"][..],
        &["head.csv", "--no-header"],
        &["odd.csv", "--delimiter", "~"],
        &["colons.txt", "--delimiter", ":"],
        &["--delimiter", " ", "blanks.txt"],
        &["odd.csv", "--delimiter", "ab"],
        &["odd.csv", "--delimiter", "1"],
        &["head.csv", "--missing", " x"],
        &["head.csv", "--json"],
    ] {
        let ran = place.run(&[&["data", "info"][..], words].concat());
        writeln!(text, "$ goodfit data info {}\n{}{}", words.join(" "), ran.stdout, ran.stderr).unwrap();
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
}
