"""A proxy before a server's socket that counts bytes and cuts the connection at a chosen one."""

import contextlib
import socket
import tempfile
import threading
from pathlib import Path


class CutProxy:
    """Passes bytes on until so many were sent, or before any more is answered; what comes later passes."""

    def __init__(self, target: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="md-cut-", dir="/tmp"))
        self._target = str(target / ".s.PGSQL.5432")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self._listener.listen()
        self.sent = 0
        self.cuts = 0
        self._after: int | None = None
        self._mute = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_after(self, count: int) -> None:
        """Cut once, after so many more bytes to the server."""
        self.sent, self._after = 0, count

    def cut_answer_after(self, count: int) -> None:
        """Cut once, when the server answers after so many more bytes were sent."""
        self.sent, self._after, self._mute = 0, count, True

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()
        with contextlib.suppress(OSError):
            (self.folder / ".s.PGSQL.5432").unlink()
            self.folder.rmdir()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
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
                if self._mute and self._after is not None and self.sent >= self._after:
                    self._cut(client, server)
                    return
                client.sendall(data)
        self._end(client, server)

    def _cut(self, *ends: socket.socket) -> None:
        self._after, self._mute = None, False
        self.cuts += 1
        self._end(*ends)

    def _end(self, *ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
