//! Ensembles whose members share weights: how they start, that they part, and what they cannot have. That they compute what their
//! definition says is shown in `blocks_and_chain` and `trainer_gradients`.

mod plain;

use goodfit_nn::*;
use plain::{Chain, distance, draw, draw_classes, draw_sparse, shaken, sparse};

const MEMBERS: usize = 5;
const INPUTS: usize = 7;
const CLASSES: usize = 3;
const N: usize = 20;

fn ensemble(average: Average) -> LayerSpec {
    LayerSpec::Ensemble(Ensemble { members: MEMBERS, average })
}

fn spec(average: Average) -> NetworkSpec {
    let affine = |units| LayerSpec::Affine(Affine { bias_std: 1.0, ..Affine::new(units, Init::He) });
    let (relu, dropout) = (Activation::Relu, Dropout { ratio: 0.2, form: DropoutForm::Inverted });
    let layers = vec![
        ensemble(average),
        affine(16),
        LayerSpec::Activation(relu),
        LayerSpec::Dropout(dropout),
        affine(12),
        LayerSpec::Activation(relu),
        LayerSpec::Affine(Affine::new(CLASSES, Init::He)),
    ];
    NetworkSpec { inputs: INPUTS, layers }
}

fn of<'a>(network: &'a Network<f64>, name: &str) -> &'a [f64] {
    network.values(network.parameters().iter().find(|parameter| parameter.name == name).unwrap())
}

/// The outputs of each member alone: networks of one member with the values of the m-th one.
fn alone(network: &Network<f64>, m: usize, inputs: &Inputs<f64>) -> Vec<f64> {
    let mut spec = spec(Average::Values);
    spec.layers[0] = LayerSpec::Ensemble(Ensemble { members: 1, average: Average::Values });
    let mut one = Network::new(&spec, 0).unwrap();
    for parameter in one.parameters().to_vec() {
        let values = of(network, &parameter.name);
        let n = parameter.range.len();
        let own = if values.len() == n { values } else { &values[m * n..][..n] };
        one.set(&parameter.name, own).unwrap();
    }
    let mut outputs = Matrix::zeros(inputs.n_rows(), CLASSES);
    Workspace::new(&one).predict(outputs.view_mut(), &one, inputs);
    outputs.data().to_vec()
}

#[test]
fn members_start_with_signs_of_their_own_and_the_same_biases() {
    let network = Network::<f64>::new(&spec(Average::Values), 3).unwrap();
    let shapes: Vec<(&str, &[usize])> =
        network.parameters().iter().map(|parameter| (parameter.name.as_str(), parameter.shape.as_slice())).collect();
    let m = MEMBERS;
    let expected: [(&str, &[usize]); 10] = [
        ("affine1.weight", &[INPUTS, 16]),
        ("affine1.bias", &[m, 16]),
        ("affine1.scale_in", &[m, INPUTS]),
        ("affine1.scale_out", &[m, 16]),
        ("affine2.weight", &[16, 12]),
        ("affine2.bias", &[m, 12]),
        ("affine2.scale_in", &[m, 16]),
        ("affine2.scale_out", &[m, 12]),
        ("affine3.weight", &[m, 12, CLASSES]),
        ("affine3.bias", &[m, CLASSES]),
    ];
    assert_eq!(shapes, expected);
    assert_eq!(network.members(), m);
    // Weights, then biases, then signs, out of the stream of the layer.
    let mut stream = Stream::new(3, Purpose::Init, 0);
    let mut weights = vec![0.0; INPUTS * 16];
    Init::He.fill(&mut weights, INPUTS, 16, &mut stream);
    assert_eq!(of(&network, "affine1.weight"), weights);
    let bias: Vec<f64> = (0..16).map(|_| stream.normal()).collect();
    assert_eq!(of(&network, "affine1.bias"), bias.repeat(m));
    let signs: Vec<f64> = (0..m * INPUTS).map(|_| if stream.bits() >> 63 == 1 { 1.0 } else { -1.0 }).collect();
    assert_eq!(of(&network, "affine1.scale_in"), signs);
    assert!(signs.contains(&1.0) && signs.contains(&-1.0));
    for ones in ["affine1.scale_out", "affine2.scale_in", "affine2.scale_out"] {
        assert_eq!(of(&network, ones), vec![1.0; of(&network, ones).len()], "{ones}");
    }
    let heads = of(&network, "affine3.weight");
    let mut stream = Stream::new(3, Purpose::Init, 2);
    for own in heads.chunks(12 * CLASSES) {
        let mut expected = vec![0.0; own.len()];
        Init::He.fill(&mut expected, 12, CLASSES, &mut stream);
        assert_eq!(own, expected);
    }
}

