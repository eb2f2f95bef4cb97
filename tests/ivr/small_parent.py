"""A parent for NodeKeeper's tests, as a process that can be killed: `python small_parent.py JOURNAL`.

Prints the port of FastAGI and the node's process id once the node is ready, and then keeps it.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from ivr.parent import Listeners, NodeKeeper

NODE = str(Path(__file__).with_name("small_node.py"))


async def main(journal: str) -> None:
    """Keep the node until somebody kills us."""
    listeners = Listeners.bind("127.0.0.1", 0, 0)
    keeper = NodeKeeper(lambda down: (sys.executable, NODE, journal, "good", down), listeners, 5.0, None)
    task = asyncio.create_task(keeper.keep())
    await keeper.ready.wait()
    print(listeners.fastagi.getsockname()[1], keeper.pid, flush=True)
    await task


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
