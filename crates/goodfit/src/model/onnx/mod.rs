//! Models as ONNX files, from raw columns to predictions.

mod columns;
mod dates;
mod embedding;
mod graph;
mod layers;
mod proto;
mod scales;

use prost::Message as _;

use super::{Model, ModelError, RECIPE};
use crate::data::Units;
use crate::data::table::Predicts;
use crate::recipe::Experiment;
use crate::run::network_spec;
use graph::{Graph, ML, int, ints, strings};
use proto::{DataType, ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// What has the operators of [`OPSET`].
const IR_VERSION: i64 = 8;
/// Version of the standard operators.
const OPSET: i64 = 17;
/// Version of the operators `ai.onnx.ml`.
const ML_OPSET: i64 = 3;
/// No message of a protobuf file may be longer.
const MOST_BYTES: usize = i32::MAX as usize;

impl Model {
    /// The model with its preprocessing as an ONNX file: opset 17, `ai.onnx.ml` 3.
    ///
    /// # Shapes
    /// It takes the columns of the schema by their names, each N x 1:
    ///
    /// | column | type | missing |
    /// |---|---|---|
    /// | numeric | float | NaN |
    /// | categorical | string, without blanks around it | an empty one; the words of [`MISSING`](crate::data::table::MISSING) |
    /// | date | double: days since 1970-01-01 in UTC, with the time as a fraction | NaN |
    ///
    /// and gives `label` (N strings) and `probabilities` (N x classes, float, in the order of the schema's classes), or
    /// `value` (N x 1, float, in the units of the target). Where a column has one of these names, the output has a number
    /// behind its own, such as `value_2`.
    ///
    /// Preprocessing rounds as [`Schema::encode`](crate::data::table::Schema::encode) does, operation by operation; what
    /// differs is the order of the sums in the network.
    ///
    /// # Errors
    /// When the network has other layers than the recipe says, or the file would be larger than 2 GiB.
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let model = goodfit::model::Model::load(std::path::Path::new("goodfit-out/sales"))?;
    /// std::fs::write("sales.onnx", model.to_onnx()?)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_onnx(&self) -> Result<Vec<u8>, ModelError> {
        let experiment = Experiment::from_toml(RECIPE, &self.recipe).map_err(ModelError::Recipe)?;
        let schema = &self.schema;
        let spec = network_spec(&experiment.recipe, schema.inputs(), schema.n_outputs());

        let mut graph = Graph::default();
        for column in &schema.columns {
            columns::declare(&mut graph, column);
        }
        let names = output_names(&mut graph, &schema.predicts);
        let inputs = columns::add(&mut graph, schema, &schema.encoder);
        let add = |network| layers::add(&mut graph, network, &spec.layers, inputs.clone());
        let outputs: Vec<String> = self.networks.iter().map(add).collect::<Result<_, _>>()?;
        add_predictions(&mut graph, &schema.predicts, names, &outputs);

        let opset =
            |domain: &str, version| OperatorSetIdProto { domain: Some(domain.to_owned()), version: Some(version) };
        let entry = |(key, value): (&str, String)| StringStringEntryProto { key: key.to_owned(), value };
        let mut metadata = vec![("target", schema.target.clone())];
        if let Predicts::Classes(classes) = &schema.predicts {
            metadata.push(("classes", serde_json::to_string(classes).map_err(ModelError::Schema)?));
        }
        let model = ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: "goodfit".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: format!("predicts {}", schema.target),
            graph: Some(graph.finish("goodfit")),
            opset_import: vec![opset("", OPSET), opset(ML, ML_OPSET)],
            metadata_props: metadata.into_iter().map(entry).collect(),
        };
        check_size(model.encoded_len())?;
        Ok(model.encode_to_vec())
    }
}

fn check_size(bytes: usize) -> Result<(), ModelError> {
    if bytes > MOST_BYTES { Err(ModelError::TooLarge { bytes, most: MOST_BYTES }) } else { Ok(()) }
}

/// The names of the outputs, taken before anything within has one.
fn output_names(graph: &mut Graph, predicts: &Predicts) -> Vec<String> {
    let wanted: &[&str] = match predicts {
        Predicts::Classes(_) => &["label", "probabilities"],
        Predicts::Numbers(_) => &["value"],
    };
    wanted.iter().map(|name| graph.free(name)).collect()
}

/// From the outputs of each network, N x outputs, to what is predicted: the mean over the networks.
fn add_predictions(graph: &mut Graph, predicts: &Predicts, names: Vec<String>, outputs: &[String]) {
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    match (predicts, names.as_slice()) {
        (Predicts::Classes(classes), [label, probabilities]) => {
            let softmax = || vec![int("axis", 1)];
            if let [outputs] = outputs[..] {
                graph.add_named(probabilities.clone(), "Softmax", &[outputs], softmax());
            } else {
                let own = |outputs: &&str| graph.add_with("network.probabilities", "Softmax", &[outputs], softmax());
                let own: Vec<String> = outputs.iter().map(own).collect();
                let own: Vec<&str> = own.iter().map(String::as_str).collect();
                graph.add_named(probabilities.clone(), "Mean", &own, Vec::new());
            }
            let attributes = vec![int("axis", 1), int("keepdims", 0)];
            let place = graph.add_with("label.place", "ArgMax", &[probabilities], attributes);
            let attributes = vec![
                ints("keys_int64s", (0..classes.len() as i64).collect()),
                strings("values_strings", classes.iter().cloned()),
            ];
            graph.add_named(label.clone(), "LabelEncoder", &[&place], attributes);
            graph.output(label.clone(), DataType::String, &[], "the most probable class, the first one of several");
            let doc = format!("the probabilities of {}", classes.join(", "));
            graph.output(probabilities.clone(), DataType::Float, &[classes.len()], &doc);
        }
        (Predicts::Numbers(units), [value]) => {
            let outputs = match outputs[..] {
                [outputs] => outputs.to_owned(),
                _ => graph.add("value.mean", "Mean", &outputs),
            };
            let outputs = graph.cast("value.standardised", &outputs, DataType::Double);
            let Units { sd, mean } = *units;
            let [sd, mean] = [sd, mean].map(|x| graph.scalar(x));
            let scaled = graph.add("value.scaled", "Mul", &[&outputs, &sd]);
            let exact = graph.add("value.exact", "Add", &[&scaled, &mean]);
            graph.add_named(value.clone(), "Cast", &[&exact], vec![int("to", DataType::Float as i64)]);
            graph.output(value.clone(), DataType::Float, &[1], "in the units of the target");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
