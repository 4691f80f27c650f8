//! Layers against PyTorch in float64, and against NumPy for the textbook's forms.

mod golden;

use golden::{assert_close, items, number, numbers, read};
use goodfit_nn::layers::{BatchNormCache, RunningStatistics};
use goodfit_nn::{Activation, BatchNorm, Convention, Dropout, DropoutForm};

#[test]
fn activations() {
    let file = read("activations");
    let z = numbers(&file["z"]);
    let all = [
        Activation::Identity,
        Activation::Relu,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::LeakyRelu { slope: number(&file["slope"]) },
        Activation::Elu { alpha: number(&file["alpha"]) },
        Activation::Selu,
        Activation::Gelu,
        Activation::Silu,
        Activation::Mish,
    ];
    assert_eq!(items(&file["cases"]).len(), all.len());
    for (activation, case) in all.into_iter().zip(items(&file["cases"])) {
        let name = activation.name();
        assert_eq!(case["name"], name);
        let mut y = vec![0.0; z.len()];
        activation.forward(&mut y, &z);
        assert_close(name, &y, &case["y"], 1e-13);
        // Small values one by one: a tolerance relative to the largest would accept zeros for them.
        for i in (0..z.len()).filter(|&i| z[i].abs() <= 1e-3 && z[i] != 0.0) {
            assert_close(&format!("{name} of {}", z[i]), &y[i..=i], &case["y"][i], 1e-13);
        }

        let mut in_place = z.clone();
        activation.forward_in_place(&mut in_place);
        assert_eq!(in_place, y, "{name} in place");

        let mut d = vec![1.0; z.len()];
        activation.backward(&mut d, &y, &z);
        assert_close(&format!("derivative of {name}"), &d, &case["derivative"], 1e-13);
        let mut again = vec![1.0; z.len()];
        if activation.needs_input() {
            activation.backward(&mut again, &[], &z);
        } else {
            activation.backward(&mut again, &y, &[]);
        }
        assert_eq!(again, d, "{name} reads one buffer");
    }
}

#[test]
fn batch_norm_over_several_steps() {
    let file = read("batch_norm");
    let (scale, shift) = (numbers(&file["scale"]), numbers(&file["shift"]));
    let n_units = scale.len();
    for (case, convention) in items(&file["cases"]).iter().zip([Convention::Field, Convention::Textbook]) {
        let norm = BatchNorm::new(convention);
        let mut running_mean = vec![0.0; n_units];
        let mut running_variance = vec![norm.running.initial_variance(); n_units];
        for (s, step) in items(&case["steps"]).iter().enumerate() {
            let check = |what: &str, got: &[f64]| {
                assert_close(&format!("{convention:?} step {s} {what}"), got, &step[what], 1e-9);
            };
            let mut normalized = numbers(&step["x"]);
            let mut y = vec![0.0; normalized.len()];
            let (mut mean, mut inverse_std) = (vec![0.0; n_units], vec![0.0; n_units]);
            norm.forward_training(
                &mut y,
                BatchNormCache { normalized: &mut normalized, mean: &mut mean, inverse_std: &mut inverse_std },
                RunningStatistics { mean: &mut running_mean, variance: &mut running_variance },
                &scale,
                &shift,
            );
            check("y", &y);
            check("running_mean", &running_mean);
            check("running_variance", &running_variance);

            let mut d = numbers(&step["dy"]);
            let (mut dscale, mut dshift) = (vec![0.0; n_units], vec![0.0; n_units]);
            norm.backward(&mut d, &mut dscale, &mut dshift, &normalized, &inverse_std, &scale);
            check("dx", &d);
            check("dscale", &dscale);
            check("dshift", &dshift);
        }
        let mut y = numbers(&case["steps"][0]["x"]);
        let (mut factor, mut offset) = (vec![0.0; n_units], vec![0.0; n_units]);
        norm.evaluation_map(&mut factor, &mut offset, &scale, &shift, &running_mean, &running_variance);
        norm.forward_evaluation(&mut y, &factor, &offset);
        assert_close(&format!("{convention:?} evaluation"), &y, &case["evaluation"], 1e-9);
    }
}

#[test]
fn dropout_in_both_forms() {
    let file = read("dropout");
    let x = numbers(&file["x"]);
    let mask: Vec<u8> = numbers(&file["draws"]).iter().flat_map(|&draw| (draw as u16).to_le_bytes()).collect();
    for case in items(&file["cases"]) {
        let ratio = number(&case["ratio"]);
        for (name, form) in [("textbook", DropoutForm::Textbook), ("inverted", DropoutForm::Inverted)] {
            let dropout = Dropout { ratio, form };
            let what = format!("{name} {ratio}");
            let mut y = x.clone();
            dropout.forward_training(&mut y, &mask);
            assert_close(&what, &y, &case[name]["training"], 1e-15);
            let mut d = x.clone();
            dropout.backward(&mut d, &mask);
            assert_eq!(d, y, "{what}: the same map backward");
            let mut y = x.clone();
            dropout.forward_evaluation(&mut y);
            assert_close(&what, &y, &case[name]["evaluation"], 1e-15);
        }
    }
}
