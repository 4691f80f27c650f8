//! 1. A layer by hand: what forward and backward compute, and how to see that the backward pass is
//!    right.
//!
//! `cargo run -p goodfit-nn --example 01_layer`

use goodfit_nn::layers::{affine_backward, affine_forward};
use goodfit_nn::{Activation, Init, Loss, Matrix, Purpose, Stream, Targets};

const N: usize = 4; // rows: samples
const I: usize = 3; // inputs
const O: usize = 2; // outputs

fn main() {
    println!("largest relative error of the gradient by the weights: {:.1e}", run());
}

/// One layer, tanh(x w + b), under a squared error: returns how far its gradient is from finite
/// differences.
fn run() -> f64 {
    // Randomness is an argument. A stream is made of a seed, a purpose and an index, so the weights
    // are the same whatever else is drawn, before or after.
    let mut w = Matrix::zeros(I, O);
    Init::Xavier.fill(w.data_mut(), I, O, &mut Stream::new(7, Purpose::Init, 0));
    let b = [0.1, -0.2];
    let mut draws = Stream::new(7, Purpose::Data, 0);
    let x = Matrix::from_rows(N, I, (0..N * I).map(|_| draws.normal()).collect());
    let t = Matrix::from_rows(N, O, (0..N * O).map(|_| draws.normal()).collect());

    // Forward. The buffers are the caller's: a training makes them once and uses them at every step.
    let mut y = Matrix::zeros(N, O);
    affine_forward(&mut y.view_mut(), x.view(), w.view(), Some(&b));
    // For tanh the backward pass needs only y, as 1 - y^2 is its derivative. So y may overwrite z.
    Activation::Tanh.forward_in_place(y.data_mut());

    // Backward is the chain rule from the last function to the first. `d` holds the gradient of the
    // loss by what a function put out, and each function turns it into that by what it took in.
    let mut d = Matrix::zeros(N, O);
    let loss = Loss::MeanSquaredError;
    let value = loss.value_and_gradient(d.data_mut(), y.data(), O, Targets::Values(t.view()), None);
    println!("loss {value:.4}");
    Activation::Tanh.backward(d.data_mut(), y.data(), &[]);
    // The affine map has three inputs, so three gradients: by x (for the layer before), w and b.
    let (mut dx, mut dw, mut db) = (Matrix::zeros(N, I), Matrix::zeros(I, O), [0.0; O]);
    affine_backward(&mut dx.view_mut(), &mut dw.view_mut(), Some(&mut db), d.view(), x.view(), w.view());
    println!("gradient by w {:.4?}", dw.data());
    println!("gradient by b {db:.4?}");

    // A derivative is a difference quotient, so moving one weight up and down by h has to show the
    // same slope. Both sides of w are taken because the error then falls with h^2. Smaller is not
    // better: below about 1e-5 the rounding of the loss, 1e-16 / h, outweighs it. That is why such
    // checks are made in f64, while trainings run in f32.
    let h = 1e-5;
    let mut worst = 0.0_f64;
    for k in 0..I * O {
        let loss_at = |shift: f64| {
            let mut moved = w.clone();
            moved.data_mut()[k] += shift;
            let mut y = Matrix::zeros(N, O);
            affine_forward(&mut y.view_mut(), x.view(), moved.view(), Some(&b));
            Activation::Tanh.forward_in_place(y.data_mut());
            loss.value(y.data(), O, Targets::Values(t.view()), None)
        };
        let numeric = (loss_at(h) - loss_at(-h)) / (2.0 * h);
        let analytic = dw.data()[k];
        worst = worst.max((numeric - analytic).abs() / analytic.abs().max(1e-3));
    }
    worst
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_gradient_agrees_with_finite_differences() {
        assert!(super::run() < 1e-6);
    }
}
