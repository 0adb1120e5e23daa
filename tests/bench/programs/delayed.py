"""A line with a delay: run a program on a terminal of its own and pass everything on late, both directions.

delayed.py ROUND_TRIP_MS HOLD_EVERY HOLD_MS REPORT PROGRAM ARG...

Each read is passed on after half of the round trip. Of the reads in a direction every HOLD_EVERY-th (0: none) is held
back for HOLD_MS more, and what follows waits behind it, as behind a lost packet. The file REPORT gets a line for each
read that is passed on: `in` or `out`, the seconds by which the hold made it late, and its bytes in hexadecimal.
"""

import fcntl
import os
import pty
import select
import sys
import termios
import time
import tty
from collections import deque

round_trip, hold_every, hold = float(sys.argv[1]) / 1000, int(sys.argv[2]), float(sys.argv[3]) / 1000
report = open(sys.argv[4], "w", buffering=1)  # noqa: SIM115 - as long as the program
size = fcntl.ioctl(0, termios.TIOCGWINSZ, bytes(8))
pid, inner = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execvp(sys.argv[5], sys.argv[5:])
fcntl.ioctl(inner, termios.TIOCSWINSZ, size)
tty.setraw(0)


class Direction:
    """One direction: where bytes come from, where they go, and those on the way with the time when they are due."""

    def __init__(self, name: str, source: int, target: int) -> None:
        self.name, self.source, self.target = name, source, target
        self.queue: deque[tuple[float, float, bytes]] = deque()
        self.reads = 0

    def take(self) -> bool:
        """Read once; False when the source has ended."""
        try:
            data = os.read(self.source, 1 << 16)
        except OSError:
            return False
        self.reads += 1
        extra = hold if hold_every and self.reads % hold_every == 0 else 0.0
        steady = time.monotonic() + round_trip / 2
        due = max(steady + extra, self.queue[-1][0] if self.queue else 0.0)
        self.queue.append((due, due - steady, data))
        return bool(data)

    def deliver(self) -> None:
        """Write what is due."""
        while self.queue and self.queue[0][0] <= time.monotonic():
            _, late, data = self.queue.popleft()
            print(self.name, late, data.hex(), file=report)
            while data:
                data = data[os.write(self.target, data) :]


directions = (Direction("in", 0, inner), Direction("out", inner, 1))
running = True
while running or directions[1].queue:
    due = [direction.queue[0][0] for direction in directions if direction.queue]
    wait = max(0.0, min(due) - time.monotonic()) if due else None
    ready, _, _ = select.select([direction.source for direction in directions] if running else [], [], [], wait)
    for direction in directions:
        if direction.source in ready and not direction.take():
            running = False
        direction.deliver()
