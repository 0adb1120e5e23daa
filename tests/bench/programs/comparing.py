"""httpx alone: four streamed answers at once to stdout, its CPU seconds to stderr: comparing.py BASE_URL."""

import asyncio
import sys
import time

import httpx


async def read(client: httpx.AsyncClient, model: str) -> None:
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    async with client.stream("POST", sys.argv[1] + "/chat/completions", json=body) as reply:
        async for data in reply.aiter_bytes():
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()


async def read_all() -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        began = time.process_time()
        await asyncio.gather(*(read(client, f"model-{number}") for number in range(4)))
        print(time.process_time() - began, file=sys.stderr)


asyncio.run(read_all())
