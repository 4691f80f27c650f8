//! A graph under construction: every value has a name of its own.

use std::collections::{HashMap, HashSet};

use super::proto::{
    AttributeProto, AttributeType, DataType, DimensionProto, Extent, GraphProto, NodeProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// The operators of machine learning besides networks.
pub(super) const ML: &str = "ai.onnx.ml";
/// The name of the number of rows.
const ROWS: &str = "N";

/// A graph under construction. A value is referred to by its name.
#[derive(Debug, Default)]
pub(super) struct Graph {
    proto: GraphProto,
    taken: HashSet<String>,
    /// Constants of a single number, by type and number.
    scalars: HashMap<(i32, Vec<u8>), String>,
}

/// A number that a tensor can hold.
pub(super) trait Element: Copy {
    /// Its type.
    const TYPE: DataType;
    /// Appends its bytes, little-endian.
    fn write(self, to: &mut Vec<u8>);
}

impl Element for f32 {
    const TYPE: DataType = DataType::Float;
    fn write(self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }
}

impl Element for f64 {
    const TYPE: DataType = DataType::Double;
    fn write(self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }
}

impl Element for i64 {
    const TYPE: DataType = DataType::Int64;
    fn write(self, to: &mut Vec<u8>) {
        to.extend(self.to_le_bytes());
    }
}

/// The bytes of numbers, little-endian.
fn bytes<T: Element>(values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(size_of_val(values));
    for x in values {
        x.write(&mut bytes);
    }
    bytes
}

impl Graph {
    /// A column of N rows that is handed in under exactly this name; all are declared before anything else.
    pub(super) fn input(&mut self, name: &str, holds: DataType, doc: &str) {
        self.taken.insert(name.to_owned());
        self.proto.input.push(value(name.to_owned(), holds, &[1], doc));
    }

    /// Hands a value out: N rows of these extents.
    pub(super) fn output(&mut self, name: String, holds: DataType, extents: &[usize], doc: &str) {
        self.proto.output.push(value(name, holds, extents, doc));
    }

    /// A name that nothing has yet: this one, or with a number behind it.
    pub(super) fn free(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut n = 1;
        while !self.taken.insert(name.clone()) {
            n += 1;
            name = format!("{wanted}_{n}");
        }
        name
    }

    /// A tensor that is always the same, row-major.
    pub(super) fn constant<T: Element>(&mut self, wanted: &str, shape: &[usize], values: &[T]) -> String {
        let name = self.free(wanted);
        self.proto.initializer.push(TensorProto {
            dims: shape.iter().map(|&extent| extent as i64).collect(),
            data_type: Some(T::TYPE as i32),
            name: name.clone(),
            raw_data: Some(bytes(values)),
        });
        name
    }

    /// A single number, which stands in the file once.
    pub(super) fn scalar<T: Element + std::fmt::Display>(&mut self, x: T) -> String {
        let key = (T::TYPE as i32, bytes(&[x]));
        if let Some(name) = self.scalars.get(&key) {
            return name.clone();
        }
        let name = self.constant(&format!("{:?} {x}", T::TYPE).to_lowercase(), &[], &[x]);
        self.scalars.insert(key, name.clone());
        name
    }

    /// Adds an operator of one output, whose name is returned.
    pub(super) fn add(&mut self, wanted: &str, operator: &str, inputs: &[&str]) -> String {
        self.add_with(wanted, operator, inputs, Vec::new())
    }

    /// The same with attributes.
    pub(super) fn add_with(
        &mut self,
        wanted: &str,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = self.free(wanted);
        self.add_named(name.clone(), operator, inputs, attributes);
        name
    }

    /// The same for a name that [`Graph::free`] has given.
    pub(super) fn add_named(&mut self, name: String, operator: &str, inputs: &[&str], attribute: Vec<AttributeProto>) {
        self.proto.node.push(NodeProto {
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![name.clone()],
            name,
            op_type: operator.to_owned(),
            attribute,
            domain: if operator == "LabelEncoder" { ML.to_owned() } else { String::new() },
        });
    }

    /// Turns numbers into those of another type.
    pub(super) fn cast(&mut self, wanted: &str, x: &str, to: DataType) -> String {
        self.add_with(wanted, "Cast", &[x], vec![int("to", to as i64)])
    }

    /// The finished graph.
    pub(super) fn finish(self, name: &str) -> GraphProto {
        GraphProto { name: name.to_owned(), ..self.proto }
    }
}

fn value(name: String, holds: DataType, extents: &[usize], doc: &str) -> ValueInfoProto {
    let extents = extents.iter().map(|&extent| Extent::DimValue(extent as i64));
    let dims = std::iter::once(Extent::DimParam(ROWS.to_owned())).chain(extents);
    let dim = dims.map(|extent| DimensionProto { value: Some(extent) }).collect();
    let tensor_type = TensorTypeProto { elem_type: Some(holds as i32), shape: Some(TensorShapeProto { dim }) };
    ValueInfoProto { name, r#type: Some(TypeProto { tensor_type: Some(tensor_type) }), doc_string: doc.to_owned() }
}

fn attribute(name: &str, holds: AttributeType) -> AttributeProto {
    AttributeProto { name: name.to_owned(), r#type: Some(holds as i32), ..AttributeProto::default() }
}

/// An attribute of a whole number.
pub(super) fn int(name: &str, i: i64) -> AttributeProto {
    AttributeProto { i: Some(i), ..attribute(name, AttributeType::Int) }
}

/// An attribute of a number.
pub(super) fn float(name: &str, x: f64) -> AttributeProto {
    AttributeProto { f: Some(x as f32), ..attribute(name, AttributeType::Float) }
}

/// An attribute of whole numbers.
pub(super) fn ints(name: &str, ints: Vec<i64>) -> AttributeProto {
    AttributeProto { ints, ..attribute(name, AttributeType::Ints) }
}

/// An attribute of numbers.
pub(super) fn floats(name: &str, floats: Vec<f32>) -> AttributeProto {
    AttributeProto { floats, ..attribute(name, AttributeType::Floats) }
}

/// An attribute of texts.
pub(super) fn strings(name: &str, texts: impl IntoIterator<Item = String>) -> AttributeProto {
    let strings = texts.into_iter().map(String::into_bytes).collect();
    AttributeProto { strings, ..attribute(name, AttributeType::Strings) }
}
