"""A program that logs as the system does: `python logging_program.py LEVEL`. Its standard error is what is tested."""

import asyncio
import logging
import sys

import structlog

from ivr.logs import log_to_stderr

log = structlog.get_logger("ivr.test")


def fail(said: str) -> None:
    """A local variable holds what the caller said; the exception does not."""
    secret = f"身份证号 {said}"
    raise ValueError(f"nothing of {len(secret)} characters")


async def lost_task() -> None:
    """An error that only asyncio knows of."""

    async def broken() -> None:
        raise RuntimeError("nobody awaits me")

    task = asyncio.get_running_loop().create_task(broken())
    await asyncio.wait({task})


log_to_stderr(sys.argv[1])
with structlog.contextvars.bound_contextvars(call_id="c-1"):
    log.debug("call.detail")
    log.info("call.decided", route="minsheng", label="供水", text="水管\n爆了\x1b[2J")
    try:
        fail("350781199001010000")
    except ValueError:
        log.exception("call.fault")
log.error("call.after")
logging.getLogger("some.library").warning("its %s", "words")
logging.getLogger("some.library").info("its chatter")
asyncio.run(lost_task())