/// One input passes, two are numbers of three values each, one has a level of two values; the inputs of the first layer in this order.
#[test]
fn behind_embeddings_an_input_starts_with_one_normal_scale_for_each_member() {
    let form = NumericEmbedding::PiecewiseLinear { bins: 4, size: 3 };
    let numeric = Some(NumericColumns { inputs: vec![0, 3], form, learning_rate: 1.0 });
    let levels = vec![LevelColumn { input: 1, levels: 4, size: 2 }];
    let front = LayerSpec::Embedding(Embedding { numeric, levels });
    let behind = spec(Average::Values).layers;
    let spec = NetworkSpec { inputs: 4, layers: std::iter::once(front).chain(behind).collect() };
    let network = Network::<f64>::new(&spec, 3).unwrap();
    let width = 1 + 2 * 3 + 2;
    let mut stream = Stream::new(3, Purpose::Init, 0);
    Init::He.fill(&mut vec![0.0; width * 16], width, 16, &mut stream);
    Init::Std(1.0).fill(&mut [0.0; 16], 1, 16, &mut stream);
    let mut expected = Vec::new();
    for _ in 0..MEMBERS {
        for size in [1, 3, 3, 2] {
            expected.extend(vec![stream.normal(); size]);
        }
    }
    assert_eq!(of(&network, "affine1.scale_in"), expected);
    assert_eq!(of(&network, "affine2.scale_in"), [1.0; MEMBERS * 16]);
}

#[test]
fn members_differ_after_ten_steps_and_are_averaged() {
    let inputs = Inputs::Dense(draw_sparse::<f64>(N, INPUTS, 0.0, 1));
    let classes = draw_classes(N, CLASSES, 1);
    let rows: Vec<u32> = (0..N as u32).collect();
    for average in [Average::Probabilities, Average::Values] {
        let training = TrainingSpec {
            optimizer: Optimizer::adam(Convention::Field),
            n_steps: 10,
            max_batch: N,
            ..TrainingSpec::default()
        };
        let mut trainer = Trainer::<f64>::new(&spec(average), training, 3).unwrap();
        for _ in 0..10 {
            trainer.step(&Batch {
                inputs: &inputs,
                targets: Targets::Classes(&classes),
                rows: &rows,
                row_weights: None,
            });
        }
        let network = trainer.network();
        let members: Vec<Vec<f64>> = (0..MEMBERS).map(|m| alone(&network, m, &inputs)).collect();
        for (i, a) in members.iter().enumerate() {
            for b in &members[i + 1..] {
                let apart = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(apart > 0.1, "two members are {apart} apart");
            }
        }
        for name in ["affine1.scale_out", "affine2.scale_in", "affine2.scale_out", "affine1.bias", "affine3.bias"] {
            let own: Vec<&[f64]> = of(&network, name).chunks(of(&network, name).len() / MEMBERS).collect();
            assert!(own.windows(2).all(|two| two[0] != two[1]), "{name}");
        }
        let mut outputs = Matrix::zeros(N, CLASSES);
        Workspace::new(&network).predict(outputs.view_mut(), &network, &inputs);
        let mut expected = [0.0; N * CLASSES];
        for mut own in members {
            if average == Average::Probabilities {
                losses::softmax(&mut own, CLASSES);
            }
            expected.iter_mut().zip(own).for_each(|(sum, y)| *sum += y / MEMBERS as f64);
        }
        for (&got, expected) in outputs.data().iter().zip(expected) {
            let got = if average == Average::Probabilities { got.exp() } else { got };
            assert!((got - expected).abs() < 1e-12, "{average:?}: {got}, expected {expected}");
        }
        let score = trainer.score(&inputs, Targets::Classes(&classes));
        assert_eq!(trainer.score_outputs(outputs.view(), Targets::Classes(&classes), None), score);
        let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
        assert!((score.loss - loss.value(outputs.data(), CLASSES, Targets::Classes(&classes), None)).abs() < 1e-12);
    }
}

#[test]
fn no_probability_is_too_small_for_a_number() {
    let mut mean = [0.0_f32; 2];
    Average::Probabilities.combine(&mut mean, &mut [1000.0, -1000.0, 900.0, -900.0], 2);
    // The second class has e^-1800 of one member and e^-2000 of the other.
    assert!(mean[0].abs() < 1e-6 && (mean[1] + 1800.0 + 2.0_f32.ln()).abs() < 1e-3, "{mean:?}");
    let mut lost = [0.0_f32; 2];
    Average::Probabilities.combine(&mut lost, &mut [1.0, f32::NAN, 1.0, 0.0], 2);
    assert!(lost.iter().all(|y| y.is_nan()), "{lost:?}");
}

