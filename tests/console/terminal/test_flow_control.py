"""How much is sent at once, by a terminal that answers after its time."""

from tui.console.terminal.flow_control import QUESTION, FlowControl, assumed_rate

EVERYTHING = 1 << 20


def line(speed: float, delay: float, steps: int) -> FlowControl:
    """A pace that has sent all it may, step after step, over a line of bytes a second that takes `delay` both ways."""
    pace, now, sent_at = FlowControl(), 0.0, 0.0
    pace.count_sent(0, now)
    pace.take_status(delay)
    now = sent_at = delay
    for _ in range(steps):
        pace.note_key(now)
        size = pace.send_budget(now)
        assert size > 0
        assert pace.count_sent(size, now) == QUESTION
        sent_at = max(now, sent_at) + size / speed
        now = sent_at + delay
        pace.take_status(now)
    return pace


def test_what_is_in_flight_takes_no_more_than_a_moment_of_a_slow_line() -> None:
    for speed in (960, 11520):
        pace = line(speed, 0.05, 200)
        pace.note_key(1e6)
        assert 0.02 * speed < pace.send_budget(1e6) < 0.15 * speed


def test_a_fast_line_is_never_delayed() -> None:
    pace = line(1e8, 0.2, 3)
    pace.note_key(1e6)
    assert pace.send_budget(1e6) > 100_000


def test_a_line_that_takes_longer_from_now_on_is_used_again() -> None:
    pace, now = line(1e6, 0.02, 5), 100.0
    for _ in range(60):
        pace.note_key(now)
        size = pace.send_budget(now)
        pace.count_sent(size, now)
        now += 0.4 + size / 1e6
        pace.take_status(now)
    pace.note_key(now)
    assert pace.send_budget(now) > 10_000


def test_nothing_is_sent_while_as_much_is_in_flight() -> None:
    pace = line(960, 0.05, 12)
    pace.note_key(1e6)
    pace.count_sent(pace.send_budget(1e6), 1e6)
    assert pace.send_budget(1e6) == 0
    pace.take_status(1e6 + 0.15)
    assert pace.send_budget(1e6 + 0.15) > 0


def test_a_terminal_that_never_answers_is_sent_everything_and_soon_queried_no_more() -> None:
    pace = FlowControl()
    queries = [pace.count_sent(100, now) for now in range(10)]
    assert set(queries[5:]) == {""} and queries[0] == QUESTION
    assert pace.send_budget(20.0) == EVERYTHING


def test_a_terminal_that_answers_no_more_does_not_hold_the_console_up() -> None:
    pace = line(960, 0.05, 12)
    pace.count_sent(pace.send_budget(100.0), 100.0)
    assert pace.send_budget(101.0) == 0
    assert pace.send_budget(110.0) == EVERYTHING


def test_what_no_key_requested_takes_longer_after_a_longer_step() -> None:
    pace = FlowControl()
    pace.count_sent(600, 100.0)
    assert pace.send_budget(100.1) == 0
    assert pace.send_budget(100.3) == EVERYTHING
    pace.count_sent(600, 100.3)
    pace.note_key(100.35)
    assert pace.send_budget(100.4) == EVERYTHING


def test_a_line_that_is_hidden_gets_what_it_is_meant_to_take() -> None:
    pace, now, sent = FlowControl(speed=800), 100.0, 0
    while now < 110.0:
        if room := pace.send_budget(now):
            assert room <= 80
            assert pace.count_sent(room, now) == ""
            sent += room
        now += 0.01
    assert 7_000 < sent < 8_200


def test_what_hides_a_line_may_send_half_as_much_again_and_keys_do_not_wait() -> None:
    bits = 9600
    pace, now, waiting = FlowControl(speed=assumed_rate(bits)), 100.0, 0.0
    while now < 130.0:
        if room := pace.send_budget(now):
            pace.count_sent(room, now)
            waiting += room * 1.5
        now += 0.01
        waiting = max(0.0, waiting - bits / 10 * 0.01)
        assert waiting < 0.15 * bits / 10
