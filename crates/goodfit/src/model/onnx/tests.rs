use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use goodfit_nn::Network;
use prost::Message as _;

use super::graph::ML;
use super::proto::{AttributeProto, DataType, Extent, GraphProto, ModelProto, NodeProto};
use super::{MOST_BYTES, check_size};
use crate::data::{Prepared, load};
use crate::model::{Model, ModelError, RECIPE};
use crate::recipe::Experiment;
use crate::run::network_spec;

const TABLE: &str = "x,flag,city,day,y\n1,true,Bonn,2024-01-01,0\n,false,Ulm,2024-01-02,1\n3,,Bonn,2024-02-01 12:00,0\n\
                     4,true,,2024-03-01,1\n5,false,Kiel,2024-03-01,0\n6,true,Kiel,2024-03-02,1\n";

/// A model of a table with the network as it is drawn, of the layers that these lines of a recipe say.
fn model(table: &str, target: &str, network: &str) -> Model {
    model_of("", table, target, network)
}

/// The same with further lines on its data.
fn model_of(data: &str, table: &str, target: &str, network: &str) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, table).unwrap();
    let loss = if target == "price" { "[training]\nloss = \"mean-squared-error\"\n" } else { "" };
    let recipe = format!(
        "[data]\nsource = {path:?}\ntarget = \"{target}\"\ntest = 0.0\nvalidation = 0.0\n{data}\n[network]\n{network}\n{loss}"
    );
    let experiment = Experiment::from_toml(RECIPE, &recipe).unwrap();
    let data = &experiment.recipe.data;
    let schema = Prepared::new(load(data, 0).unwrap(), data, 0).unwrap().schema.unwrap();
    let spec = network_spec(&experiment.recipe, schema.inputs(), schema.n_outputs());
    let network = Network::new(&spec, 0).unwrap();
    Model::new(schema, recipe, vec![network])
}

fn exported(model: &Model) -> ModelProto {
    ModelProto::decode(model.to_onnx().unwrap().as_slice()).unwrap()
}

/// The graph, in which every value is made once and before it is used.
fn graph(model: &Model) -> GraphProto {
    let graph = exported(model).graph.unwrap();
    let mut known = HashSet::new();
    let given = graph.input.iter().map(|one| &one.name).chain(graph.initializer.iter().map(|one| &one.name));
    for name in given {
        assert!(known.insert(name.clone()), "{name} twice");
    }
    for node in &graph.node {
        for name in &node.input {
            assert!(known.contains(name), "{} takes {name} before it is there", node.name);
        }
        assert!(known.insert(node.output[0].clone()), "{} twice", node.output[0]);
    }
    for output in &graph.output {
        assert!(known.contains(&output.name), "{} is not made", output.name);
    }
    graph
}

/// The operators from the inputs of the network on.
fn operators(network: &str) -> Vec<String> {
    let graph = graph(&model(TABLE, "y", network));
    let first = graph.node.iter().position(|node| node.name == "inputs").unwrap() + 1;
    graph.node[first..].iter().map(|node| node.op_type.clone()).collect()
}

fn attribute<'a>(node: &'a NodeProto, name: &str) -> &'a AttributeProto {
    node.attribute.iter().find(|attribute| attribute.name == name).unwrap()
}

fn keys(graph: &GraphProto, name: &str) -> HashMap<String, i64> {
    let node = graph.node.iter().find(|node| node.name == name).unwrap();
    let keys = attribute(node, "keys_strings").strings.iter().map(|key| String::from_utf8(key.clone()).unwrap());
    let keys: HashMap<_, _> = keys.zip(attribute(node, "values_int64s").ints.iter().copied()).collect();
    assert_eq!(keys.len(), attribute(node, "keys_strings").strings.len(), "each key once");
    keys
}

