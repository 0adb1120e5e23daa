"""Attach to the chat what `modeldeck attach` hands over."""

import asyncio

from tui.console.frame.navigator import Questions
from tui.console.playground.question import Composer
from tui.errors import Problem
from tui.storage.folder import DiskFolder
from tui.workspace.playground.attachments import inbox
from tui.workspace.playground.attachments.files import of_content

INTERVAL = 0.5
"""Seconds between looks into the folder."""


async def collect(folder: DiskFolder, composer: Composer, dialogs: Questions) -> None:
    """Attach the files of the folder to the question, and say so."""
    for file in await asyncio.to_thread(inbox.collect, folder):
        try:
            composer.attach(*composer.files, of_content(file.content, file.name, file.path))
            dialogs.toast(f"{file.name} is attached to the chat.")
        except Problem as problem:
            dialogs.toast(problem.message)
