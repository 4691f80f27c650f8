//! The blocks of a trainer against the plain chain of the same layers, over random lists of layers.

mod plain;

use goodfit_nn::{
    Activation, Affine, Average, Batch, BatchNorm, Convention, Dropout, DropoutForm, Embedding, Ensemble, Float, Init,
    Inputs, LayerSpec, LevelColumn, Loss, Matrix, NetworkSpec, NumericColumns, NumericEmbedding, Schedule, Targets,
    Trainer, TrainingSpec,
};
use plain::{Chain, Setting, distance, draw, draw_classes, draw_sparse, items_of, rows_of, shaken, sparse};
use proptest::collection::vec;
use proptest::prelude::*;

const ACTIVATIONS: [Activation; 10] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::LeakyRelu { slope: 0.1 },
    Activation::Elu { alpha: 0.8 },
    Activation::Selu,
    Activation::Gelu,
    Activation::Silu,
    Activation::Mish,
];

const DROPOUT_SCHEDULES: [Schedule; 3] =
    [Schedule::Constant, Schedule::Cosine { floor: 0.2 }, Schedule::Step { every: 1, factor: 0.5 }];

fn affine() -> impl Strategy<Value = LayerSpec> {
    (1_usize..=20, any::<bool>(), any::<bool>()).prop_map(|(outputs, bias, input_scale)| {
        LayerSpec::Affine(Affine { bias, input_scale, ..Affine::new(outputs, Init::He) })
    })
}

/// With an epsilon that keeps a column of equal values, of which random lists have many, from being
/// magnified a hundredfold by one batch norm after the other, rounding included.
fn norm() -> impl Strategy<Value = LayerSpec> {
    prop_oneof![Just(Convention::Field), Just(Convention::Textbook)]
        .prop_map(|convention| LayerSpec::BatchNorm(BatchNorm { epsilon: 0.1, ..BatchNorm::new(convention) }))
}

fn activation() -> impl Strategy<Value = LayerSpec> {
    (0..ACTIVATIONS.len()).prop_map(|i| LayerSpec::Activation(ACTIVATIONS[i]))
}

fn dropout() -> impl Strategy<Value = LayerSpec> {
    (0.0..0.8, prop_oneof![Just(DropoutForm::Inverted), Just(DropoutForm::Textbook)])
        .prop_map(|(ratio, form)| LayerSpec::Dropout(Dropout { ratio, form }))
}

/// Blocks as they usually are, each part there or not, dropout of the inputs in front.
fn usual() -> impl Strategy<Value = Vec<LayerSpec>> {
    let part = |layer: BoxedStrategy<LayerSpec>| vec(layer, 0..=1);
    let block = (affine(), part(norm().boxed()), part(activation().boxed()), part(dropout().boxed()));
    (part(dropout().boxed()), vec(block, 0..=3)).prop_map(|(front, blocks)| {
        let blocks = blocks.into_iter().flat_map(|(affine, norm, activation, dropout)| {
            std::iter::once(affine).chain(norm).chain(activation).chain(dropout)
        });
        front.into_iter().chain(blocks).collect()
    })
}

/// Embeddings of D inputs: each passes, is a number or holds a level, as drawn.
fn embedding(inputs: usize) -> impl Strategy<Value = Vec<LayerSpec>> {
    let form = (0..3, 1_usize..=9, 2_usize..=7).prop_map(|(form, encoded, size)| match form {
        0 => NumericEmbedding::PiecewiseLinear { bins: encoded, size },
        1 => NumericEmbedding::Periodic { frequencies: encoded, size, std: 0.5 },
        _ => NumericEmbedding::PeriodicWithPhases { frequencies: encoded, size, std: 0.5 },
    });
    let levels = (0..3, 1_usize..=4, 1_usize..=5);
    (form, vec(levels, inputs), 0.0..2.0).prop_map(|(form, kinds, learning_rate)| {
        let of = |kind| (0..kinds.len()).filter(|&i| kinds[i].0 == kind).collect::<Vec<usize>>();
        let numeric = of(1);
        let numeric = (!numeric.is_empty()).then_some(NumericColumns { inputs: numeric, form, learning_rate });
        let column = |input: usize| LevelColumn { input, levels: kinds[input].1, size: kinds[input].2 };
        vec![LayerSpec::Embedding(Embedding { numeric, levels: of(2).into_iter().map(column).collect() })]
    })
}

