"""A goal of the benchmark."""

from tests.bench.goal import Goal


def test_a_goal_says_whether_it_is_met() -> None:
    assert Goal("a ratio", 0.25, 0.25, at_least=True).met
    assert not Goal("a ratio", 0.24, 0.25, at_least=True).met
    assert not Goal("seconds", 3.1, 3).met
    assert Goal("seconds", 3.1, 3).line().endswith("NOT MET")
