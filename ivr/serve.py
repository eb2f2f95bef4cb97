"""The running system as its parent process sees it: Asterisk, the listening ports, the node."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from ivr.asterisk.errors import AsteriskError
from ivr.asterisk.install import ensure
from ivr.asterisk.keeper import AsteriskKeeper
from ivr.asterisk.layout import Account
from ivr.asterisk.render import render
from ivr.asterisk.run import Asterisk
from ivr.config import Config
from ivr.errors import NodeFailed
from ivr.parent import Listeners, NodeKeeper, node_command
from ivr.prompts import folder_for_asterisk

log = structlog.get_logger(__name__)

NODE_READY_WITHIN_S = 120.0
ASTERISK_READY_WITHIN_S = 60.0
_CALLS_END_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Serving:
    """What runs."""

    config: Config
    node: NodeKeeper
    asterisk: AsteriskKeeper | None

    @property
    def sip_address(self) -> tuple[str, int]:
        """Where 110 is dialled."""
        return self.config.sip_address


@asynccontextmanager
async def serving(
    config: Config,
    *,
    config_path: Path | None = None,
    with_asterisk: bool = True,
    leave_asterisk: bool = False,
    log_to: Path | None = None,
    without_node: bool = False,
    progress: Callable[[str], None] = lambda _line: None,
) -> AsyncIterator[Serving]:
    """Run the whole system inside the `async with`; ready when it is entered.

    `leave_asterisk`: do not stop Asterisk at the end, so that calls in progress go on (a restart adopts it).
    `log_to`: file for the node's log instead of standard error. `without_node`: go on when the node does not become
    ready: the dialplan alone brings every caller to police, and the node is tried again and again.
    Raises AsteriskError, NodeFailed, OSError.
    """
    async with AsyncExitStack() as stack:
        config.data_dir.mkdir(parents=True, exist_ok=True)
        settings = config.asterisk
        listeners = Listeners.bind(settings.server_address, settings.fastagi_port, settings.audiosocket_port)
        stack.callback(listeners.close)
        log_file: int | None = None
        if log_to is not None:
            log_to.parent.mkdir(parents=True, exist_ok=True)
            log_file = os.open(log_to, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
            stack.callback(os.close, log_file)
        asterisk: AsteriskKeeper | None = None
        if with_asterisk:
            asterisk = AsteriskKeeper(await asyncio.to_thread(_prepare_asterisk, config, progress))
            if not leave_asterisk:
                stack.push_async_callback(asyncio.to_thread, asterisk.asterisk.stop, _CALLS_END_WITHIN_S)
        progress("启动服务……")
        if asterisk is not None:
            await _keep(stack, asterisk.keep(), asterisk.ready, ASTERISK_READY_WITHIN_S, "Asterisk")
        node = NodeKeeper(node_command(config_path), listeners, config.watchdog_s, log_file)
        try:
            await _keep(stack, node.keep(), node.ready, NODE_READY_WITHIN_S, "the node")
        except NodeFailed as failed:
            if not without_node:
                raise
            log.critical("node.missing", error=str(failed), calls="all go straight to police")
            progress("分流服务没有就绪，所有来电直接转警察；原因见日志，系统会不断重试。")
        yield Serving(config, node, asterisk)


def _prepare_asterisk(config: Config, progress: Callable[[str], None]) -> Asterisk:
    """Install what is missing and write the configuration; a running one takes it over at once."""
    settings = config.asterisk
    install = ensure(settings, progress=progress)
    account = Account.choose(settings.user)
    rendered = render(settings, install, account, prompts=folder_for_asterisk(config.prompts.folder))
    asterisk = Asterisk(install, settings, account)
    if rendered.changed and rendered.layout.control_socket.exists():
        try:
            asterisk.reload()
        except AsteriskError as error:
            log.info("asterisk.not_reloaded", reason=str(error))
        else:
            if rendered.needs_restart:
                log.warning("asterisk.restart_needed", changed=sorted(rendered.changed))
    return asterisk


async def _keep(
    stack: AsyncExitStack,
    keep: Coroutine[None, None, None],
    ready: asyncio.Event,
    limit_s: float,
    what: str,
) -> None:
    """Run a keeper as a task of the stack's and wait until it is ready. Raises NodeFailed."""
    task = asyncio.create_task(keep)
    task.add_done_callback(_report)

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    waiting = asyncio.create_task(ready.wait())
    done, _ = await asyncio.wait({task, waiting}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task in done:
        task.result()
    if not ready.is_set():
        raise NodeFailed(f"{what} did not become ready within {limit_s:g} s; its log says why")


def _report(keeper: asyncio.Task[None]) -> None:
    """A keeper only ends when it is cancelled; if it ever fails, that must not pass unnoticed."""
    if not keeper.cancelled() and (error := keeper.exception()) is not None:
        log.critical("keeper.failed", error=repr(error))