/// Any layers in any order, none included.
fn any_order() -> impl Strategy<Value = Vec<LayerSpec>> {
    vec(prop_oneof![affine(), norm(), activation(), dropout()], 0..=7)
}

/// The same in single precision, with more rows, bins and frequencies.
#[test]
fn embeddings_in_single_precision() {
    let std = 0.3;
    for form in [
        NumericEmbedding::PiecewiseLinear { bins: 48, size: 16 },
        NumericEmbedding::Periodic { frequencies: 24, size: 24, std },
        NumericEmbedding::PeriodicWithPhases { frequencies: 16, size: 4, std },
    ] {
        let columns = NumericColumns { inputs: (5..45).collect(), form, learning_rate: 0.1 };
        let levels = vec![LevelColumn { input: 2, levels: 3, size: 8 }];
        let layers = vec![
            LayerSpec::Embedding(Embedding { numeric: Some(columns), levels }),
            LayerSpec::Affine(Affine { input_scale: true, ..Affine::new(17, Init::He) }),
            LayerSpec::Activation(Activation::Selu),
            LayerSpec::Affine(Affine::new(10, Init::He)),
        ];
        let case = Case {
            spec: NetworkSpec { inputs: 50, layers },
            n_rows: 70,
            batch: 40,
            room: 64,
            zeros: 0.2,
            is_sparse: false,
            loss: Loss::CrossEntropy { label_smoothing: 0.0 },
            has_row_weights: true,
            dropout_schedule: Schedule::Constant,
            seed: 11,
        };
        check::<f32>(&case, 2e-4).unwrap_or_else(|error| panic!("{form:?}: {error}"));
    }
}

/// Layers of an ensemble: affine maps, activations and dropout in any order, an affine map among them.
fn members() -> impl Strategy<Value = Vec<LayerSpec>> {
    let own = (1_usize..=20, any::<bool>())
        .prop_map(|(outputs, bias)| LayerSpec::Affine(Affine { bias, ..Affine::new(outputs, Init::He) }));
    let average = prop_oneof![Just(Average::Probabilities), Just(Average::Values)];
    let ensemble = (1_usize..=5, average).prop_map(|(members, average)| Ensemble { members, average });
    let rest = || vec(prop_oneof![own.clone(), own.clone(), activation(), dropout()], 0..=5);
    (ensemble, rest(), own.clone(), rest()).prop_map(|(ensemble, before, affine, behind)| {
        std::iter::once(LayerSpec::Ensemble(ensemble)).chain(before).chain([affine]).chain(behind).collect()
    })
}

fn is_textbook_dropout(layer: &LayerSpec) -> bool {
    matches!(layer, LayerSpec::Dropout(Dropout { form: DropoutForm::Textbook, .. }))
}

#[derive(Clone, Debug)]
struct Case {
    spec: NetworkSpec,
    /// Rows of the data, of a batch, and the most a batch may have.
    n_rows: usize,
    batch: usize,
    room: usize,
    zeros: f64,
    is_sparse: bool,
    loss: Loss,
    has_row_weights: bool,
    dropout_schedule: Schedule,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let loss = prop_oneof![
        Just(Loss::CrossEntropy { label_smoothing: 0.0 }),
        Just(Loss::CrossEntropy { label_smoothing: 0.1 }),
        Just(Loss::MeanSquaredError)
    ];
    let network = (1_usize..=20).prop_flat_map(|inputs| {
        let front = prop_oneof![Just(Vec::new()), embedding(inputs)];
        let layers = (front, prop_oneof![usual(), any_order(), members()]);
        (Just(inputs), layers.prop_map(|(front, layers)| [front, layers].concat()))
    });
    let data = (2_usize..=12, 2_usize..=9, 0_usize..=3, 0.0..1.0, any::<bool>());
    (network, data, loss, any::<bool>(), 0..DROPOUT_SCHEDULES.len(), any::<u64>()).prop_map(
        |((inputs, layers), (n_rows, batch, spare, zeros, is_sparse), loss, has_row_weights, schedule, seed)| Case {
            // Dropout in the textbook's form takes no schedule.
            dropout_schedule: if layers.iter().any(is_textbook_dropout) {
                Schedule::Constant
            } else {
                DROPOUT_SCHEDULES[schedule]
            },
            spec: NetworkSpec { inputs, layers },
            n_rows,
            batch,
            room: batch + spare,
            zeros,
            is_sparse,
            loss,
            has_row_weights,
            seed,
        },
    )
}

