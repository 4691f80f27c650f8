//! Optimisers, clipping and schedules against `PyTorch` in float64, and against `NumPy` for the
//! textbook's forms.
#![allow(clippy::float_cmp, reason = "what is compared for equality is equal to the bit")]

mod golden;

use golden::{assert_close, items, number, numbers, read};
use goodfit_nn::{
    AdamForm, Convention, NesterovForm, Optimizer, Schedule, UpdateStep, WeightDecay, clip_scale, gradient_norm,
};
use serde_json::Value;

fn optimizer(case: &Value) -> Optimizer {
    let is_textbook = case["convention"] == "textbook";
    let constant = |name: &str| number(&case["constants"][name]);
    match case["optimizer"].as_str().unwrap() {
        "sgd" => Optimizer::Sgd,
        "momentum" => Optimizer::Momentum { momentum: constant("momentum") },
        "nesterov" => Optimizer::Nesterov {
            momentum: constant("momentum"),
            form: if is_textbook { NesterovForm::Textbook } else { NesterovForm::Field },
        },
        "adagrad" => Optimizer::Adagrad { epsilon: constant("epsilon") },
        "rmsprop" => Optimizer::Rmsprop { decay: constant("decay"), epsilon: constant("epsilon") },
        "adam" => Optimizer::Adam {
            beta1: constant("beta1"),
            beta2: constant("beta2"),
            epsilon: constant("epsilon"),
            form: if is_textbook { AdamForm::BeforeCorrection } else { AdamForm::AfterCorrection },
        },
        other => panic!("optimiser {other}"),
    }
}

fn decay(case: &Value) -> WeightDecay {
    let lambda = number(&case["lambda"]);
    match case["decay"].as_str().unwrap() {
        "none" => WeightDecay::None,
        "l2" => WeightDecay::L2(lambda),
        "l1" => WeightDecay::L1(lambda),
        "decoupled" => WeightDecay::Decoupled(lambda),
        other => panic!("decay {other}"),
    }
}

#[test]
fn trajectories_of_ten_steps() {
    let file = read("optimizers");
    let gradients = items(&file["gradients"]);
    let mut n_cases = 0;
    for case in items(&file["cases"]) {
        let optimizer = optimizer(case);
        let mut w = numbers(&file["start"]);
        let mut state = vec![0.0; optimizer.n_state() * w.len()];
        for (s, (gradient, expected)) in gradients.iter().zip(items(&case["values"])).enumerate() {
            let step = UpdateStep {
                learning_rate: number(&case["learning_rate"]),
                decay: decay(case),
                gradient_scale: 1.0,
                step: s as u64 + 1,
            };
            optimizer.update(&mut w, &mut state, &numbers(gradient), &step);
            let what = format!("{} {} {} step {s}", case["convention"], case["optimizer"], case["decay"]);
            assert_close(&what, &w, expected, 1e-12);
        }
        n_cases += 1;
    }
    assert_eq!(n_cases, 6 * 4 + 5 * 2);
}

#[test]
fn constants_of_the_conventions() {
    use goodfit_nn::Convention::{Field, Textbook};
    let file = read("optimizers");
    let expected: Vec<Optimizer> = items(&file["cases"])
        .iter()
        .filter(|case| case["decay"] == "none" && case["optimizer"] != "nesterov" && case["optimizer"] != "sgd")
        .map(optimizer)
        .collect();
    let of = |convention| {
        let adaptive = [Optimizer::adagrad, Optimizer::rmsprop, Optimizer::adam].map(|make| make(convention));
        [Optimizer::MOMENTUM].into_iter().chain(adaptive)
    };
    assert_eq!(of(Field).chain(of(Textbook)).collect::<Vec<_>>(), expected);
}

/// A step of part of the parameters is the same part of a step of all of them.
#[test]
fn updates_can_be_cut_anywhere() {
    let file = read("optimizers");
    for case in items(&file["cases"]) {
        let optimizer = optimizer(case);
        let n_state = optimizer.n_state();
        let gradient = numbers(&file["gradients"][0]);
        let step = UpdateStep { learning_rate: 0.1, decay: decay(case), gradient_scale: 0.5, step: 3 };
        let start = numbers(&file["start"]);
        let mut whole = start.clone();
        let mut state: Vec<f64> = (0..n_state * start.len()).map(|i| 0.25 + i as f64).collect();
        let before = state.clone();
        optimizer.update(&mut whole, &mut state, &gradient, &step);
        for k in 0..start.len() {
            let mut one = [start[k]];
            let mut state: Vec<f64> = (0..n_state).map(|s| before[s * start.len() + k]).collect();
            optimizer.update(&mut one, &mut state, &gradient[k..=k], &step);
            assert_eq!(one, whole[k..=k], "{} {k}", case["optimizer"]);
        }
    }
}

