"""The summary's mathematics against values worked out by hand: `python -m unittest test_standing.py`."""

import unittest

import bars
import standing
import summarise

# a: baseline 0.5 and 0.5; good gains 0.4 and 0.2 (mean 0.3); fair gains 0.1 and 0.2 (mean 0.15); poor loses.
A = {
    "baseline": {0: 0.5, 1: 0.5},
    "good": {0: 0.9, 1: 0.7},
    "fair": {0: 0.6, 1: 0.7},
    "poor": {0: 0.4, 1: 0.5},
}
# b: fair was run on split 0 only and is ahead there.
B = {"baseline": {0: 0.0, 1: 0.2}, "good": {0: 0.5, 1: 0.7}, "fair": {0: 0.8}}


class Standing(unittest.TestCase):
    def test_normalised(self):
        self.assertAlmostEqual(standing.scale(A), 0.3)
        self.assertAlmostEqual(standing.normalised(A, "good"), 1.0)
        self.assertAlmostEqual(standing.normalised(A, "fair"), 0.5)
        self.assertEqual(standing.normalised(A, "poor"), 0.0)
        self.assertAlmostEqual(standing.normalised(B, "good"), 0.5 / 0.8)
        self.assertIsNone(standing.normalised(A, "absent"))

    def test_no_method_gains(self):
        self.assertIsNone(standing.scale({"baseline": {0: 0.5}, "poor": {0: 0.4}}))

    def test_only_shared_splits_are_compared(self):
        self.assertEqual(len(standing.differences(B, "good", "fair")), 1)
        found = standing.advantages({"a": A, "b": B}, "good", "fair")
        self.assertAlmostEqual(found["a"], 0.5)
        self.assertAlmostEqual(found["b"], 0.5 / 0.8 - 1)
        self.assertEqual(standing.win_rate({"a": A, "b": B}, "good", "fair"), 0.5)

    def test_ranks(self):
        self.assertEqual(standing.ranks(A, ["good", "fair", "poor"]), {"good": 1, "fair": 2, "poor": 3})
        tied = {"baseline": {0: 0.0}, "x": {0: 1.0}, "y": {0: 1.0}}
        self.assertEqual(standing.ranks(tied, ["x", "y"]), {"x": 1.5, "y": 1.5})

    def test_paired(self):
        # Mean -2, standard deviation 1, three splits: t = -2 sqrt(3) with two degrees of freedom, whose distribution is
        # 1/2 + t / (2 sqrt(2 + t^2)).
        t = -2 * 3**0.5
        self.assertAlmostEqual(standing.worse([-1.0, -2.0, -3.0]), 0.5 + t / (2 * (2 + t * t) ** 0.5))
        self.assertTrue(standing.below_by_two_errors([-1.0, -2.0, -3.0]))
        # Mean -1, standard error 1: just one error below.
        self.assertFalse(standing.below_by_two_errors([0.0, -2.0]))
        self.assertIsNone(standing.worse([-1.0]))
        self.assertEqual(standing.worse([0.0, 0.0]), 1.0)

    def test_holm(self):
        found = standing.holm({"x": 0.01, "y": 0.04, "z": 0.03})
        self.assertEqual(found, {"x": 0.03, "z": 0.06, "y": 0.06})

    def test_across(self):
        # Six sets, all ahead: 2 / 2^6.
        self.assertAlmostEqual(standing.across({str(i): 0.1 * i for i in range(1, 7)}), 2 / 64)
        self.assertIsNone(standing.across({"x": 1.0}))


class Bars(unittest.TestCase):
    def scores(self, mine, other, name):
        return {f"s{i}": {"baseline": {0: 0.0, 1: 0.0}, "goodfit-x": {0: m, 1: m}, name: {0: other, 1: other}} for i, m in enumerate(mine)}

    def test_four_of_five_sets_are_enough(self):
        scores = self.scores([0.9, 0.9, 0.9, 0.9, 0.1], 0.5, "mlp-tuned")
        self.assertEqual(bars.tuned_mlp(scores, "goodfit-x").met, True)
        scores = self.scores([0.9, 0.9, 0.9, 0.1, 0.1], 0.5, "mlp-tuned")
        self.assertEqual(bars.tuned_mlp(scores, "goodfit-x").met, False)

    def test_a_method_that_was_not_run_meets_nothing(self):
        self.assertIsNone(bars.tuned_mlp(self.scores([0.9], 0.5, "other"), "goodfit-x").met)

    def test_linear_may_win_one_set_in_twenty(self):
        ahead = [0.9] * 19
        self.assertEqual(bars.linear(self.scores([*ahead, 0.1], 0.5, "linear"), "goodfit-x").met, True)
        self.assertEqual(bars.linear(self.scores([*ahead[1:], 0.1, 0.1], 0.5, "linear"), "goodfit-x").met, False)

    def test_realmlp(self):
        # 0.9 against 1.0: 0.1 behind in the mean, and worse on both sets.
        self.assertEqual(bars.realmlp(self.scores([0.9, 0.9], 1.0, "realmlp-td-s"), "goodfit-x").met, False)
        self.assertEqual(bars.realmlp(self.scores([1.0, 1.2], 1.0, "realmlp-td-s"), "goodfit-x").met, True)


class Pieces(unittest.TestCase):
    def piece(self, method, cpu, seconds, load=1.0):
        said = {"set": "a", "task": "regression", "split": 0, "scores": {"r2": 0.5}, "load": [1.0, load]}
        return said | {"method": method, "cpu": cpu, "seconds_train": seconds}

    def test_seconds_of_different_machines_are_not_compared(self):
        ours = self.piece("goodfit-realmlp-once", "fast", 1.0)
        for theirs, met in [(self.piece("realmlp-td-s", "slow", 60.0), None), (self.piece("realmlp-td-s", "fast", 6.0), True)]:
            scores, seconds = summarise.tables([ours, theirs])
            self.assertIs(bars.time(seconds, "goodfit-realmlp").met, met)
            self.assertEqual(scores["a"], {"goodfit-realmlp-once": {0: 0.5}, "realmlp-td-s": {0: 0.5}})

    def test_seconds_of_a_busy_machine_are_not_taken(self):
        theirs = self.piece("realmlp-td-s", "fast", 60.0)
        for load, met in [(2.0, True), (7.0, None)]:
            _, seconds = summarise.tables([self.piece("goodfit-realmlp-once", "fast", 1.0, load), theirs])
            self.assertIs(bars.time(seconds, "goodfit-realmlp").met, met)

    def test_a_failed_piece_scores_like_the_baseline_and_has_no_seconds(self):
        failed = self.piece("goodfit-realmlp", "fast", 1.0) | {"error": "it ended"}
        scores, seconds = summarise.tables([failed, self.piece("baseline", "fast", 0.1)])
        self.assertEqual(scores["a"]["goodfit-realmlp"], {0: 0.5})
        self.assertNotIn("goodfit-realmlp", seconds["a"])


if __name__ == "__main__":
    unittest.main()