#[test]
fn every_optimizer_and_decay_moves_the_parameters_as_the_plain_layers_say() {
    let x = draw_sparse::<f64>(N, INPUTS, 0.0, 2);
    let values = Matrix::from_rows(N, CLASSES, draw::<f64>(N * CLASSES, 2));
    let rows: Vec<u32> = (0..N as u32).collect();
    let convention = Convention::Field;
    let mut moved = 0;
    for optimizer in [
        Optimizer::Sgd,
        Optimizer::MOMENTUM,
        Optimizer::nesterov(convention),
        Optimizer::adagrad(convention),
        Optimizer::rmsprop(convention),
        Optimizer::adam(convention),
    ] {
        for weight_decay in
            [WeightDecay::None, WeightDecay::L1(0.01), WeightDecay::L2(0.02), WeightDecay::Decoupled(0.03)]
        {
            for clip_norm in [None, Some(0.5)] {
                let training = TrainingSpec {
                    loss: Loss::MeanSquaredError,
                    optimizer,
                    weight_decay,
                    clip_norm,
                    n_steps: 3,
                    max_batch: N,
                    ..TrainingSpec::default()
                };
                let network = shaken::<f64>(&spec(Average::Values), 4);
                let mut chain = Chain::new(&spec(Average::Values), &network, 4);
                let mut trainer = Trainer::from_network(network, training, 4).unwrap();
                let inputs = Inputs::Dense(x.clone());
                for _ in 0..3 {
                    let targets = Targets::Values(values.view());
                    chain.step(&x, (targets, None), &training);
                    trainer.step(&Batch { inputs: &inputs, targets, rows: &rows, row_weights: None });
                }
                let error = distance(&plain::parameters(&trainer), &chain.parameters).unwrap();
                assert!(error < 1e-9, "{optimizer:?} {weight_decay:?} {clip_norm:?}: {error:e}");
                moved += 1;
            }
        }
    }
    assert_eq!(moved, 48);
}

#[test]
fn inputs_without_their_zeros_give_the_same_bytes() {
    let x = draw_sparse::<f32>(N, INPUTS, 0.7, 3);
    let classes = draw_classes(N, CLASSES, 3);
    let trained = |inputs: &Inputs<f32>| {
        let training = TrainingSpec { n_steps: 3, max_batch: N, ..TrainingSpec::default() };
        let mut trainer = Trainer::<f32>::new(&spec(Average::Probabilities), training, 5).unwrap();
        let targets = Targets::Classes(&classes);
        let losses: Vec<f64> = (0..3)
            .map(|_| trainer.step(&Batch { inputs, targets, rows: &[3, 1, 4, 1, 5, 9], row_weights: None }))
            .collect();
        (losses, trainer.score(inputs, targets), plain::parameters(&trainer))
    };
    assert!(trained(&sparse(&x)) == trained(&Inputs::Dense(x)));
}

#[test]
fn what_an_ensemble_cannot_have() {
    let refused = |layers: Vec<LayerSpec>, expected: &str| {
        let error = Network::<f32>::new(&NetworkSpec { inputs: 3, layers }, 0).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    };
    let affine = Affine::new(2, Init::He);
    let (members, plain) = (|| ensemble(Average::Values), || LayerSpec::Affine(affine));
    let embedding = || LayerSpec::Embedding(Embedding::default());
    refused(vec![plain(), members()], "layers in front of an ensemble: got 1, expected none but embeddings");
    let twice = "layers in front of an ensemble: got 1, expected none but embeddings";
    refused(vec![embedding(), members(), members(), plain()], twice);
    let behind = "place of embeddings among the layers: got 1, expected 0, in front of all";
    refused(vec![members(), embedding(), plain()], behind);
    refused(vec![members()], "affine layers of an ensemble: got 0, expected at least 1");
    refused(vec![embedding(), members()], "affine layers of an ensemble: got 0, expected at least 1");
    let none = LayerSpec::Ensemble(Ensemble { members: 0, average: Average::Values });
    refused(vec![none, plain()], "members of an ensemble: got 0, expected at least 1");
    let norm = LayerSpec::BatchNorm(BatchNorm::new(Convention::Field));
    for front in [vec![], vec![embedding()]] {
        let refused = |behind: Vec<LayerSpec>, expected| refused([front.clone(), behind].concat(), expected);
        refused(vec![members(), plain(), norm.clone()], "batch normalisations in an ensemble: got 1, expected none");
        let scaled = LayerSpec::Affine(Affine { input_scale: true, ..affine });
        refused(vec![members(), scaled], "affine layers with scaled inputs in an ensemble: got 1, expected none");
        let bound = LayerSpec::Affine(Affine { max_norm: Some(1.0), ..affine });
        refused(vec![members(), plain(), bound], "affine layers with a max norm in an ensemble: got 1, expected none");
    }
}
