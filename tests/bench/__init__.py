"""What a person at the far end of a slow line gets: bytes, seconds, CPU and memory, beside named baselines.

    python -m tests.bench [--runs 5] [--over ssh|tmux|ssh+tmux] [--size 120x40] [--baud N] [ROW…]
    python -m tests.bench lines [--runs 1] [--over …] [--size …] [--baud N]
    python -m tests.bench flat flat-cpu flat-echo      1,000 answers, which take minutes
    python -m tests.bench shared                       a shared store, which needs PostgreSQL

Each figure is the median of the runs, and its baseline is measured in the same run. Nothing here is part of the tests:
times on a shared machine are to be looked at, not to be asserted.

    lines      the second table: how long keys wait on a slow line, and whether anything is lost on the way
    rows       the table as data: what is measured, against what, and the goal
    sessions   one function a program that is measured; each gives figures by name
    commands   the same for commands beside other programs
    scale      the CPU of commands at n and at 2n
    shared_store   saves in PostgreSQL
    ahead      keys typed ahead of the screens they are meant for
    terminals  a terminal that knows what the program in it costs
    homes      settings to start from: one tenant, a thousand, many models
    server     answers at a fixed pace; programs/ the baselines, each the least code that does the job
"""
