"""The least Textual program that streams a chat answer, with Textual's own MarkdownStream: markdown.py BASE_URL."""

import json
import sys

import httpx
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Footer, Input, Markdown, Static


class Streaming(App[None]):
    """Shows READY, asks once, and shows STREAM-OVER."""

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="log"):
            yield Markdown(id="answer")
        yield Input()
        yield Static("READY", id="state")
        yield Footer()

    async def on_mount(self) -> None:
        self.query_one("#log").anchor()
        self.run_worker(self.ask())

    async def ask(self) -> None:
        stream = Markdown.get_stream(self.query_one("#answer", Markdown))
        body = {"model": "paced", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream("POST", sys.argv[1] + "/chat/completions", json=body) as reply,
        ):
            async for line in reply.aiter_lines():
                if line.startswith("data: {"):
                    choices = json.loads(line[6:])["choices"]
                    if choices and (text := choices[0]["delta"].get("content")):
                        await stream.write(text)
        await stream.stop()
        self.query_one("#state", Static).update("STREAM-OVER")


Streaming().run()
