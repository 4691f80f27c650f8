//! JSON that a person can read and that stays small: a line per field, and none per number.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

/// Writes a value with two spaces of indentation, objects a line per field, lists of objects a line
/// per object, and lists of anything else in one line. Numbers are as short as they can be without
/// losing a bit. Ends with a line break.
pub(crate) fn write_json(writer: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *writer, Lines::default()))?;
    writer.write_all(b"\n")
}

/// A list or object that is being written.
#[derive(Clone, Copy, PartialEq)]
enum Open {
    /// A list without objects so far, in one line.
    List,
    /// A list whose objects have lines of their own.
    ListOfObjects,
    EmptyObject,
    Object,
}

/// The formatter: what is open, outermost first.
#[derive(Default)]
struct Lines {
    open: Vec<Open>,
}

impl Lines {
    fn line<W: ?Sized + Write>(&self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"\n")?;
        (0..self.open.len()).try_for_each(|_| writer.write_all(b"  "))
    }

    fn close<W: ?Sized + Write>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        if let Some(Open::Object | Open::ListOfObjects) = self.open.pop() {
            self.line(writer)?;
        }
        writer.write_all(bracket)
    }
}

impl Formatter for Lines {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open.push(Open::List);
        writer.write_all(b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if let Some(list @ (Open::List | Open::ListOfObjects)) = self.open.last_mut() {
            *list = Open::ListOfObjects;
            self.line(writer)?;
        }
        self.open.push(Open::EmptyObject);
        writer.write_all(b"{")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if let Some(object) = self.open.last_mut() {
            *object = Open::Object;
        }
        if !first {
            writer.write_all(b",")?;
        }
        self.line(writer)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn text(value: &Value) -> String {
        let mut bytes = Vec::new();
        write_json(&mut bytes, value).expect("written");
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn lines() {
        let value = json!({
            "curve": [0.1, 1.0, null, 1e-7], "empty": [], "none": {}, "pairs": [[1, 2], [3, 4]],
            "runs": [{"seed": 1, "layers": [{}]}, {"seed": 2}], "text": "a\"b",
        });
        let expected = "\
{
  \"curve\": [0.1,1.0,null,1e-7],
  \"empty\": [],
  \"none\": {},
  \"pairs\": [[1,2],[3,4]],
  \"runs\": [
    {
      \"layers\": [
        {}
      ],
      \"seed\": 1
    },
    {
      \"seed\": 2
    }
  ],
  \"text\": \"a\\\"b\"
}
";
        assert_eq!(text(&value), expected);
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..5)
                    .prop_map(|map| Value::from(serde_json::Map::from_iter(map))),
            ]
        })
    }

    proptest! {
        #[test]
        fn says_the_same_as_it_was_given(value in any_value()) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text(&value)).expect("JSON"), value);
        }
    }
}
