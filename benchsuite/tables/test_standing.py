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
# b: fair was run on split 0 only, and is ahead there; late on split 1 only, and is far ahead.
B = {"baseline": {0: 0.0, 1: 0.2}, "good": {0: 0.5, 1: 0.7}, "fair": {0: 0.8}, "late": {1: 2.2}}


class Standing(unittest.TestCase):
    def test_scale_is_of_the_methods_that_have_the_splits(self):
        self.assertAlmostEqual(standing.scale(A, [0, 1]), 0.3)
        self.assertAlmostEqual(standing.scale(A, [0]), 0.4)
        self.assertAlmostEqual(standing.scale(B, [0]), 0.8)
        self.assertAlmostEqual(standing.scale(B, [1]), 2.0)
        self.assertAlmostEqual(standing.scale(B, [0, 1]), 0.5)
        self.assertIsNone(standing.scale(B, []))

    def test_normalised(self):
        self.assertAlmostEqual(standing.normalised(A, "good", [0, 1]), 1.0)
        self.assertAlmostEqual(standing.normalised(A, "fair", [0, 1]), 0.5)
        self.assertEqual(standing.normalised(A, "poor", [0, 1]), 0.0)
        self.assertAlmostEqual(standing.normalised(B, "good", [0]), 0.5 / 0.8)
        self.assertAlmostEqual(standing.normalised(B, "good", [0, 1]), 1.0)
        self.assertIsNone(standing.normalised(B, "fair", [0, 1]))
        self.assertIsNone(standing.normalised(A, "absent", [0, 1]))

    def test_no_method_gains(self):
        self.assertIsNone(standing.scale({"baseline": {0: 0.5}, "poor": {0: 0.4}}, [0]))

    def test_only_shared_splits_are_compared(self):
        self.assertEqual(standing.shared(B, "good", "fair"), [0])
        self.assertEqual(standing.shared(B, "good", "fair", "late"), [])
        self.assertEqual(len(standing.differences(B, "good", "fair")), 1)
        found = standing.advantages({"a": A, "b": B}, "good", "fair")
        self.assertAlmostEqual(found["a"], 0.5)
        self.assertAlmostEqual(found["b"], 0.5 / 0.8 - 1)
        self.assertEqual(standing.win_rate({"a": A, "b": B}, "good", "fair"), 0.5)
        self.assertEqual(standing.advantages({"b": B}, "fair", "late"), {})

    def test_a_method_of_other_splits_does_not_move_a_comparison(self):
        # Scale 0.5 over both splits; late has but one of them.
        scores = {"b": B | {"half": {0: 0.25, 1: 0.45}}}
        self.assertAlmostEqual(standing.advantages(scores, "half", "good")["b"], -0.5)

    def test_behind(self):
        # a: fair less good is -0.3 and 0; mean -0.15, standard error 0.15, scale 0.3. b: one split, good less fair -0.3 of 0.8.
        ((mean, error, name),) = standing.behind({"a": A}, "fair", "good")
        self.assertAlmostEqual(mean, -0.5)
        self.assertAlmostEqual(error, 0.5)
        self.assertEqual(name, "a")
        ((mean, error, _),) = standing.behind({"a": A, "b": B}, "good", "fair")
        self.assertAlmostEqual(mean, -0.375)
        self.assertIsNone(error)

    def test_ranks(self):
        self.assertEqual(standing.ranks(A, ["good", "fair", "poor"]), {"good": 1, "fair": 2, "poor": 3})
        tied = {"baseline": {0: 0.0}, "x": {0: 1.0}, "y": {0: 1.0}}
        self.assertEqual(standing.ranks(tied, ["x", "y"]), {"x": 1.5, "y": 1.5})
        # y is ahead in the mean of its own splits, x on the one that both have.
        lucky = {"baseline": {0: 0.0, 1: 0.0}, "x": {0: 0.5}, "y": {0: 0.4, 1: 0.9}}
        self.assertEqual(standing.ranks(lucky, ["x", "y"]), {"x": 1, "y": 2})

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

    def test_realmlp_says_where_it_is_lower_even_if_no_test_finds_it(self):
        # s1: 0.5 and 0.9 against 1.0, mean -0.3 and standard error 0.2 in the scale 1.
        scores = self.scores([1.0, 0.5], 1.0, "realmlp-td-s")
        scores["s1"]["goodfit-x"][1] = 0.9
        bar = bars.realmlp(scores, "goodfit-x")
        self.assertIn("worse on 0 of 2 tested; lower on 1 of 2, most on s1 -0.300 +- 0.200", bar.found)


