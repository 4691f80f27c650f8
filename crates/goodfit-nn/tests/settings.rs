//! What each setting may be, and what an error says.

use goodfit_nn::{
    Activation, AdamForm, BatchNorm, Convention, Dropout, DropoutForm, Embedding, Error, Init, LayerSpec, LevelColumn,
    Loss, NesterovForm, NetworkSpec, NumericColumns, NumericEmbedding, Optimizer, RunningForm, Schedule, WeightDecay,
};

fn check(result: Result<(), Error>, message: &str) {
    match result {
        Ok(()) => panic!("accepted, expected: {message}"),
        Err(error) => assert_eq!(error.to_string(), message),
    }
}

#[test]
fn settings_out_of_range() {
    for std in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let message = format!("standard deviation of the initial weights: got {std}, expected a finite number > 0");
        check(Init::Std(std).check(), &message);
    }
    let activation = Activation::LeakyRelu { slope: -0.1 };
    check(activation.check(), "slope of leaky relu: got -0.1, expected a finite number >= 0");
    let activation = Activation::Elu { alpha: f64::INFINITY };
    check(activation.check(), "alpha of elu: got inf, expected a finite number >= 0");

    let norm = BatchNorm { epsilon: 0.0, momentum: 0.1, running: RunningForm::UnbiasedFromOne };
    check(norm.check(), "epsilon of batch normalisation: got 0, expected a finite number > 0");
    let norm = BatchNorm { momentum: 1.5, ..BatchNorm::new(Convention::Field) };
    check(norm.check(), "momentum of batch normalisation: got 1.5, expected a number from 0 to 1");
    for ratio in [1.0, -0.1, f64::NAN] {
        let message = format!("dropout: got {ratio}, expected a number >= 0 and < 1");
        check(Dropout { ratio, form: DropoutForm::Inverted }.check(), &message);
    }

    let loss = Loss::CrossEntropy { label_smoothing: 1.0 };
    check(loss.check(), "label smoothing: got 1, expected a number >= 0 and < 1");
    for decay in [WeightDecay::L2, WeightDecay::L1, WeightDecay::Decoupled] {
        check(decay(-1.0).check(), "weight decay: got -1, expected a finite number >= 0");
    }

    for optimizer in
        [Optimizer::Momentum { momentum: 1.0 }, Optimizer::Nesterov { momentum: 1.0, form: NesterovForm::Field }]
    {
        check(optimizer.check(), "momentum: got 1, expected a number >= 0 and < 1");
    }
    let optimizer = Optimizer::Adagrad { epsilon: -1e-8 };
    check(optimizer.check(), "epsilon of adagrad: got -0.00000001, expected a finite number >= 0");
    let optimizer = Optimizer::Rmsprop { decay: f64::NAN, epsilon: 1e-8 };
    check(optimizer.check(), "decay of rmsprop: got NaN, expected a number >= 0 and < 1");
    let adam = |beta1, beta2, epsilon| Optimizer::Adam { beta1, beta2, epsilon, form: AdamForm::default() }.check();
    check(adam(1.0, 0.999, 1e-8), "beta1 of adam: got 1, expected a number >= 0 and < 1");
    check(adam(0.9, 1.1, 1e-8), "beta2 of adam: got 1.1, expected a number >= 0 and < 1");
    check(adam(0.9, 0.999, f64::NAN), "epsilon of adam: got NaN, expected a finite number >= 0");

    let schedule = Schedule::Step { every: 0, factor: 0.1 };
    check(schedule.check(), "steps between changes of the learning rate: got 0, expected at least 1");
    let schedule = Schedule::Step { every: 1, factor: -0.1 };
    check(schedule.check(), "factor of the step schedule: got -0.1, expected a finite number >= 0");
    let schedule = Schedule::Cosine { floor: f64::NAN };
    check(schedule.check(), "floor of the cosine schedule: got NaN, expected a finite number >= 0");
    let one_cycle = |rise, start_divisor, end_divisor| Schedule::OneCycle { rise, start_divisor, end_divisor }.check();
    check(one_cycle(1.1, 25.0, 1e4), "rise of the one-cycle schedule: got 1.1, expected a number from 0 to 1");
    check(one_cycle(0.3, 0.0, 1e4), "start divisor of the one-cycle schedule: got 0, expected a finite number > 0");
    check(one_cycle(0.3, 25.0, -1.0), "end divisor of the one-cycle schedule: got -1, expected a finite number > 0");
}

