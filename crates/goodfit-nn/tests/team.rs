//! A training by several threads is the training by one, to the byte.

mod plain;

use goodfit_nn::kernels::Team;
use goodfit_nn::*;
use plain::{Chain, Setting, distance};

const N: usize = 300;
const COLUMNS: usize = 500;

/// Rows of which about `share` of the values is not zero, and classes.
fn data(share: f64) -> (Inputs<f32>, Vec<u32>) {
    let mut stream = Stream::new(5, Purpose::Data, 0);
    let values =
        (0..N * COLUMNS).map(|_| if stream.uniform() < share { stream.normal() as f32 } else { 0.0 }).collect();
    let classes = (0..N).map(|i| (i % 10) as u32).collect();
    (Inputs::new(Matrix::from_rows(N, COLUMNS, values)), classes)
}

fn embedding(form: Option<NumericEmbedding>) -> Option<LayerSpec> {
    let numeric = NumericColumns { inputs: (0..COLUMNS).step_by(9).collect(), form: form?, learning_rate: 0.5 };
    let levels = vec![LevelColumn { input: 1, levels: 3, size: 8 }];
    Some(LayerSpec::Embedding(Embedding { numeric: Some(numeric), levels }))
}

fn network(front: Option<NumericEmbedding>) -> NetworkSpec {
    let affine = |units| LayerSpec::Affine(Affine { max_norm: Some(3.0), ..Affine::new(units, Init::He) });
    let dropout = |ratio| LayerSpec::Dropout(Dropout { ratio, form: DropoutForm::Inverted });
    NetworkSpec {
        inputs: COLUMNS,
        layers: embedding(front)
            .into_iter()
            .chain([
                affine(450),
                LayerSpec::BatchNorm(BatchNorm::new(Convention::Field)),
                LayerSpec::Activation(Activation::Relu),
                dropout(0.2),
                affine(200),
                LayerSpec::Activation(Activation::Gelu),
                dropout(0.1),
                affine(10),
            ])
            .collect(),
    }
}

/// An ensemble with more members than a team may have threads.
fn members(front: Option<NumericEmbedding>) -> NetworkSpec {
    let affine = |units| LayerSpec::Affine(Affine::new(units, Init::He));
    let dropout = LayerSpec::Dropout(Dropout { ratio: 0.2, form: DropoutForm::Inverted });
    let relu = || LayerSpec::Activation(Activation::Relu);
    let ensemble = LayerSpec::Ensemble(Ensemble { members: 70, average: Average::Probabilities });
    let behind = [ensemble, affine(48), relu(), dropout, affine(40), relu(), affine(10)];
    NetworkSpec { inputs: COLUMNS, layers: embedding(front).into_iter().chain(behind).collect() }
}

/// The bits of all parameters, of each step's loss and of the scores.
fn trained(
    spec: &NetworkSpec,
    max_batch: usize,
    optimizer: Optimizer,
    share: f64,
    clip_norm: Option<f64>,
    n_threads: usize,
) -> Vec<u64> {
    let (inputs, classes) = data(share);
    let training = TrainingSpec { optimizer, clip_norm, max_batch, n_steps: 6, ..TrainingSpec::default() };
    let mut trainer = Trainer::<f32>::new(spec, training, 3).unwrap();
    if n_threads > 0 {
        trainer.join(&Team::new(n_threads));
    }
    let mut batches = Batches::new(N, max_batch, BatchOrder::Replacement, 3);
    let mut bits = Vec::new();
    for _ in 0..6 {
        let batch = Batch {
            inputs: &inputs,
            targets: Targets::Classes(&classes),
            rows: batches.next_rows(),
            row_weights: None,
        };
        bits.push(trainer.step(&batch).to_bits());
    }
    bits.push(trainer.score(&inputs, Targets::Classes(&classes)).loss.to_bits());
    for parameter in trainer.parameters().to_vec() {
        bits.extend(trainer.values(&parameter).iter().map(|value| u64::from(value.to_bits())));
    }
    bits
}

