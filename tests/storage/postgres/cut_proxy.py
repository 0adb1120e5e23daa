"""A proxy before a server's socket that counts bytes, cuts the connection at a chosen one, or lets nothing through."""

import contextlib
import socket
import tempfile
import threading
from pathlib import Path


class CutProxy:
    """Passes bytes on until so many were sent, or before any more is answered; what comes later passes."""

    def __init__(self, target: Path, port: int = 5432) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="md-cut-", dir="/tmp"))
        self._target = str(target / f".s.PGSQL.{port}")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self.sent = self.received = 0
        self.cuts = self.refusals = 0
        self._after: int | None = None
        self._mute = False
        self._refuses = False
        self._passing = threading.Event()
        self._passing.set()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, count: int) -> None:
        """Cut once, after so many more bytes to the server."""
        self.sent, self._after = 0, count

    def cut_answer_after(self, count: int) -> None:
        """Cut once, when the server answers after so many more bytes were sent."""
        self.sent, self._after, self._mute = 0, count, True

    def refuse(self) -> None:
        """Cut all connections, and every new one, until `heal`."""
        self._refuses = True
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def swallow(self) -> None:
        """Let nothing through until `heal`, as a network does that has lost its route."""
        self._passing.clear()

    def heal(self) -> None:
        """Let everything through again."""
        self._refuses = False
        self._passing.set()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()
        self.refuse()
        self._passing.set()
        with contextlib.suppress(OSError):
            (self.folder / ".s.PGSQL.5432").unlink()
            self.folder.rmdir()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._refuses:
                    self.refusals += 1
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                self._open |= {client, server}
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                self._passing.wait()
                if self._after is not None and not self._mute and self.sent + len(data) > self._after:
                    server.sendall(data[: self._after - self.sent])
                    self._cut(client, server)
                    return
                self.sent += len(data)
                server.sendall(data)
        self._end(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                self._passing.wait()
                if self._mute and self._after is not None and self.sent >= self._after:
                    self._cut(client, server)
                    return
                self.received += len(data)
                client.sendall(data)
        self._end(client, server)

    def _cut(self, *ends: socket.socket) -> None:
        self._after, self._mute = None, False
        self.cuts += 1
        self._end(*ends)

    def _end(self, *ends: socket.socket) -> None:
        for end in ends:
            self._open.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
