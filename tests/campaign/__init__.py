"""The campaign: the promises of the security model, each tried many times and shown against a control that fails.

    python -m tests.campaign                    the sizes of the gate, a few minutes
    python -m tests.campaign --size note G1 G4  larger sizes, some of the figures
    python -m tests.campaign --size large --background
    python -m tests.campaign S1 S15             those of a shared store, which need PostgreSQL

A figure is one function `(count, seed) -> Result` in a module here; `FIGURES` says which, and how many times at which
size. Its control is the same search where the promise is not kept: stock TinyDB, stock Textual, a path without the
guard. A figure is met when nothing was bad and the control was caught.
"""