#[test]
fn embeddings_that_are_none() {
    let check_all = |numeric: Option<(&[usize], NumericEmbedding, f64)>, levels: &[[usize; 3]], message: &str| {
        let numeric = numeric.map(|(inputs, form, learning_rate)| {
            let inputs = inputs.to_vec();
            NumericColumns { inputs, form, learning_rate }
        });
        let levels = levels.iter().map(|&[input, levels, size]| LevelColumn { input, levels, size }).collect();
        let layers = vec![LayerSpec::Embedding(Embedding { numeric, levels })];
        check(NetworkSpec { inputs: 4, layers }.check(), message);
    };
    let bins = |bins, size| NumericEmbedding::PiecewiseLinear { bins, size };
    let waves = |frequencies, size, std| NumericEmbedding::PeriodicWithPhases { frequencies, size, std };
    let once = |input| format!("embedded input: got {input}, expected an input that is embedded once");
    check_all(Some((&[0, 4], bins(3, 2), 1.0)), &[], &once(4));
    check_all(Some((&[0, 1], bins(3, 2), 1.0)), &[[1, 2, 2]], &once(1));
    check_all(None, &[[1, 2, 2], [1, 2, 2]], &once(1));
    let order = "number of embedded numbers: got 2, expected at least 1, in ascending order";
    check_all(Some((&[1, 0], bins(3, 2), 1.0)), &[], order);
    check_all(
        Some((&[], bins(3, 2), 1.0)),
        &[],
        "number of embedded numbers: got 0, expected at least 1, in ascending order",
    );
    check_all(Some((&[1], bins(0, 2), 1.0)), &[], "bins of an embedded number: got 0, expected at least 1");
    let size = "values of an embedded number: got 1, expected at least 1 besides the number itself";
    check_all(Some((&[1], waves(3, 1, 0.1), 1.0)), &[], size);
    check_all(
        Some((&[1], waves(0, 3, 0.1), 1.0)),
        &[],
        "frequencies of an embedded number: got 0, expected at least 1",
    );
    let std = "standard deviation of the initial frequencies: got 0, expected a finite number > 0";
    check_all(Some((&[1], waves(3, 3, 0.0), 1.0)), &[], std);
    let rate = "factor of the learning rate of embeddings: got -1, expected a finite number >= 0";
    check_all(Some((&[1], bins(3, 2), -1.0)), &[], rate);
    check_all(None, &[[1, 0, 2]], "levels of an embedded column: got 0, expected at least 1");
    check_all(None, &[[1, 2, 0]], "values of an embedded level: got 0, expected at least 1");
    let layers = vec![LayerSpec::Activation(Activation::Relu), LayerSpec::Embedding(Embedding::default())];
    let place = "place of embeddings among the layers: got 1, expected 0, in front of all";
    check(NetworkSpec { inputs: 4, layers }.check(), place);
}

#[test]
fn usual_settings() {
    for convention in [Convention::Textbook, Convention::Field] {
        assert_eq!(BatchNorm::new(convention).check(), Ok(()));
        let made = [Optimizer::nesterov, Optimizer::adagrad, Optimizer::rmsprop, Optimizer::adam];
        for optimizer in made.map(|make| make(convention)).into_iter().chain([Optimizer::Sgd, Optimizer::MOMENTUM]) {
            assert_eq!(optimizer.check(), Ok(()));
        }
    }
    for init in [Init::Std(1e-4), Init::Xavier, Init::XavierUniform, Init::Glorot, Init::GlorotUniform, Init::He] {
        assert_eq!(init.check(), Ok(()));
    }
    for decay in [WeightDecay::None, WeightDecay::L2(0.0), WeightDecay::L1(0.1), WeightDecay::Decoupled(0.1)] {
        assert_eq!(decay.check(), Ok(()));
    }
    assert_eq!(Dropout { ratio: 0.0, form: DropoutForm::Textbook }.check(), Ok(()));
    assert_eq!(Loss::CrossEntropy { label_smoothing: 0.0 }.check(), Ok(()));
    assert_eq!(Loss::MeanSquaredError.check(), Ok(()));
    assert_eq!(Activation::Elu { alpha: 1.0 }.check(), Ok(()));
    assert_eq!(Schedule::ONE_CYCLE.check(), Ok(()));
}
