"""The mathematics of agreement.py, and the names of goodfit's arms: `python -m unittest test_agreement.py`."""

import unittest

import agreement
from experiments import EXPERIMENTS, SCALES
from run import last_points


class Tests(unittest.TestCase):
    def test_welch(self):
        # Means 1 and 4, variances 1 and 1 of three values each: 2/3 together, 4 degrees of freedom. The distribution of t
        # with 4 is 1/2 + 3/8 u (1 - u^2 / 12) for u = t / sqrt(1 + t^2 / 4), and its 0.975 quantile is 2.7764.
        difference, half, p = agreement.welch([0.0, 1.0, 2.0], [3.0, 4.0, 5.0])
        self.assertAlmostEqual(difference, -3.0)
        self.assertAlmostEqual(half, 2.7764 * (2 / 3) ** 0.5, places=4)
        t = 3 / (2 / 3) ** 0.5
        u = t / (1 + t * t / 4) ** 0.5
        self.assertAlmostEqual(p, 2 * (0.5 - 3 / 8 * u * (1 - u * u / 12)))

    def test_unequal_variances(self):
        # Squared standard errors 3 and 0 of three and two values: the freedom is that of the first alone, 2.
        difference, half, _ = agreement.welch([0.0, 3.0, 6.0], [1.0, 1.0])
        self.assertAlmostEqual(difference, 2.0)
        self.assertAlmostEqual(half, 4.3027 * 3**0.5, places=3)

    def test_what_does_not_vary(self):
        self.assertEqual(agreement.welch([0.5, 0.5], [0.5, 0.5]), (0.0, 0.0, 1.0))
        self.assertEqual(agreement.welch([0.5, 0.5], [0.25, 0.25]), (0.25, 0.0, 0.0))

    def test_holm(self):
        self.assertEqual(agreement.holm({"x": 0.01, "y": 0.04, "z": 0.03}), {"x": 0.03, "z": 0.06, "y": 0.06})

    def test_trials_by_rate(self):
        trial = lambda rate, accuracy: {"learning_rate": rate, "held_out_accuracy": accuracy}
        # 10^-2.5 is 0.00316.
        run = {"arms": {"0": trial(0.009, 0.8), "1": trial(0.004, 0.6), "2": trial(0.003, 0.1)}}
        found = agreement.by_rate(run)
        self.assertAlmostEqual(found["rate from 1e-2.5"]["held_out_accuracy"], 0.7)
        self.assertEqual(found["rate from 1e-3"], {"held_out_accuracy": 0.1})

    def test_a_difference_is_found(self):
        run = lambda loss: {"arms": {"0": {"late_train_loss": loss}, "1": {"late_train_loss": 1.0 + loss / 10}}}
        ours, theirs = [run(k / 100) for k in range(20)], [run(0.1 + k / 100) for k in range(20)]
        text = agreement.compared("dropout", "torch", ours, theirs)
        self.assertIn("2 differ", text[0])
        self.assertIn("2 comparisons, 0 differ", agreement.compared("dropout", "torch", ours, ours)[0])

    def test_arms_have_the_numbers_of_the_peers(self):
        # goodfit takes both arms of a standard deviation after each other, the peers first all without batch norm.
        arm = lambda std, on, value: {
            "settings": {"network.init": {"std": std}, "network.batch_norm": on},
            "runs": [{"final": {"train_accuracy": value, "train_loss": 9.0}}],
        }
        arms = [arm(std, on, i + 0.5 * on) for i, std in enumerate(SCALES) for on in (False, True)]
        found = last_points({"arms": arms}, EXPERIMENTS["batch-norm"])
        self.assertEqual(list(found), [str(i) for i in range(32)])
        self.assertEqual(found["3"], {"train_accuracy": 3.0})
        self.assertEqual(found["19"], {"train_accuracy": 3.5})


if __name__ == "__main__":
    unittest.main()
