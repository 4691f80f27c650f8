//! Weights in files: named row-major tensors as safetensors.
//!
//! # Layout
//! 8 bytes: length n of the header, little-endian. n bytes: the header, a JSON object padded with
//! spaces to a multiple of 8, that gives each name its `dtype`, `shape` and `data_offsets` (first
//! byte and end, counted from the end of the header), and under `__metadata__` texts by name. Then
//! the values, little-endian, without gaps. Source: the format's description at
//! <https://github.com/huggingface/safetensors>.
//!
//! The header is written here and not by the `safetensors` crate, which puts the metadata into a
//! hash map: its files have other bytes at every run. Reading and all its checks are the crate's.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use goodfit_nn::{Network, Parameter};
use safetensors::{Dtype, SafeTensors};
use serde_json::json;

use crate::files::{FileError, brief, read_whole, write_whole};

/// A named array of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its name, unique in a file.
    pub name: String,
    /// Its extent in each dimension, outermost first; empty = a single number.
    pub shape: Vec<usize>,
    /// Its values, the last dimension running fastest (row-major).
    pub values: Vec<f32>,
}

/// What a file of weights holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// In the order of the file.
    pub tensors: Vec<Tensor>,
    /// Texts by name, for instance the recipe.
    pub metadata: BTreeMap<String, String>,
}

/// Weights that could not be saved or loaded.
#[derive(Debug, thiserror::Error)]
pub enum WeightsError {
    /// The file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A tensor does not have as many values as its shape says.
    #[error("tensor {name}: its shape {shape:?} does not hold {got} values")]
    Shape {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// How many values it has.
        got: usize,
    },
    /// Two tensors have one name, or one has the name of the metadata.
    #[error("tensor {name}: the name is taken")]
    Name {
        /// The name.
        name: String,
    },
    /// The file is not in the safetensors format, or only a part of it is there.
    #[error("{}: not a complete safetensors file: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A tensor has another type of number.
    #[error("{}: tensor {name} has the type {got}, expected F32", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its type.
        got: String,
    },
}

impl Weights {
    /// Copies every parameter of a network, running statistics included, under its name.
    pub fn of(network: &Network<f32>) -> Self {
        let tensor = |parameter: &Parameter| Tensor {
            name: parameter.name.clone(),
            shape: parameter.shape.clone(),
            values: network.values(parameter).to_vec(),
        };
        Self { tensors: network.parameters().iter().map(tensor).collect(), metadata: BTreeMap::new() }
    }

    /// Copies the tensors into the parameters of a network that have their names.
    ///
    /// # Errors
    /// When the network lacks one, or it has another number of values there.
    pub fn put_into(&self, network: &mut Network<f32>) -> Result<(), goodfit_nn::Error> {
        self.tensors.iter().try_for_each(|tensor| network.set(&tensor.name, &tensor.values))
    }

    /// Those of one network, or of several: then `network1.` stands before the names of the first one, and so on.
    pub fn of_all(networks: &[Network<f32>]) -> Self {
        if let [network] = networks {
            return Self::of(network);
        }
        let named = (1..).zip(networks).flat_map(|(number, network)| {
            Self::of(network)
                .tensors
                .into_iter()
                .map(move |tensor| Tensor { name: format!("network{number}.{}", tensor.name), ..tensor })
        });
        Self { tensors: named.collect(), metadata: BTreeMap::new() }
    }

    /// Copies the tensors of [`Weights::of_all`] into so many networks.
    ///
    /// # Errors
    /// As [`Weights::put_into`].
    pub fn put_into_all(&self, networks: &mut [Network<f32>]) -> Result<(), goodfit_nn::Error> {
        if let [network] = networks {
            return self.put_into(network);
        }
        self.tensors.iter().try_for_each(|tensor| {
            let of = |(number, network)| Some((tensor.name.strip_prefix(&format!("network{number}."))?, network));
            match (1..).zip(&mut *networks).find_map(of) {
                Some((name, network)) => network.set(name, &tensor.values),
                None => Err(goodfit_nn::Error::UnknownParameter { name: tensor.name.clone() }),
            }
        })
    }

