"""A conversation that ends in time, whatever is laid over its socket."""

import socket
import threading

import pytest

from alerts.deadline import Deadline


def test_who_reads_when_the_time_is_over_reads_the_end() -> None:
    here, there = socket.socketpair()
    with here, there, Deadline(0.05) as deadline:
        deadline.watch(here)
        assert here.recv(1) == b""
        assert deadline.over


def test_what_takes_the_socket_over_is_hung_up_too() -> None:
    here, there = socket.socketpair()
    with there, Deadline(0.05) as deadline:
        deadline.watch(here)
        with socket.socket(fileno=here.detach()) as taken_over:  # as TLS does
            assert taken_over.recv(1) == b""


def test_what_connects_after_the_time_is_hung_up_at_once() -> None:
    here, there = socket.socketpair()
    with here, there, Deadline(0) as deadline:
        waiting = threading.Event()
        while not deadline.over:
            waiting.wait(0.001)
        deadline.watch(here)
        assert here.recv(1) == b""


def test_what_ends_in_time_is_left_alone() -> None:
    here, there = socket.socketpair()
    with here, there:
        with Deadline(30) as deadline:
            deadline.watch(here)
        there.sendall(b"x")
        assert here.recv(1) == b"x"
        assert not deadline.over


def test_a_closed_socket_is_nothing_to_watch() -> None:
    here, there = socket.socketpair()
    here.close()
    with there, Deadline(30) as deadline:
        deadline.watch(here)


def test_when_both_ends_are_let_go_the_other_side_sees_the_end() -> None:
    here, there = socket.socketpair()
    with there:
        with Deadline(30) as deadline:
            deadline.watch(here)
            here.close()
        assert there.recv(1) == b""


def test_an_error_inside_stops_the_clock() -> None:
    before = threading.active_count()
    with pytest.raises(ValueError, match="inside"), Deadline(30):
        raise ValueError("inside")
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(5)
    assert threading.active_count() <= before