#[test]
fn every_number_of_threads_gives_the_same_bytes() {
    let optimizers = [
        Optimizer::Sgd,
        Optimizer::MOMENTUM,
        Optimizer::nesterov(Convention::Field),
        Optimizer::adagrad(Convention::Field),
        Optimizer::rmsprop(Convention::Field),
        Optimizer::adam(Convention::Field),
    ];
    let forms = [
        None,
        Some(NumericEmbedding::PiecewiseLinear { bins: 20, size: 6 }),
        Some(NumericEmbedding::Periodic { frequencies: 8, size: 6, std: 0.5 }),
        Some(NumericEmbedding::PeriodicWithPhases { frequencies: 16, size: 4, std: 0.1 }),
        None,
        None,
    ];
    for (i, (optimizer, form)) in optimizers.into_iter().zip(forms).enumerate() {
        let spec = network(form);
        // Sparse and dense inputs, with and without clipping.
        let share = [0.2, 1.0][i % 2];
        let clip_norm = [None, Some(0.5)][i / 2 % 2];
        let alone = trained(&spec, 256, optimizer, share, clip_norm, 0);
        for n_threads in [1, 2, 3, 5] {
            assert!(
                alone == trained(&spec, 256, optimizer, share, clip_norm, n_threads),
                "{optimizer:?}, {n_threads} threads"
            );
        }
    }
}

#[test]
fn members_share_the_threads() {
    let adam = Optimizer::adam(Convention::Field);
    let bins = NumericEmbedding::PiecewiseLinear { bins: 20, size: 3 };
    for (front, optimizer, clip_norm) in
        [(None, Optimizer::Sgd, None), (None, adam, Some(0.5)), (Some(bins), adam, None)]
    {
        let of = |n_threads| trained(&members(front), 24, optimizer, 1.0, clip_norm, n_threads);
        let alone = of(0);
        for n_threads in [1, 2, 3, 5] {
            assert!(alone == of(n_threads), "{front:?}, {optimizer:?}, {n_threads} threads");
        }
    }
}

/// A table that is large enough to be shared, with levels that no row has and values that are no level, against the plain
/// layers.
#[test]
fn levels_share_the_threads() {
    let column = LevelColumn { input: 1, levels: 12_000, size: 8 };
    let level = |row: usize| if row.is_multiple_of(9) { -1.0 } else { (row * row * 641 % 12_500) as f32 };
    let values = (0..N).flat_map(|row| [row as f32 / N as f32, level(row)]).collect();
    let x = Matrix::from_rows(N, 2, values);
    let spec = NetworkSpec {
        inputs: 2,
        layers: vec![
            LayerSpec::Embedding(Embedding { numeric: None, levels: vec![column] }),
            LayerSpec::Affine(Affine::new(4, Init::He)),
        ],
    };
    let classes: Vec<u32> = (0..N).map(|row| (row % 4) as u32).collect();
    let targets = Targets::Classes(&classes);
    let rows: Vec<u32> = (0..N as u32).collect();
    let inputs = Inputs::Dense(x.clone());
    let training = TrainingSpec { max_batch: N, ..TrainingSpec::default() };
    let gradient = |n_threads| {
        let mut trainer = Trainer::<f32>::new(&spec, training, 3).unwrap();
        if n_threads > 0 {
            trainer.join(&Team::new(n_threads));
        }
        trainer.differentiate(&Batch { inputs: &inputs, targets, rows: &rows, row_weights: None });
        plain::gradients(&trainer)
    };
    let alone = gradient(0);
    let mut chain = Chain::new(&spec, &Network::new(&spec, 3).unwrap(), 3);
    let setting = Setting { loss: training.loss, targets, row_weights: None, step: 0, ratio_factor: 1.0 };
    let off = distance(&alone, &chain.pass(&x, &setting).gradients).unwrap();
    assert!(off < 1e-6, "{off}");
    for n_threads in [1, 2, 3, 5] {
        assert!(gradient(n_threads) == alone, "{n_threads} threads");
    }
}