    /// Writes a file, or leaves what was there. The same weights give the same bytes.
    ///
    /// # Errors
    /// When a name stands twice, a shape does not fit its values, or the file cannot be written.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("weights.safetensors");
    /// use goodfit::weights::{Tensor, Weights};
    /// let bias = Tensor { name: "0.bias".into(), shape: vec![2], values: vec![0.5, -1.0] };
    /// let weights = Weights { tensors: vec![bias], ..Weights::default() };
    /// weights.save(&path)?;
    /// assert_eq!(Weights::load(&path)?, weights);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn save(&self, path: &Path) -> Result<(), WeightsError> {
        let header = self.header()?;
        Ok(write_whole(path, |writer| self.write(writer, &header))?)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is not a complete safetensors file, or holds numbers of another type.
    pub fn load(path: &Path) -> Result<Self, WeightsError> {
        parse(path, &read_whole(path)?)
    }

    /// The header, padded.
    fn header(&self) -> Result<Vec<u8>, WeightsError> {
        let mut entries = BTreeMap::from([(METADATA, json!(self.metadata))]);
        let mut start = 0;
        for Tensor { name, shape, values } in &self.tensors {
            let n = shape.iter().try_fold(1_usize, |n, &extent| n.checked_mul(extent));
            if n != Some(values.len()) {
                return Err(WeightsError::Shape { name: name.clone(), shape: shape.clone(), got: values.len() });
            }
            let end = start + 4 * values.len();
            let entry = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]});
            if entries.insert(name, entry).is_some() {
                return Err(WeightsError::Name { name: name.clone() });
            }
            start = end;
        }
        let mut header = json!(entries).to_string().into_bytes();
        header.resize(header.len().next_multiple_of(8), b' ');
        Ok(header)
    }

    fn write(&self, writer: &mut dyn Write, header: &[u8]) -> io::Result<()> {
        writer.write_all(&(header.len() as u64).to_le_bytes())?;
        writer.write_all(header)?;
        let mut values = self.tensors.iter().flat_map(|tensor| &tensor.values);
        values.try_for_each(|x| writer.write_all(&x.to_le_bytes()))
    }
}

/// The name in the header under which the texts stand.
const METADATA: &str = "__metadata__";

