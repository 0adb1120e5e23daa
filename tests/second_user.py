"""Work done by another user of this machine. Root forks and becomes that user; without root it is the same user."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

OTHER = 65_534


def become(user: int) -> None:
    """Become that user for good, where that is allowed."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def output_as(user: int, work: Callable[[], str]) -> str:
    """What `work` answers when that user does it in a process of its own; `Kind: text` of what it raises."""
    with running_as(user, work) as (_, text):
        return text


@contextmanager
def running_as(user: int, work: Callable[[], str]) -> Iterator[tuple[int, str]]:
    """The number of a process of that user, and what `work` said in it; it stays until the end."""
    reading, writing = os.pipe()
    waiting, ending = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            become(user)
            text = work()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}"
        os.write(writing, text.encode() + b"\n")
        os.close(ending)
        os.read(waiting, 1)
        os._exit(0)
    os.close(writing)
    os.close(waiting)
    try:
        with os.fdopen(reading, "rb") as answer:
            yield pid, answer.readline().decode().rstrip("\n")
    finally:
        os.close(ending)
        os.waitpid(pid, 0)