/// Two steps: loss and gradients of each, all parameters after it, the evaluation at the end.
fn check<T: Float>(case: &Case, tolerance: f64) -> Result<(), TestCaseError> {
    let (spec, seed) = (&case.spec, case.seed);
    let x = draw_sparse::<T>(case.n_rows, spec.inputs, case.zeros, seed);
    let inputs = if case.is_sparse { sparse(&x) } else { Inputs::Dense(x.clone()) };
    let n_outputs = spec.outputs();
    let classes = draw_classes(case.n_rows, n_outputs, seed);
    let values = Matrix::from_rows(case.n_rows, n_outputs, draw::<T>(case.n_rows * n_outputs, seed));
    let weights: Vec<T> = (0..case.n_rows).map(|row| T::from_f64(0.25 + row as f64 / 4.0)).collect();
    let row_weights = case.has_row_weights.then_some(&weights[..]);
    let training = TrainingSpec {
        loss: case.loss,
        // So small that hardly any of the random networks diverges in two steps, which magnifies rounding.
        learning_rate: 0.002,
        // Weights between scales of their inputs and outputs make a polynomial of a high degree, which overflows soon.
        clip_norm: spec.layers.iter().any(|layer| matches!(layer, LayerSpec::Ensemble(_))).then_some(1.0),
        dropout_schedule: case.dropout_schedule,
        n_steps: 2,
        max_batch: case.room,
        ..Default::default()
    };
    let network = shaken::<T>(spec, seed);
    let mut chain = Chain::new(spec, &network, seed);
    let mut trainer = Trainer::from_network(network, training, seed).unwrap();
    let close = |got: f64, expected: f64| (got - expected).abs() <= tolerance * (1.0 + expected.abs());

    for step in 0..2_usize {
        // Rows in any order, some of them twice.
        let rows: Vec<u32> = (0..case.batch).map(|i| ((7 * i + 5 * step) % case.n_rows) as u32).collect();
        let (batch_classes, batch_values) = (items_of(&classes, &rows), rows_of(&values, &rows));
        let batch_weights = row_weights.map(|weights| items_of(weights, &rows));
        let (targets, batch_targets) = match case.loss {
            Loss::CrossEntropy { .. } => (Targets::Classes(&classes), Targets::Classes(&batch_classes)),
            Loss::MeanSquaredError => (Targets::Values(values.view()), Targets::Values(batch_values.view())),
        };
        let batch = Batch { inputs: &inputs, targets, rows: &rows, row_weights };
        let batch_x = rows_of(&x, &rows);

        let expected = chain.pass(
            &batch_x,
            &Setting {
                loss: case.loss,
                targets: batch_targets,
                row_weights: batch_weights.as_deref(),
                step,
                ratio_factor: case.dropout_schedule.factor(step, 2),
            },
        );
        let loss = trainer.differentiate(&batch);
        prop_assert!(close(loss, expected.loss), "loss {} instead of {}", loss, expected.loss);
        let error = distance(&plain::gradients(&trainer), &expected.gradients).map_err(TestCaseError::fail)?;
        prop_assert!(error <= tolerance, "gradients of step {} differ by {:e}", step, error);

        let expected = chain.step(&batch_x, (batch_targets, batch_weights.as_deref()), &training);
        let loss = trainer.step(&batch);
        prop_assert!(close(loss, expected), "loss {} instead of {}", loss, expected);
        let error = distance(&plain::parameters(&trainer), &chain.parameters).map_err(TestCaseError::fail)?;
        prop_assert!(error <= tolerance, "parameters after step {} differ by {:e}", step, error);
    }

    let outputs = chain.evaluate(&x);
    let targets = match case.loss {
        Loss::CrossEntropy { .. } => Targets::Classes(&classes),
        Loss::MeanSquaredError => Targets::Values(values.view()),
    };
    let expected = case.loss.value(outputs.data(), n_outputs, targets, None);
    let score = trainer.score(&inputs, targets);
    prop_assert!(close(score.loss, expected), "evaluation: {} instead of {}", score.loss, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..Default::default() })]

    #[test]
    fn in_double_precision(case in case()) {
        check::<f64>(&case, 1e-9)?;
    }
}

