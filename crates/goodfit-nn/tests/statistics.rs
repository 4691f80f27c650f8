//! Statistics of what is drawn. A tolerance comes from the sampling error, and each check is shown to
//! fail for a wrong formula.
#![allow(clippy::float_cmp, reason = "what is compared for equality is equal to the bit")]

use goodfit_nn::{
    Dropout, DropoutForm, Embedding, Init, LayerSpec, LevelColumn, Network, NetworkSpec, NumericColumns,
    NumericEmbedding, Purpose, Stream,
};

/// Whether draws fit a normal or uniform distribution of mean 0 with this standard deviation, and
/// not only roughly: by their first, second and fourth moments, within k standard errors.
fn fits(draws: &[f64], std: f64, is_uniform: bool) -> bool {
    let n = draws.len() as f64;
    let moment = |k: i32| draws.iter().map(|w| (w / std).powi(k)).sum::<f64>() / n;
    // Moments 1, 2, 4, 8 of the standard distribution; the variance of w^k is m_2k - m_k^2.
    let [m1, m2, m4, m8] = if is_uniform { [0.0, 1.0, 9.0 / 5.0, 9.0] } else { [0.0, 1.0, 3.0, 105.0] };
    let within =
        |k, expected: f64, twice: f64| (moment(k) - expected).abs() < 4.0 * ((twice - expected * expected) / n).sqrt();
    within(1, m1, m2) && within(2, m2, m4) && within(4, m4, m8)
}

#[test]
fn standard_deviation_of_initial_weights() {
    let (fan_in, fan_out) = (200, 100);
    for init in [
        Init::Std(0.01),
        Init::Xavier,
        Init::XavierUniform,
        Init::Glorot,
        Init::GlorotUniform,
        Init::He,
        Init::HeUniform,
        Init::PyTorch,
    ] {
        let is_uniform = matches!(init, Init::XavierUniform | Init::GlorotUniform | Init::HeUniform | Init::PyTorch);
        let mut weights = vec![0.0_f64; fan_in * fan_out];
        init.fill(&mut weights, fan_in, fan_out, &mut Stream::new(4, Purpose::Init, 1));
        let std = init.standard_deviation(fan_in, fan_out);
        assert!(fits(&weights, std, is_uniform), "{init:?}");
        // The same check refuses what is a little wrong, zeros, and the other distribution.
        assert!(!fits(&weights, 1.05 * std, is_uniform), "{init:?} accepted 5 % off");
        assert!(!fits(&weights, std / 1.05, is_uniform), "{init:?} accepted 5 % off");
        assert!(!fits(&weights, std, !is_uniform), "{init:?} accepted the other distribution");
        assert!(!fits(&vec![0.0; weights.len()], std, is_uniform));
    }
    for (init, expected) in [
        (Init::Xavier, (1.0_f64 / 200.0).sqrt()),
        (Init::Glorot, (2.0_f64 / 300.0).sqrt()),
        (Init::He, (2.0_f64 / 200.0).sqrt()),
        // Uniform on ± 1 / sqrt(200).
        (Init::PyTorch, (1.0_f64 / 600.0).sqrt()),
    ] {
        assert_eq!(init.standard_deviation(fan_in, fan_out), expected);
    }
}

/// Of embeddings: frequencies and levels normal, linear maps uniform with their number of inputs, phases over a turn.
#[test]
fn initial_embeddings() {
    let network = |form| {
        let numeric = NumericColumns { inputs: (0..200).collect(), form, learning_rate: 1.0 };
        let levels =
            vec![LevelColumn { input: 200, levels: 500, size: 8 }, LevelColumn { input: 201, levels: 1, size: 8 }];
        let layers = vec![LayerSpec::Embedding(Embedding { numeric: Some(numeric), levels })];
        Network::<f64>::new(&NetworkSpec { inputs: 202, layers }, 6).unwrap()
    };
    let of = |network: &Network<f64>, name: &str| {
        let parameter = network.parameters().iter().find(|parameter| parameter.name == name).unwrap();
        network.values(parameter).to_vec()
    };
    let std = 0.1;
    for (form, encoded, n_frequencies) in [
        (NumericEmbedding::PiecewiseLinear { bins: 24, size: 10 }, 24.0_f64, 0),
        (NumericEmbedding::Periodic { frequencies: 20, size: 10, std }, 40.0, 20),
        (NumericEmbedding::PeriodicWithPhases { frequencies: 20, size: 11, std }, 20.0, 20),
    ] {
        let network = network(form);
        let linear = (1.0 / encoded / 3.0).sqrt();
        for (part, n) in [("weight", encoded as usize * 10), ("bias", 10)] {
            let values = of(&network, &format!("numeric_embedding.{part}"));
            assert_eq!(values.len(), 200 * n);
            assert!(fits(&values, linear, true), "{part} of {form:?}");
            assert!(!fits(&values, linear * 1.1, true), "{part} of {form:?} accepted 10 % off");
        }
        if n_frequencies > 0 {
            let frequencies = of(&network, "numeric_embedding.frequencies");
            assert_eq!(frequencies.len(), 200 * n_frequencies);
            assert!(fits(&frequencies, std, false) && !fits(&frequencies, 1.1 * std, false), "{form:?}");
        } else {
            let edges = of(&network, "numeric_embedding.edges");
            let expected: Vec<f64> = (0..=24).map(|i| f64::from(i) / 4.0 - 3.0).collect();
            assert!(edges.len() == 200 * 25 && edges.chunks(25).all(|edges| edges == expected), "{:?}", &edges[..25]);
        }
        if let NumericEmbedding::PeriodicWithPhases { .. } = form {
            let phases = of(&network, "numeric_embedding.phases");
            assert!(fits(&phases, std::f64::consts::PI / 3.0_f64.sqrt(), true), "{form:?}");
        }
        // Levels have streams of their own, whatever numbers take.
        let levels = of(&network, "level_embedding1.weight");
        assert!(fits(&levels, 1.0, false) && !fits(&levels, 1.1, false));
        let mut stream = Stream::new(6, Purpose::Init, (1 << 32) + 2);
        let second: Vec<f64> = (0..8).map(|_| stream.normal()).collect();
        assert_eq!(of(&network, "level_embedding2.weight"), second);
    }
}

#[test]
fn share_of_units_that_dropout_keeps() {
    let n = 100_000;
    let kept_of = |ratio: f64| {
        let mut mask = vec![0; n * Dropout::MASK_BYTES];
        Dropout::draw_mask(&mut mask, &mut Stream::new(9, Purpose::Dropout, 3));
        let mut y = vec![1.0_f32; n];
        Dropout { ratio, form: DropoutForm::Textbook }.forward_training(&mut y, &mask);
        y.iter().filter(|&&y| y == 1.0).count() as f64 / n as f64
    };
    let fits = |share: f64, ratio: f64| {
        let standard_error = (ratio * (1.0 - ratio) / n as f64).sqrt();
        (share - (1.0 - ratio)).abs() <= 4.0 * standard_error
    };
    for ratio in [0.0, 0.1, 0.2, 0.5, 0.9] {
        assert!(fits(kept_of(ratio), ratio), "{ratio}: {}", kept_of(ratio));
        assert!(!fits(kept_of(ratio), ratio + 0.01), "{ratio}");
    }
}
