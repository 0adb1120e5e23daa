"""httpx alone: copies the bytes of one streamed answer to stdout, its CPU seconds to stderr: reading.py BASE_URL."""

import asyncio
import sys
import time

import httpx


async def read() -> None:
    body = {"model": "paced", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    async with httpx.AsyncClient(timeout=60) as client:
        began = time.process_time()
        async with client.stream("POST", sys.argv[1] + "/chat/completions", json=body) as reply:
            async for data in reply.aiter_bytes():
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
        print(time.process_time() - began, file=sys.stderr)


asyncio.run(read())
