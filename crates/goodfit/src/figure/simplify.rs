//! Fewer points where nobody would see the difference.

use super::scene::Point;

/// A tenth of a picture unit: a twentieth of a millimetre in print.
const TOLERANCE: f64 = 0.1;

/// Drops points that lie within [`TOLERANCE`] of the line through the points that stay (Douglas and
/// Peucker 1973).
pub(super) fn simplify(points: &[Point]) -> Vec<Point> {
    if points.len() < 3 {
        return points.to_vec();
    }
    let mut keep = vec![false; points.len()];
    keep[0] = true;
    keep[points.len() - 1] = true;
    let mut open = vec![(0, points.len() - 1)];
    while let Some((from, to)) = open.pop() {
        let farthest = (from + 1..to)
            .map(|i| (i, distance(points[i], points[from], points[to])))
            .fold((0, TOLERANCE), |best, next| if next.1 > best.1 { next } else { best });
        if farthest.0 > 0 {
            keep[farthest.0] = true;
            open.push((from, farthest.0));
            open.push((farthest.0, to));
        }
    }
    points.iter().zip(keep).filter_map(|(&point, keep)| keep.then_some(point)).collect()
}

/// Distance of a point from the stretch between two others.
fn distance([x, y]: Point, [ax, ay]: Point, [bx, by]: Point) -> f64 {
    let (dx, dy) = (bx - ax, by - ay);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 { (((x - ax) * dx + (y - ay) * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (x - ax - along * dx).hypot(y - ay - along * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_corners_and_drops_what_lies_between() {
        let points: Vec<Point> = (0..=100).map(|i| [f64::from(i), f64::from((i - 50_i32).abs())]).collect();
        assert_eq!(simplify(&points), [[0.0, 50.0], [50.0, 0.0], [100.0, 50.0]]);
    }

    #[test]
    fn every_dropped_point_stays_within_the_tolerance() {
        let points: Vec<Point> = (0..500).map(|i| [f64::from(i) * 0.5, (f64::from(i) * 0.1).sin() * 40.0]).collect();
        let kept = simplify(&points);
        assert!(kept.len() < points.len());
        for &point in &points {
            let nearest = kept.windows(2).map(|w| distance(point, w[0], w[1])).fold(f64::INFINITY, f64::min);
            assert!(nearest <= TOLERANCE + 1e-12);
        }
    }
}
