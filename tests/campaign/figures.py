"""The figures: what each shows, which function finds it out, and how many trials each size makes."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

SIZES = ("gate", "note", "large")
_SHM = Path("/dev/shm")
MEMORY = _SHM if os.access(_SHM, os.W_OK) else None
"""Where processes are killed, a file system in memory: a killed process loses what it would lose on a disk."""


@dataclass(frozen=True)
class Result:
    """What a figure found: trials, those of them that broke the promise, and whether the control was caught at it."""

    count: int
    bad: int
    words: str
    control: str
    caught: bool

    @property
    def met(self) -> bool:
        return self.count > 0 and self.bad == 0 and self.caught


@dataclass(frozen=True)
class Figure:
    """One promise: what is tried, the function (`module.name` here) that tries it, and how often by size."""

    shows: str
    function: str
    gate: int
    note: int
    large: int

    def run(self, size: str, seed: int) -> Result:
        module, _, name = self.function.rpartition(".")
        # Only the module that is needed: what forks and measures memory wants a small process.
        function: Callable[[int, int], Result] = getattr(import_module(f"tests.campaign.{module}"), name)
        return function(getattr(self, size), seed)


FIGURES = {
    "G1": Figure("writers killed at random moments", "kills.at_random", 100, 2_000, 10_000),
    "G2": Figure("each system call of a write fails", "calls.at_every_call", 2, 8, 8),
    "G4": Figure("8 processes write at once", "together.at_once", 50, 1_000, 1_000),
    "G5": Figure("random histories with crashes", "histories.runs", 6, 2_000, 10_000),
    "G6": Figure("damaged files are named by kind", "damaged.files", 1, 1, 1),
    "G7": Figure("changed, moved and cut envelopes", "envelopes.change", 1, 100, 1_000),
    "G8": Figure("vectors opened by another library", "envelopes.vectors", 1, 1, 1),
    "G9": Figure("rotations of a key pair killed", "rotation.kill_rotations", 3, 500, 5_000),
    "G10": Figure("secrets looked for in every place", "leaks.scan", 1, 2, 2),
    "G11": Figure("handlers and workers that raise", "crashes.sites", 2, 0, 0),
    "G12": Figure("hostile texts in every place of the console", "hostile.on_a_terminal", 50, 10_000, 50_000),
    "G13": Figure("texts that look like markup", "markup.as_text", 200, 10_000, 100_000),
    "G14": Figure("streams cut anywhere, against the standards", "decoders.streams", 8_000, 1_000_000, 10_000_000),
    "G16": Figure("redirects to a second server", "network.redirects", 6, 100, 100),
    "G17": Figure("answers given up at random moments", "network.cancels", 100, 1_000, 10_000),
    "G18": Figure("answers too large, or without end", "sizes.floods", 4, 64, 64),
    "G20": Figure("signals in every state of the console", "endings.signals", 6, 36, 720),
    "G21": Figure("windows of any size, a megabyte pasted", "windows.of_any_size", 8, 1_000, 10_000),
    "G22": Figure("loose modes, other owners, links; a stranger", "permissions.matrix", 12, 72, 72),
    "G23": Figure("the loop's turns beside keys and writes", "turns.delays", 1, 10, 50),
    "G24": Figure("addresses that nobody entered", "trust.origins", 6, 228, 228),
    "G25": Figure("public keys that were swapped", "trust.public_keys", 6, 96, 288),
    "G26": Figure("secrets that an answer repeats", "echoes.echoed", 60, 600, 2_200),
    "G27": Figure("labels × bodies × calls", "answers.labels", 60, 2_000, 20_000),
    "G28": Figure("ends of answers × dialects", "answers.ends", 40, 600, 6_000),
    "G29": Figure("batches killed, limited and cut", "batches.kill_batches", 6, 1_000, 5_000),
    "G30": Figure("sessions killed that record chats, sealed", "recording.kill_writers", 10, 100, 10_000),
    "S1": Figure("50 writers of two hosts save one tenant", "shared.saves.at_once", 50, 1_000, 10_000),
    "S2": Figure("saves cut after each byte of some", "shared.saves.cut", 24, 200, 3_000),
    "S3": Figure("servers killed, and replaced by a standby", "shared.outages.failovers", 1, 2, 40),
    "S4": Figure("a host cut off, in seconds", "shared.outages.partition", 2, 60, 60),
    "S5": Figure("requests of a trial by hosts that die", "shared.trials.across_hosts", 80, 8_000, 100_000),
    "S6": Figure("clocks of a host off by hours", "shared.clocks.wrong", 2, 8, 100),
    "S7": Figure("saves known behind a pooler", "shared.listeners.pooled", 2, 20, 200),
    "S8": Figure("saves known to a deaf listener", "shared.listeners.deaf", 2, 20, 200),
    "S9": Figure("each role tries each verb", "shared.roles.matrix", 1, 2, 10),
    "S10": Figure("rows changed by their owner", "shared.people.rows", 2, 30, 300),
    "S11": Figure("removals of an operator killed", "shared.people.removals", 1, 100, 100),
    "S12": Figure("schemas brought up while clients save", "shared.migrations.from_every_schema", 1, 2, 50),
    "S13": Figure("outages in states of a console", "shared.consoles.outages", 1, 4, 40),
    "S14": Figure("secrets looked for in all a server keeps", "shared.leaks.server", 1, 2, 20),
    "S15": Figure("histories of one register", "shared.saves.histories", 4, 40, 2_000),
    "S16": Figure("G4 on a shared store", "together.at_once_in_postgres", 10, 200, 1_000),
    "S17": Figure("G24 on a shared store", "shared.workspaces.origins", 3, 60, 228),
    "S18": Figure("G25 on a shared store", "shared.workspaces.public_keys", 3, 60, 288),
}
"""By goal."""
