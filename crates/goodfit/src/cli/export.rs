//! `goodfit export`: a model for other programs.

use super::args::Export;
use super::predict::model_failure;
use super::{Failure, Outcome, print};
use crate::files::write_whole;
use crate::model::Model;

/// Writes the model as an ONNX file and prints its path.
pub(super) fn export(args: &Export) -> Outcome {
    let path = &args.onnx;
    if path.extension().is_none_or(|extension| extension != "onnx") {
        let what = format!("--onnx {}: the name of an ONNX file ends in .onnx", path.display());
        return Err(Failure::new(what, Some(format!("--onnx {}", path.with_extension("onnx").display()))));
    }
    let model = Model::load(&args.model).map_err(model_failure)?;
    let bytes = model.to_onnx().map_err(model_failure)?;
    write_whole(path, |to| to.write_all(&bytes))
        .map_err(|error| Failure::new(error, Some("write it to where you may, by --onnx FILE")))?;
    print(&format!("{}\n", path.display()))?;
    Ok(0)
}
