//! temporary
pub struct Tensor { pub name: String, pub shape: Vec<usize>, pub values: Vec<f32> }
pub fn save(_p: &std::path::Path, _t: &[Tensor], _m: &std::collections::BTreeMap<String,String>) -> Result<(), std::io::Error> { Ok(()) }
