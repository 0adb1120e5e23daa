"""An HTTP proxy on loopback."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def proxy(reply: bytes = b"HTTP/1.1 200 OK\r\n\r\n", target: int = 0) -> AsyncIterator[tuple[str, list[bytes]]]:
    """An HTTP proxy: it remembers the heads that it was sent, and passes tunnels and calls on to a port here."""
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        heads.append(head)
        if head.startswith(b"CONNECT"):
            writer.write(reply)
            if b" 200 " not in reply:
                writer.close()
                return
        to_reader, to_writer = await asyncio.open_connection("127.0.0.1", target)
        if not head.startswith(b"CONNECT"):
            to_writer.write(head)
        await asyncio.gather(pass_on(reader, to_writer), pass_on(to_reader, writer))

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", heads
    server.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
