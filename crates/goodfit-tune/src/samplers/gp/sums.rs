//! Sums of products, the innermost loops of the process. Each is added up in an order that is written down here, in
//! parts that fit into vector registers: the bits do not depend on the machine.

/// The scalar product of x with the first entries of y, summed in eight interleaved parts.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let y = &y[..x.len()];
    let mut sums = [0.0; 8];
    let (x_blocks, x_rest) = x.as_chunks::<8>();
    let (y_blocks, y_rest) = y.as_chunks::<8>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for k in 0..8 {
            sums[k] += x[k] * y[k];
        }
    }
    let mut rest = 0.0;
    for (x, y) in x_rest.iter().zip(y_rest) {
        rest += x * y;
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7])) + rest
}

/// The sum of weight_i (x - y_i)^2 over the first entries of y, as many as there are weights, summed as by [`dot`].
pub(super) fn dot_squares(weights: &[f64], x: f64, y: &[f64]) -> f64 {
    let term = |weight: f64, y: f64| (x - y) * (x - y) * weight;
    let mut sums = [0.0; 8];
    let (weight_blocks, weight_rest) = weights.as_chunks::<8>();
    let (y_blocks, y_rest) = y[..weights.len()].as_chunks::<8>();
    for (weights, y) in weight_blocks.iter().zip(y_blocks) {
        for k in 0..8 {
            sums[k] += term(weights[k], y[k]);
        }
    }
    let mut rest = 0.0;
    for (weight, y) in weight_rest.iter().zip(y_rest) {
        rest += term(*weight, *y);
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7])) + rest
}

/// The scalar products of x with the first entries of four others, each summed in two interleaved parts.
pub(super) fn dot4(x: &[f64], y: [&[f64]; 4]) -> [f64; 4] {
    let [products] = dot_n4([x], y);
    products
}

/// The same for two at once, which share the loads of the others.
pub(super) fn dot2x4(x: [&[f64]; 2], y: [&[f64]; 4]) -> [[f64; 4]; 2] {
    dot_n4(x, y)
}

#[inline]
fn dot_n4<const N: usize>(x: [&[f64]; N], y: [&[f64]; 4]) -> [[f64; 4]; N] {
    let n = x[0].len();
    let (x, y) = (x.map(|x| x[..n].as_chunks::<4>()), y.map(|y| y[..n].as_chunks::<4>()));
    let mut sums = [[[0.0; 2]; 4]; N];
    for i in 0..n / 4 {
        for (sums, x) in sums.iter_mut().zip(&x) {
            for (sums, y) in sums.iter_mut().zip(&y) {
                let (x, y) = (&x.0[i], &y.0[i]);
                for k in [0, 2] {
                    sums[0] += x[k] * y[k];
                    sums[1] += x[k + 1] * y[k + 1];
                }
            }
        }
    }
    let (x, y) = (x.map(|x| x.1), y.map(|y| y.1));
    if n % 4 >= 2 {
        for (sums, x) in sums.iter_mut().zip(&x) {
            for (sums, y) in sums.iter_mut().zip(&y) {
                sums[0] += x[0] * y[0];
                sums[1] += x[1] * y[1];
            }
        }
    }
    // Hidden here, the compiler keeps the two parts of a sum in one vector register. Seeing that they are added up, it
    // would pair those of different sums, and shuffle every load for that.
    let mut products = std::hint::black_box(sums).map(|sums| sums.map(|sums| sums[0] + sums[1]));
    if n % 2 == 1 {
        for (products, x) in products.iter_mut().zip(&x) {
            for (product, y) in products.iter_mut().zip(&y) {
                *product += x[x.len() - 1] * y[y.len() - 1];
            }
        }
    }
    products
}

/// y += a x, over the entries of y or x, whichever has fewer.
pub(super) fn axpy(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// y += sum of a_k x_k; every x has at least the entries of y.
pub(super) fn axpy4(y: &mut [f64], a: [f64; 4], x: [&[f64]; 4]) {
    let n = y.len();
    let [x0, x1, x2, x3] = x.map(|x| &x[..n]);
    for i in 0..n {
        y[i] += (a[0] * x0[i] + a[1] * x1[i]) + (a[2] * x2[i] + a[3] * x3[i]);
    }
}

/// y += sum of a_k x_k for four and then another four; every x has at least the entries of y.
pub(super) fn axpy8(y: &mut [f64], a: [[f64; 4]; 2], x: [[&[f64]; 4]; 2]) {
    let n = y.len();
    let [[x0, x1, x2, x3], [x4, x5, x6, x7]] = x.map(|x| x.map(|x| &x[..n]));
    let [a, b] = a;
    for i in 0..n {
        let first = (a[0] * x0[i] + a[1] * x1[i]) + (a[2] * x2[i] + a[3] * x3[i]);
        let second = (b[0] * x4[i] + b[1] * x5[i]) + (b[2] * x6[i] + b[3] * x7[i]);
        y[i] = y[i] + first + second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waves(n: usize, phase: f64) -> Vec<f64> {
        (0..n).map(|i| (i as f64 * 1.3 + phase).sin()).collect()
    }

    #[test]
    fn as_plain_sums() {
        for n in 0..20 {
            let y: [Vec<f64>; 8] = std::array::from_fn(|k| waves(n + k % 3, k as f64));
            let (x, other) = (waves(n, 0.5), waves(n, 2.5));
            let [a, b]: [[&[f64]; 4]; 2] = [0, 4].map(|first| std::array::from_fn(|k| y[first + k].as_slice()));
            let plain = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
            let close = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-13, "{got} {expected} of {n}");
            close(dot(&x, a[1]), plain(&x, a[1]));
            close(dot_squares(&x, 0.3, a[1]), x.iter().zip(a[1]).map(|(w, y)| w * (0.3 - y) * (0.3 - y)).sum());
            for k in 0..4 {
                close(dot4(&x, a)[k], plain(&x, a[k]));
                close(dot2x4([&x, &other], a)[1][k], plain(&other, a[k]));
            }
            assert_eq!(dot2x4([&other, &x], a)[1], dot4(&x, a), "a row has the same bits alone and beside another");
            let (mut by_four, mut by_eight) = (x.clone(), x.clone());
            let (first, second) = ([0.5, -1.5, 2.0, 0.25], [1.0, 3.0, -0.75, 0.1]);
            axpy8(&mut by_eight, [first, second], [a, b]);
            axpy4(&mut by_four, first, a);
            axpy4(&mut by_four, second, b);
            assert_eq!(by_four, by_eight);
            for (a, x) in first.iter().chain(&second).zip(a.iter().chain(&b)) {
                axpy(&mut by_four, -a, x);
            }
            for (got, expected) in by_four.iter().zip(&x) {
                close(*got, *expected);
            }
        }
    }
}