/// What the random lists may not hit: each of these has a path of its own.
#[test]
fn corners() {
    let affine = |outputs| LayerSpec::Affine(Affine::new(outputs, Init::He));
    let norm = || LayerSpec::BatchNorm(BatchNorm::new(Convention::Textbook));
    let relu = || LayerSpec::Activation(Activation::Relu);
    let gelu = || LayerSpec::Activation(Activation::Gelu);
    let drop = || LayerSpec::Dropout(Dropout { ratio: 0.3, form: DropoutForm::Textbook });
    let lists = [
        vec![],
        vec![drop()],
        vec![drop(), drop()],
        vec![gelu()],
        vec![norm()],
        vec![drop(), norm()],
        vec![norm(), affine(3)],
        vec![affine(3)],
        vec![drop(), affine(3)],
        vec![affine(3), affine(4)],
        vec![affine(7), drop(), relu(), norm(), gelu(), affine(3), norm(), drop(), drop()],
    ];
    for layers in lists {
        for is_sparse in [false, true] {
            for (inputs, batch) in [(1, 1), (5, 1), (5, 4)] {
                let case = Case {
                    spec: NetworkSpec { inputs, layers: layers.clone() },
                    n_rows: 6,
                    batch,
                    room: batch + 1,
                    zeros: 0.7,
                    is_sparse,
                    loss: Loss::CrossEntropy { label_smoothing: 0.0 },
                    has_row_weights: false,
                    dropout_schedule: Schedule::Constant,
                    seed: 3,
                };
                check::<f64>(&case, 1e-9).unwrap_or_else(|error| panic!("{case:?}: {error}"));
                check::<f32>(&case, 1e-3).unwrap_or_else(|error| panic!("{case:?}: {error}"));
            }
        }
    }
}

/// The usual networks in single precision: batch norm of few rows would magnify the rounding.
#[test]
fn in_single_precision() {
    for (i, activation) in ACTIVATIONS.into_iter().enumerate() {
        for is_sparse in [false, true] {
            let layers = vec![
                LayerSpec::Affine(Affine::new(33, Init::He)),
                LayerSpec::BatchNorm(BatchNorm::new(Convention::Field)),
                LayerSpec::Activation(activation),
                LayerSpec::Dropout(Dropout { ratio: 0.2, form: DropoutForm::Inverted }),
                LayerSpec::Affine(Affine::new(17, Init::He)),
                LayerSpec::Activation(activation),
                LayerSpec::Affine(Affine::new(10, Init::He)),
            ];
            let case = Case {
                spec: NetworkSpec { inputs: 50, layers },
                n_rows: 70,
                batch: 40,
                room: 64,
                zeros: 0.8,
                is_sparse,
                loss: Loss::CrossEntropy { label_smoothing: 0.0 },
                has_row_weights: true,
                dropout_schedule: Schedule::Constant,
                seed: i as u64,
            };
            check::<f32>(&case, 2e-4).unwrap_or_else(|error| panic!("{}: {error}", activation.name()));
        }
    }
}
