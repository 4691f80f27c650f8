//! `curves.csv`: every recorded point as a row.

use std::io::{self, Write};

use super::Results;

/// Writes all curves as a tidy table with the columns arm, seed, curve, step and value. A value
/// that is not finite is an empty field. The arms of a part stand as `part: arm`.
pub(super) fn write_curves(writer: &mut dyn Write, results: &Results) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(writer);
    table.write_record(["arm", "seed", "curve", "step", "value"]).map_err(io_error)?;
    write_rows(&mut table, "", results).map_err(io_error)?;
    table.flush()
}

fn write_rows<W: Write>(table: &mut csv::Writer<W>, part: &str, results: &Results) -> csv::Result<()> {
    for arm in &results.arms {
        let name = format!("{part}{}", arm.name);
        for run in &arm.runs {
            for (curve_name, curve) in &run.curves {
                for (&step, &value) in curve.step.iter().zip(&curve.value) {
                    let value = value.is_finite().then_some(value);
                    table.serialize((&name, run.seed, curve_name, step, value))?;
                }
            }
        }
    }
    results.parts.iter().try_for_each(|inner| write_rows(table, &format!("{part}{}: ", inner.experiment), inner))
}

/// The error of the disk that is inside, with its kind.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn tidy_and_quoted() {
        let mut results = sample::results();
        results.parts = vec![sample::results()];
        results.parts[0].experiment = "inner".into();
        results.parts[0].arms.truncate(1);
        results.parts[0].arms[0].runs.truncate(1);
        let mut bytes = Vec::new();
        write_curves(&mut bytes, &results).expect("written");
        let text = String::from_utf8(bytes).expect("text");
        let expected = "\
arm,seed,curve,step,value
\"init std 0.01, batch norm on\",0,train_accuracy,0,0.1
\"init std 0.01, batch norm on\",0,train_accuracy,10,0.30000000000000004
\"init std 0.01, batch norm on\",0,train_loss,0,2.5
\"init std 0.01, batch norm on\",0,train_loss,1,
\"init std 0.01, batch norm on\",1,train_accuracy,0,1e-7
\"the \"\"he\"\" arm\",0,train_accuracy,0,1.0
\"inner: init std 0.01, batch norm on\",0,train_accuracy,0,0.1
\"inner: init std 0.01, batch norm on\",0,train_accuracy,10,0.30000000000000004
\"inner: init std 0.01, batch norm on\",0,train_loss,0,2.5
\"inner: init std 0.01, batch norm on\",0,train_loss,1,
";
        assert_eq!(text, expected);
    }
}