#[test]
fn clipping() {
    let file = read("optimizers");
    let gradients = [numbers(&file["gradients"][0]), numbers(&file["gradients"][1])[..3].to_vec()];
    for case in items(&file["clips"]) {
        let norm = gradient_norm(gradients.iter().map(Vec::as_slice));
        assert_close("norm", &[norm], &case["norm"], 1e-14);
        let scale = clip_scale(norm, number(&case["max_norm"]));
        let clipped: Vec<f64> = gradients.iter().flatten().map(|g| scale * g).collect();
        assert_close("clipped", &clipped, &case["clipped"], 1e-14);

        // The update scales the gradient by itself, and weight decay is not clipped.
        let mut w = vec![2.0; clipped.len()];
        let step = UpdateStep { learning_rate: 1.0, decay: WeightDecay::L2(0.25), gradient_scale: scale, step: 1 };
        Optimizer::Sgd.update(&mut w, &mut [], &gradients.concat(), &step);
        let moved: Vec<f64> = w.iter().map(|w| 2.0 - 0.25 * 2.0 - w).collect();
        assert_close("scaled by the update", &moved, &case["clipped"], 1e-12);
    }
    assert!(clip_scale(f64::NAN, 1.0).is_nan());
    assert_eq!(clip_scale(f64::INFINITY, 1.0), 0.0);
}

#[test]
fn schedules() {
    let file = read("schedules");
    for case in items(&file["cases"]) {
        let name = case["schedule"].as_str().unwrap();
        let schedule = match name {
            "step" => Schedule::Step { every: 7, factor: 0.3 },
            "cosine" => Schedule::Cosine { floor: 0.1 },
            "one-cycle" => Schedule::ONE_CYCLE,
            "one-cycle-other" => Schedule::OneCycle { rise: 0.5, start_divisor: 4.0, end_divisor: 10.0 },
            "cos-log-4" => Schedule::CosLog4,
            other => panic!("schedule {other}"),
        };
        let n_steps = case["n_steps"].as_u64().unwrap() as usize;
        let factors: Vec<f64> = (0..n_steps).map(|step| schedule.factor(step, n_steps)).collect();
        assert_close(&format!("{name} of {n_steps}"), &factors, &case["factors"], 1e-10);
        assert_eq!(Schedule::Constant.factor(n_steps / 2, n_steps), 1.0);
        assert_eq!(schedule.check(), Ok(()));
        // Beyond the end nothing breaks.
        assert!(schedule.factor(3 * n_steps, n_steps).is_finite() && schedule.factor(0, 0).is_finite(), "{name}");
    }
}

/// One parameter by an optimiser: the weight after each gradient, and its state at the end.
fn moved(optimizer: Optimizer, gradients: impl Iterator<Item = f32>) -> (Vec<f32>, Vec<f32>) {
    let (mut w, mut state) = ([1.0_f32], vec![0.0; optimizer.n_state()]);
    let weights = (1..)
        .zip(gradients)
        .map(|(step, gradient)| {
            let step = UpdateStep { learning_rate: 0.001, decay: WeightDecay::None, gradient_scale: 1.0, step };
            optimizer.update(&mut w, &mut state, &[gradient], &step);
            assert!(state.iter().all(|s| !s.is_subnormal()), "{optimizer:?} at step {}: {state:?}", step.step);
            w[0]
        })
        .collect();
    (weights, state)
}

fn with_moments(epsilon: f64) -> [Optimizer; 5] {
    [
        Optimizer::MOMENTUM,
        Optimizer::nesterov(Convention::Field),
        Optimizer::Adagrad { epsilon },
        Optimizer::Rmsprop { decay: 0.9, epsilon },
        Optimizer::Adam { beta1: 0.9, beta2: 0.95, epsilon, form: AdamForm::AfterCorrection },
    ]
}

#[test]
fn moments_that_fade_settle_and_are_never_denormal() {
    for optimizer in with_moments(1e-8) {
        for first in [1.0, -3.0, 1e-18, 1e-20, 0.0] {
            let (weights, state) = moved(optimizer, std::iter::once(first).chain(std::iter::repeat_n(0.0, 4000)));
            assert_eq!(weights[3000..], vec![weights[3000]; 1001], "{optimizer:?} after {first}");
            let is_average =
                matches!(optimizer, Optimizer::Momentum { .. } | Optimizer::Nesterov { .. } | Optimizer::Adam { .. });
            assert!(!is_average || state[0] == 0.0, "{optimizer:?} after {first}: {state:?}");
        }
        let (weights, state) = moved(optimizer, [1.0, f32::NAN, 1.0].into_iter());
        assert!(weights[2].is_nan() && state.iter().all(|s| s.is_nan()), "{optimizer:?} hides NaN");
    }
}

#[test]
fn a_settled_moment_divides_by_no_zero() {
    for epsilon in [0.0, 1e-30] {
        for optimizer in with_moments(epsilon) {
            for gradient in [0.0, 1e-17, 1e-18, 1e-20, 1e-30] {
                let (weights, _) = moved(optimizer, std::iter::repeat_n(gradient, 50));
                assert!(weights.iter().all(|w| (0.9..=1.0).contains(w)), "{optimizer:?}, {gradient}: {weights:?}");
            }
            let (weights, _) = moved(optimizer, std::iter::once(1.0).chain(std::iter::repeat_n(0.0, 100_000)));
            assert!(weights.iter().all(|w| (0.9..=1.0).contains(w)), "{optimizer:?} after one gradient");
        }
    }
}
