//! The draw contract: known answers, computed by a `ChaCha` written for the purpose in Python
//! (`golden/chacha.py`). If one of these fails, every recorded result changes.
#![allow(clippy::float_cmp, reason = "what is compared for equality is equal to the bit")]

mod golden;

use golden::{assert_close, items, number, read};
use goodfit_nn::{Dropout, DropoutForm, Init, Purpose, Stream, derive_seed};
use serde_json::Value;

fn purpose(value: &Value) -> Purpose {
    match value.as_str().unwrap() {
        "init" => Purpose::Init,
        "batches" => Purpose::Batches,
        "dropout" => Purpose::Dropout,
        other => panic!("purpose {other}"),
    }
}

fn integers(value: &Value) -> Vec<u64> {
    items(value).iter().map(|x| x.as_u64().unwrap()).collect()
}

#[test]
fn codes_of_the_purposes() {
    use Purpose::*;
    let all = [Init, Batches, Dropout, Split, Data, Trial, Sampler, Rescore];
    assert_eq!(all.map(|purpose| purpose as u64), [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn draws_of_a_stream() {
    let file = read("random");
    for case in items(&file["streams"]) {
        let (seed, index) = (case["seed"].as_u64().unwrap(), case["index"].as_u64().unwrap());
        let stream = || Stream::new(seed, purpose(&case["purpose"]), index);
        let what = format!("{} {} {}", seed, case["purpose"], index);

        let expected = integers(&case["bits"]);
        let mut s = stream();
        assert_eq!(expected.iter().map(|_| s.bits()).collect::<Vec<_>>(), expected, "bits of {what}");
        assert_eq!(derive_seed(seed, purpose(&case["purpose"]), index), expected[0]);

        let mut s = stream();
        let draws: Vec<f64> = items(&case["uniform"]).iter().map(|_| s.uniform()).collect();
        // These are exact; the tolerance is that of reading decimal numbers.
        assert_close(&format!("uniform draws of {what}"), &draws, &case["uniform"], 1e-15);

        // Logarithm, sine and cosine differ in their last bits between libraries.
        let mut s = stream();
        let draws: Vec<f64> = items(&case["normal"]).iter().map(|_| s.normal()).collect();
        assert_close(&format!("normal draws of {what}"), &draws, &case["normal"], 1e-14);

        let mut s = stream();
        let draws: Vec<u64> = integers(&case["below"]["n"]).iter().map(|&n| s.below(n as usize) as u64).collect();
        assert_eq!(draws, integers(&case["below"]["value"]), "draws below n of {what}");

        let mut order = vec![0; items(&case["permutation"]).len()];
        let mut s = stream();
        s.permutation(&mut order);
        let order: Vec<u64> = order.into_iter().map(u64::from).collect();
        assert_eq!(order, integers(&case["permutation"]), "permutation of {what}");
        assert_eq!(s.bits(), case["bits_after_permutation"].as_u64().unwrap(), "draws of a permutation of {what}");

        let mut bytes = vec![0; items(&case["bytes"]).len()];
        stream().fill(&mut bytes);
        let bytes: Vec<u64> = bytes.into_iter().map(u64::from).collect();
        assert_eq!(bytes, integers(&case["bytes"]), "bytes of {what}");
    }
}

/// To the last bit, so that no library and no machine changes them unseen.
#[test]
fn bits_of_normal_draws() {
    let mut stream = Stream::new(0, Purpose::Init, 0);
    let draws = [(); 8].map(|()| stream.normal().to_bits());
    assert_eq!(draws, NORMAL_BITS);
    let mut weights = [0.0_f32; 8];
    Init::Std(0.01).fill(&mut weights, 4, 2, &mut Stream::new(0, Purpose::Init, 0));
    assert_eq!(weights, NORMAL_BITS.map(|bits| (0.01 * f64::from_bits(bits)) as f32));
}

const NORMAL_BITS: [u64; 8] = [
    0xbfe6_55f7_697a_dd85,
    0x3ff8_3375_87f2_168f,
    0xbff1_d4a3_c74c_f14e,
    0xbfeb_91d7_2db6_6a91,
    0xbfe2_163b_3ee8_b986,
    0x3ff8_6f9f_d23a_a25a,
    0x3fb8_cfa7_408d_92e3,
    0xbffa_0485_5a05_cc68,
];

#[test]
fn initial_weights() {
    let file = read("random");
    for case in items(&file["inits"]) {
        let name = case["init"].as_str().unwrap();
        let init = match name {
            "std" => Init::Std(0.01),
            "xavier" => Init::Xavier,
            "xavier-uniform" => Init::XavierUniform,
            "glorot" => Init::Glorot,
            "glorot-uniform" => Init::GlorotUniform,
            "he" => Init::He,
            "he-uniform" => Init::HeUniform,
            other => panic!("init {other}"),
        };
        let (fan_in, fan_out) = (number(&case["fan_in"]) as usize, number(&case["fan_out"]) as usize);
        let mut weights = vec![0.0; fan_in * fan_out];
        let mut stream = Stream::new(case["seed"].as_u64().unwrap(), Purpose::Init, case["index"].as_u64().unwrap());
        init.fill(&mut weights, fan_in, fan_out, &mut stream);
        assert_close(name, &weights, &case["weights"], 1e-14);

        // f32 holds the same draws, rounded.
        let mut single = vec![0.0_f32; weights.len()];
        let mut stream = Stream::new(case["seed"].as_u64().unwrap(), Purpose::Init, case["index"].as_u64().unwrap());
        init.fill(&mut single, fan_in, fan_out, &mut stream);
        assert_eq!(single, weights.iter().map(|&w| w as f32).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn dropout_masks() {
    let file = read("random");
    for case in items(&file["masks"]) {
        let ratio = number(&case["ratio"]);
        let dropout = Dropout { ratio, form: DropoutForm::Textbook };
        assert_eq!(u64::from(dropout.threshold()), case["threshold"].as_u64().unwrap());
        let expected = numbers_of_flags(&case["kept"]);
        let mut mask = vec![0; expected.len() * Dropout::MASK_BYTES];
        let mut stream = Stream::new(case["seed"].as_u64().unwrap(), Purpose::Dropout, case["index"].as_u64().unwrap());
        Dropout::draw_mask(&mut mask, &mut stream);
        let mut y = vec![1.0_f32; expected.len()];
        dropout.forward_training(&mut y, &mask);
        assert_eq!(y, expected, "mask of {ratio}");
    }
    let all = |ratio| Dropout { ratio, form: DropoutForm::Textbook }.threshold();
    assert_eq!([all(0.0), all(0.2), all(0.5), all(0.999_999)], [0, 13_107, 32_768, 65_535]);
}

fn numbers_of_flags(flags: &Value) -> Vec<f32> {
    items(flags).iter().map(|flag| f32::from(flag == &Value::Bool(true))).collect()
}