class Pieces(unittest.TestCase):
    def piece(self, method, cpu, seconds, load=1.0, **more):
        said = {"set": "a", "task": "regression", "split": 0, "scores": {"r2": 0.5}, "load": [1.0, load], "omp_wait_policy": None}
        return said | {"method": method, "cpu": cpu, "seconds_train": seconds} | more

    def time(self, *pieces):
        return bars.time(summarise.tables(list(pieces))[1], "goodfit-realmlp")

    def peers(self, cpu, two, one):
        return self.piece("realmlp-torch", cpu, two), self.piece("realmlp-torch@1", cpu, one)

    def test_the_better_number_of_threads_counts(self):
        ours = self.piece("goodfit-realmlp-once", "fast", 1.0)
        self.assertIs(self.time(ours, *self.peers("fast", 6.0, 5.5)).met, True)
        self.assertIs(self.time(ours, *self.peers("fast", 6.0, 4.5)).met, False)
        self.assertIs(self.time(ours, *self.peers("fast", 4.5, 6.0)).met, False)
        self.assertIsNone(self.time(ours, self.peers("fast", 6.0, 6.0)[0]).met)

    def test_seconds_of_different_machines_are_not_compared(self):
        ours = self.piece("goodfit-realmlp-once", "fast", 1.0)
        self.assertIsNone(self.time(ours, *self.peers("slow", 60.0, 60.0)).met)
        scores, _ = summarise.tables([ours, *self.peers("slow", 60.0, 60.0)])
        self.assertEqual(scores["a"], {m: {0: 0.5} for m in ("goodfit-realmlp-once", "realmlp-torch", "realmlp-torch@1")})

    def test_seconds_of_a_busy_machine_are_not_taken(self):
        for load, met in [(2.0, True), (7.0, None)]:
            ours = self.piece("goodfit-realmlp-once", "fast", 1.0, load)
            self.assertIs(self.time(ours, *self.peers("fast", 60.0, 60.0)).met, met)

    def test_pytabkit_with_sleeping_threads_is_said_but_not_judged(self):
        ours = self.piece("goodfit-realmlp-once", "fast", 1.0)
        theirs = self.piece("realmlp-td-s", "fast", 60.0)
        del theirs["omp_wait_policy"]
        bar = self.time(ours, theirs)
        self.assertIsNone(bar.met)
        self.assertIn("pytabkit with sleeping threads: 60.0 times", bar.found)

    def test_a_table_is_of_the_splits_that_all_have(self):
        line = summarise.by_set({"diabetes": B}, ["good", "fair"])[-1].split()
        self.assertEqual(line, ["diabetes", "r2", "1", "0.5000", "0.8000"])

    def test_a_failed_piece_scores_like_the_baseline_and_has_no_seconds(self):
        failed = self.piece("goodfit-realmlp", "fast", 1.0) | {"error": "it ended"}
        scores, seconds = summarise.tables([failed, self.piece("baseline", "fast", 0.1)])
        self.assertEqual(scores["a"]["goodfit-realmlp"], {0: 0.5})
        self.assertNotIn("goodfit-realmlp", seconds["a"])


if __name__ == "__main__":
    unittest.main()
