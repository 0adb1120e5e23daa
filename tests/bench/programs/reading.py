"""httpx alone: reads the bytes of one streamed answer and prints the CPU seconds of that: reading.py BASE_URL."""

import asyncio
import sys
import time

import httpx


async def read() -> None:
    body = {"model": "paced", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    async with httpx.AsyncClient(timeout=60) as client:
        began = time.process_time()
        async with client.stream("POST", sys.argv[1] + "/chat/completions", json=body) as reply:
            async for _ in reply.aiter_bytes():
                pass
        print(time.process_time() - began)


asyncio.run(read())
