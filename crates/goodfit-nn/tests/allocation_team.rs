//! Once a training has begun, the threads that share its steps allocate nothing either. Alone in its process, where every
//! thread counts.

mod counting;

use counting::allocations_of_all_threads;
use goodfit_nn::kernels::{Csr, Team};
use goodfit_nn::{
    Activation, Affine, Batch, BatchNorm, BatchOrder, Batches, Convention, Dropout, DropoutForm, Init, Inputs,
    LayerSpec, Matrix, NetworkSpec, Optimizer, Purpose, Stream, Targets, Trainer, TrainingSpec,
};

const ROWS: usize = 601;
const INPUTS: usize = 120;
const CLASSES: usize = 5;
const BATCH: usize = 256;

#[test]
fn nothing_of_steps_that_threads_share() {
    let mut stream = Stream::new(1, Purpose::Data, 0);
    let data = (0..ROWS * INPUTS).map(|_| if stream.uniform() < 0.5 { 0.0 } else { stream.normal() as f32 }).collect();
    let data = Matrix::from_rows(ROWS, INPUTS, data);
    let affine = |units| LayerSpec::Affine(Affine::new(units, Init::He));
    let hidden = || {
        [
            affine(300),
            LayerSpec::BatchNorm(BatchNorm::new(Convention::Field)),
            LayerSpec::Activation(Activation::Relu),
            LayerSpec::Dropout(Dropout { ratio: 0.3, form: DropoutForm::Inverted }),
        ]
    };
    let layers = hidden().into_iter().chain(hidden()).chain([affine(CLASSES)]).collect();
    let spec = NetworkSpec { inputs: INPUTS, layers };
    let classes: Vec<u32> = (0..ROWS).map(|row| (row % CLASSES) as u32).collect();
    let targets = Targets::Classes(&classes);
    let weights = [1.0; ROWS];
    let team = Team::new(2);
    let optimizers = [Optimizer::Sgd, Optimizer::MOMENTUM, Optimizer::adam(Convention::Field)];
    for inputs in [Inputs::Sparse(Csr::from_matrix(data.view())), Inputs::Dense(data)] {
        for optimizer in optimizers {
            let mut batches = Batches::new(ROWS, BATCH, BatchOrder::Shuffle, 1);
            let max_batch = batches.max_batch();
            let training = TrainingSpec { optimizer, n_steps: 40, max_batch, ..Default::default() };
            let mut trainer = Trainer::<f32>::new(&spec, training, 1).unwrap();
            trainer.join(&team);
            let mut train = |n_steps| {
                for _ in 0..n_steps {
                    let rows = batches.next_rows();
                    trainer.step(&Batch { inputs: &inputs, targets, rows, row_weights: Some(&weights) });
                }
                trainer.score(&inputs, targets);
            };
            // Some steps until every thread has had a part, and made what a thread makes once.
            train(5);
            let n = allocations_of_all_threads(|| train(20));
            assert_eq!(n, 0, "{optimizer:?}");
        }
    }
}
