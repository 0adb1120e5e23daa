"""More random sessions than the gate has: python -m tests.display [--sessions N] [--from SEED] [--keys N] [--size CxR]

Each prints its seed, size and frames; the first that shows something else than Textual would have ends it by an error.
"""

import argparse
import asyncio

from tests.display.sessions import SIZES, session


def main() -> None:
    """Run them one after the other, in every size unless one is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.display")
    parser.add_argument("--sessions", type=int, default=20, help="for each size")
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="SEED")
    parser.add_argument("--keys", type=int, default=200, help="in each session")
    parser.add_argument("--size", help="columns and rows, as 80x24")
    args = parser.parse_args()
    sizes = [tuple(map(int, args.size.split("x")))] if args.size else SIZES
    for seed in range(args.first, args.first + args.sessions):
        for columns, rows in sizes:
            print(f"seed {seed}, {columns}×{rows}: ", end="", flush=True)
            print(f"{asyncio.run(session(seed, (columns, rows), args.keys)):,} frames", flush=True)


if __name__ == "__main__":
    main()