fn parse(path: &Path, bytes: &[u8]) -> Result<Weights, WeightsError> {
    let malformed =
        |error: safetensors::SafeTensorError| WeightsError::Malformed { path: path.to_owned(), reason: brief(&error) };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(malformed)?;
    let file = SafeTensors::deserialize(bytes).map_err(malformed)?;

    let mut views: Vec<_> = file.iter().collect();
    // The crate lists them by hash.
    views.sort_by_key(|(name, view)| (view.data().as_ptr(), view.data().len(), *name));
    let mut tensors = Vec::with_capacity(views.len());
    for (name, view) in views {
        if view.dtype() != Dtype::F32 {
            let (path, name, got) = (path.to_owned(), brief(&name), view.dtype().to_string());
            return Err(WeightsError::Type { path, name, got });
        }
        let (numbers, _) = view.data().as_chunks();
        let values = numbers.iter().map(|&number| f32::from_le_bytes(number)).collect();
        tensors.push(Tensor { name: name.to_owned(), shape: view.shape().to_vec(), values });
    }
    let metadata = header.metadata().iter().flatten().map(|(name, text)| (name.clone(), text.clone())).collect();
    Ok(Weights { tensors, metadata })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::files::SmallDisk;

    fn tensor(name: &str, shape: &[usize], values: &[f32]) -> Tensor {
        Tensor { name: name.to_owned(), shape: shape.to_vec(), values: values.to_vec() }
    }

    fn sample() -> Weights {
        let texts = [("recipe", "[network]\n"), ("goodfit", "0.1.0"), ("c", ""), ("d", "\u{e9}")];
        Weights {
            tensors: vec![
                tensor("1.weight", &[2, 3], &[1.0, -2.0, 0.5, f32::MIN_POSITIVE, -0.0, 3e38]),
                tensor("0.bias", &[1], &[7.0]),
                tensor("scalar", &[], &[0.1]),
                tensor("empty", &[0, 4], &[]),
            ],
            metadata: texts.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
        }
    }

    fn bytes(weights: &Weights) -> Vec<u8> {
        let mut bytes = Vec::new();
        weights.write(&mut bytes, &weights.header().expect("a header")).expect("written");
        bytes
    }

    fn load(bytes: &[u8]) -> Result<Weights, WeightsError> {
        parse(Path::new("w.safetensors"), bytes)
    }

    #[test]
    fn layout_by_hand() {
        let weights = Weights {
            tensors: vec![tensor("b", &[2], &[1.0, -2.0]), tensor("a", &[1, 1], &[0.5])],
            metadata: [("k".to_owned(), "v".to_owned())].into(),
        };
        let header = br#"{"__metadata__":{"k":"v"},"a":{"data_offsets":[8,12],"dtype":"F32","shape":[1,1]},"b":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}} "#;
        let mut expected = vec![136, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(header.len(), 136);
        expected.extend(header);
        expected.extend([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0x3f]);
        assert_eq!(bytes(&weights), expected);
        assert_eq!(load(&expected).expect("weights"), weights);
    }

    #[test]
    fn saved_and_loaded_with_the_same_bytes_each_time() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("w.safetensors");
        for weights in [sample(), Weights::default()] {
            weights.save(&path).expect("saved");
            assert_eq!(Weights::load(&path).expect("weights"), weights);
            assert_eq!(read_whole(&path).expect("read"), bytes(&weights));
            assert_eq!(bytes(&Weights::load(&path).expect("weights")), bytes(&weights));
        }
    }

    #[test]
    fn a_full_disk_leaves_the_old_file() {
        let temp = tempfile::tempdir().expect("a folder");
        let path = temp.path().join("w.safetensors");
        sample().save(&path).expect("saved");
        let header = sample().header().expect("a header");
        for room in [0, 5, 100, bytes(&sample()).len() - 1] {
            write_whole(&path, |writer| sample().write(&mut SmallDisk { writer, room }, &header)).expect_err("full");
        }
        assert_eq!(Weights::load(&path).expect("weights"), sample());
    }

    #[track_caller]
    fn check_error<T: std::fmt::Debug>(outcome: Result<T, WeightsError>, expected: &str) {
        assert_eq!(outcome.expect_err(expected).to_string(), expected);
    }

    #[test]
    fn what_cannot_be_saved() {
        let of = |tensors: &[Tensor]| Weights { tensors: tensors.to_vec(), ..Weights::default() };
        let (two, three) = (tensor("a", &[2], &[0.0; 2]), tensor("a", &[2], &[0.0; 3]));
        check_error(of(&[three]).header(), "tensor a: its shape [2] does not hold 3 values");
        check_error(of(&[two.clone(), two]).header(), "tensor a: the name is taken");
        check_error(of(&[tensor(METADATA, &[], &[0.0])]).header(), "tensor __metadata__: the name is taken");
        let huge = tensor("a", &[usize::MAX, 3], &[]);
        assert!(of(&[huge]).header().is_err());
    }

    #[test]
    fn what_cannot_be_loaded() {
        let with_header = |header: &str, n_values: usize| {
            let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
            bytes.extend(header.as_bytes());
            bytes.extend(vec![0; n_values]);
            load(&bytes)
        };
        check_error(
            with_header(r#"{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}"#, 8),
            "w.safetensors: tensor a has the type F64, expected F32",
        );
        let start = "w.safetensors: not a complete safetensors file: ";
        check_error(
            with_header(r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8),
            &format!("{start}invalid shape, data type, or offset for tensor"),
        );
        // A header that lies about its length or about the data takes no memory for them.
        check_error(load(&[0xff; 16]), &format!("{start}header too large"));
        check_error(load(&[0, 0, 0, 5, 0, 0, 0, 0]), &format!("{start}invalid header length"));
        let shape = format!(r#"{{"a":{{"dtype":"F32","shape":[{0},{0}],"data_offsets":[0,8]}}}}"#, u64::MAX);
        check_error(
            with_header(&shape, 8),
            &format!("{start}overflow computing buffer size from shape and/or element type"),
        );
        let missing = Weights::load(Path::new("no/such/file"));
        check_error(missing, "cannot read no/such/file: there is no such file");
    }

    #[test]
    fn every_truncated_file_is_an_error() {
        let whole = bytes(&sample());
        for n in 0..whole.len() {
            assert!(matches!(load(&whole[..n]), Err(WeightsError::Malformed { .. })), "{n} bytes");
        }
        assert!(load(&[&whole[..], &[0]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(values in prop::collection::vec(any::<u32>().prop_map(f32::from_bits), 0..50)) {
            let weights = Weights { tensors: vec![tensor("x", &[values.len()], &values)], ..Weights::default() };
            let back = load(&bytes(&weights)).expect("weights");
            let bits = |values: &[f32]| values.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&back.tensors[0].values), bits(&values));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = load(&bytes);
        }

        #[test]
        fn a_damaged_file_never_panics(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut damaged = bytes(&sample());
            let place = place.index(damaged.len());
            damaged[place] = byte;
            if let Ok(weights) = load(&damaged) {
                prop_assert!(weights.header().is_ok());
            }
        }
    }
}