#[test]
fn it_takes_the_columns_and_gives_what_is_predicted() {
    let model = model(TABLE, "y", "hidden = [4]");
    let file = exported(&model);
    let versions: Vec<_> =
        file.opset_import.iter().map(|opset| (opset.domain.as_deref().unwrap(), opset.version.unwrap())).collect();
    assert_eq!((file.ir_version, versions), (Some(8), vec![("", 17), (ML, 3)]));
    let entries: Vec<_> = file.metadata_props.iter().map(|one| (one.key.as_str(), one.value.as_str())).collect();
    assert_eq!(entries, [("target", "y"), ("classes", r#"["0","1"]"#)]);

    let graph = graph(&model);
    let mut said = String::new();
    for value in graph.input.iter().chain(&graph.output) {
        let tensor = value.r#type.clone().unwrap().tensor_type.unwrap();
        let dims = tensor.shape.unwrap().dim.into_iter().map(|dim| match dim.value.unwrap() {
            Extent::DimValue(extent) => extent.to_string(),
            Extent::DimParam(name) => name,
        });
        let dims: Vec<String> = dims.collect();
        writeln!(said, "{} {:?} {}", value.name, tensor.elem_type.unwrap(), dims.join("x")).unwrap();
    }
    let [float, double, string] = [DataType::Float, DataType::Double, DataType::String].map(|holds| holds as i32);
    let expected = format!(
        "x {float} Nx1\nflag {string} Nx1\ncity {string} Nx1\nday {double} Nx1\nlabel {string} N\n\
         probabilities {float} Nx2\n"
    );
    assert_eq!(said, expected);
    for node in &graph.node {
        assert_eq!(node.domain, if node.op_type == "LabelEncoder" { ML } else { "" }, "{}", node.name);
    }
    assert_eq!(model.to_onnx().unwrap(), model.to_onnx().unwrap(), "the same bytes each time");
}

#[test]
fn names_of_columns_stay_and_others_give_way() {
    let table =
        "label,value,inputs,affine1.weight,probabilities,y\n1,2,3,4,5,a\n2,3,5,5,6,b\n3,4,5,1,7,a\n9,1,2,2,7,b\n";
    let of_classes = graph(&model(table, "y", "hidden = []"));
    let names = |graph: &GraphProto| graph.output.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&of_classes), ["label_2", "probabilities_2"]);
    assert!(of_classes.initializer.iter().any(|one| one.name == "affine1.weight_2"));
    let table = "value,price\n1,2.5\n2,3.5\n7,1.25\n5,2.75\n4,9.5\n";
    assert_eq!(names(&graph(&model(table, "price", "hidden = []"))), ["value_2"]);
}

#[test]
fn texts_have_places_and_what_is_missing_its_own() {
    let graph_of = graph(&model(TABLE, "y", "hidden = [4]"));
    let city = keys(&graph_of, "city.place");
    // The two frequent ones by name, then the third; behind them a missing one, however it is written.
    assert_eq!([city["Bonn"], city["Kiel"], city["Ulm"]], [0, 1, 2]);
    for word in ["", "NA", "na", "nAn", "N/A", "NULL", "None", "?"] {
        assert_eq!(city[word], 3, "{word:?}");
    }
    assert_eq!(city.len(), 3 + 1 + 4 + 4 + 8 + 16 + 16 + 1);
    // Two levels of which none is missing.
    let flags = graph(&model("flag,x,y\ntrue,1,0\nfalse,2,1\ntrue,5,1\n", "y", "hidden = [4]"));
    let node = flags.node.iter().find(|node| node.name == "flag.sign").unwrap();
    assert_eq!(attribute(node, "keys_strings").strings, [b"false".to_vec(), b"true".to_vec()]);
    assert_eq!(attribute(node, "values_floats").floats, [-1.0, 1.0]);
    let mut own = model(TABLE, "y", "hidden = [4]");
    own.schema.missing.push("kiel".to_owned());
    assert_eq!(keys(&graph(&own), "city.place")["kiel"], 3, "a word of the table's own");
    // Where none is missing, a missing one is like a text that nobody knows.
    let whole = graph(&model("city,y\na,0\nb,1\nc,0\na,1\n", "y", "hidden = [4]"));
    assert_eq!(keys(&whole, "city.place").len(), 3);
}

#[test]
fn each_scaling_has_its_operators() {
    let search = ["Add", "Gather", "GreaterOrEqual", "Where"];
    let last = ["Gather", "Gather", "Gather", "Cast", "Cast", "Sub", "Mul", "Add", "Cast"];
    let linear = ["Cast", "Sub", "Div", "Equal", "Where", "Cast"];
    // Six numbers have as many quantiles, and with the bends between them fewer than 256 knots.
    let quantile = [&["Max", "Min"][..], &search.repeat(8), &last].concat();
    for (scaling, expected) in [
        ("standard", [&["Max", "Min", "IsInf", "Where"][..], &linear].concat()),
        ("min-max", [&["Max", "Min"][..], &linear].concat()),
        ("quantile", quantile),
    ] {
        let graph = graph(&model_of(&format!("scaling = {scaling:?}"), TABLE, "y", "hidden = [4]"));
        let place = |name: &str| graph.node.iter().position(|node| node.name == name).unwrap();
        let nodes = &graph.node[place("inputs.raw") + 1..=place("inputs")];
        assert_eq!(nodes.iter().map(|node| node.op_type.as_str()).collect::<Vec<_>>(), expected, "{scaling}");
    }
}

#[test]
fn each_layer_has_its_operators() {
    let end = ["Gemm", "Softmax", "ArgMax", "LabelEncoder"];
    for (activation, expected) in [
        ("\"identity\"", &[][..]),
        ("\"relu\"", &["Relu"]),
        ("\"sigmoid\"", &["Sigmoid"]),
        ("\"tanh\"", &["Tanh"]),
        ("{ leaky-relu = 0.3 }", &["LeakyRelu"]),
        ("{ elu = 0.4 }", &["Elu"]),
        ("\"selu\"", &["Selu"]),
        ("\"gelu\"", &["Mul", "Erf", "Add", "Mul", "Mul"]),
        ("\"silu\"", &["Sigmoid", "Mul"]),
        ("\"mish\"", &["Softplus", "Tanh", "Mul"]),
    ] {
        let found = operators(&format!("hidden = [4]\nactivation = {activation}"));
        assert_eq!(found, [&["Gemm"][..], expected, &end].concat(), "{activation}");
    }
    let found = operators("hidden = [4]\nbatch_norm = true\ndropout = 0.5");
    assert_eq!(found, [&["Gemm", "BatchNormalization", "Relu"][..], &end].concat());
    let found = operators("hidden = [4]\ndropout = { input = 0.2, hidden = 0.5 }\nconvention = \"textbook\"");
    assert_eq!(found, [&["Mul", "Gemm", "Relu", "Mul"][..], &end].concat());
    let found = operators("hidden = [4]\ninput_scale = true\nparametrization = \"ntk\"");
    assert_eq!(found, [&["Mul", "Gemm", "Relu"][..], &end].concat());
    assert_eq!(operators("hidden = []\nbias = false"), ["MatMul", "Softmax", "ArgMax", "LabelEncoder"]);
    let found = operators("hidden = [4]\nmembers = 3");
    let shared = ["Unsqueeze", "Mul", "MatMul", "Mul", "Add", "Relu"];
    let own = [
        "Transpose",
        "MatMul",
        "Unsqueeze",
        "Add",
        "Softmax",
        "ReduceMean",
        "Log",
        "Softmax",
        "ArgMax",
        "LabelEncoder",
    ];
    assert_eq!(found, [&shared[..], &own].concat());
}

#[test]
fn weights_are_those_of_the_network() {
    let model = model(TABLE, "y", "hidden = [4]\nbatch_norm = true");
    let graph = graph(&model);
    let [network] = &model.networks[..] else { panic!("one network") };
    for parameter in network.parameters() {
        let tensor = graph.initializer.iter().find(|one| one.name == parameter.name).unwrap();
        let bytes: Vec<u8> = network.values(parameter).iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(tensor.raw_data.as_deref(), Some(bytes.as_slice()), "{}", parameter.name);
        assert_eq!(tensor.dims, parameter.shape.iter().map(|&n| n as i64).collect::<Vec<_>>(), "{}", parameter.name);
    }
}

#[test]
fn what_cannot_be_exported() {
    assert!(check_size(MOST_BYTES).is_ok());
    assert!(matches!(check_size(MOST_BYTES + 1), Err(ModelError::TooLarge { .. })));
    // A recipe of other layers than the network has.
    let layers = ["hidden = [4]", "hidden = [4]\nbatch_norm = true", "hidden = [4]\nmembers = 2"];
    for [own, said] in [[0, 1], [1, 0], [0, 2], [2, 0]].map(|pair| pair.map(|i| layers[i])) {
        let mut model = model(TABLE, "y", own);
        model.recipe = model.recipe.replace(own, said);
        let error = model.to_onnx().expect_err("layers that the network has not");
        assert!(matches!(error, ModelError::Unfit { .. }), "{error}");
    }
}
