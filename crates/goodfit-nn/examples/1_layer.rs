//! One layer by hand: what goes forward, what comes back, and how to know that it is right.
//!
//! `cargo run -p goodfit-nn --example 1_layer`

use goodfit_nn::layers::{affine_backward, affine_forward};
use goodfit_nn::{Init, Matrix, Purpose, Stream};

fn main() {
    // 4 rows (samples) of 3 inputs become 2 outputs: y = x w + b. Every draw names its stream: (seed, purpose, index).
    let mut stream = Stream::new(0, Purpose::Data, 0);
    let x = Matrix::from_rows(4, 3, (0..12).map(|_| stream.normal()).collect());
    let mut w = Matrix::zeros(3, 2);
    Init::Xavier.fill(w.data_mut(), 3, 2, &mut Stream::new(0, Purpose::Init, 0));
    let b = [0.1, -0.1];

    let mut y = Matrix::zeros(4, 2);
    affine_forward(&mut y.view_mut(), x.view(), w.view(), Some(&b));
    println!("outputs of the first row: {:?}", y.row(0));

    // A loss of the outputs: half the sum of their squares, whose gradient by y is y itself. The layer turns that
    // into the gradients by its input and its parameters.
    let dy = y.clone();
    let (mut dx, mut dw, mut db) = (Matrix::zeros(4, 3), Matrix::zeros(3, 2), [0.0; 2]);
    affine_backward(&mut dx.view_mut(), &mut dw.view_mut(), Some(&mut db), dy.view(), x.view(), w.view());

    // Is it right? Move one weight a little to both sides and see how the loss answers.
    let loss = |w: &Matrix<f64>| -> f64 {
        let mut y = Matrix::zeros(4, 2);
        affine_forward(&mut y.view_mut(), x.view(), w.view(), Some(&b));
        y.data().iter().map(|y| y * y / 2.0).sum()
    };
    let h = 1e-5;
    for i in 0..w.data().len() {
        let (mut up, mut down) = (w.clone(), w.clone());
        up.data_mut()[i] += h;
        down.data_mut()[i] -= h;
        let numeric = (loss(&up) - loss(&down)) / (2.0 * h);
        println!("weight {i}: gradient {:+.8}, by differences {numeric:+.8}", dw.data()[i]);
        assert!((numeric - dw.data()[i]).abs() < 1e-7);
    }
}
