"""The calls that run in the areas."""

from tui.console.frame.running_calls import RunningCalls


def test_nothing_runs_at_first() -> None:
    calls = RunningCalls()
    assert not calls and calls.areas == frozenset()


def test_a_call_runs_until_it_has_ended() -> None:
    calls = RunningCalls()
    calls.set("playground", lambda: None)
    assert calls and calls.areas == {"playground"}
    calls.set("playground", None)
    calls.set("playground", None)
    assert not calls


def test_parts_of_an_area_count_as_the_area() -> None:
    calls = RunningCalls()
    calls.set("playground", lambda: None)
    calls.set("playground/speech", lambda: None)
    assert calls.areas == {"playground"}


def test_the_latest_is_stopped() -> None:
    calls, stopped = RunningCalls(), list[str]()
    calls.set("playground", lambda: stopped.append("chat"))
    calls.set("playground/speech", lambda: stopped.append("speech"))
    calls.stop_latest()
    assert stopped == ["speech"]
