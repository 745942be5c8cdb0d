"""What is shown once is taken once, and is not kept for long."""

from api.once import Once


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_a_value_is_taken_once_by_its_token():
    once = Once()
    first, second = once.put("one"), once.put("two")
    assert first != second and once.take("none") is None
    assert (once.take(second), once.take(second), once.take(first)) == ("two", None, "one")


def test_what_nobody_takes_is_let_go():
    clock = Clock()
    once = Once(clock)
    old = once.put("old")
    clock.now = 200
    young = once.put("young")
    clock.now = 300
    assert (once.take(old), once.take(young)) == (None, "young")


def test_no_more_than_a_hundred_are_kept():
    once = Once()
    tokens = [once.put(n) for n in range(101)]
    assert [once.take(token) for token in tokens] == [None, *range(1, 101)]
