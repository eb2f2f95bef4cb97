"""Keeping an agent known to Asterisk: REGISTER, its refreshing, its end (RFC 3261 §10)."""

import asyncio
import contextlib
import secrets

import structlog

from ivr.softphone.address import NameAddr, SipUri, parameters
from ivr.softphone.dialog import Dialog
from ivr.softphone.digest import Credentials
from ivr.softphone.endpoint import Address, SipEndpoint
from ivr.softphone.errors import RegistrationFailed
from ivr.softphone.message import SipResponse

REFRESH_SHARE = 0.8  # of the lifetime; what is left is for repetitions
RETRY_S = 2.0  # after a refresh that failed
GOODBYE_S = 1.0  # how long close() waits for the registrar
_log = structlog.get_logger(__name__)


class Registration:
    """One contact at one registrar, kept alive until close()."""

    def __init__(
        self,
        endpoint: SipEndpoint,
        registrar: Address,
        credentials: Credentials,
        lifetime_s: int = 300,
    ) -> None:
        host, port = endpoint.local
        self.refreshes = 0
        self._endpoint = endpoint
        self._registrar = registrar
        self._credentials = credentials
        self._lifetime_s = lifetime_s
        us = NameAddr(str(SipUri(*registrar, user=credentials.user)))
        self._dialog = Dialog.calling(us, us, str(SipUri(host, port, credentials.user)))
        self._dialog.target = str(SipUri(*registrar))
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Register and keep registered. Raises RegistrationFailed."""
        granted_s = await self._register(self._lifetime_s)
        self._task = asyncio.get_running_loop().create_task(
            self._refresh(granted_s), name=f"registration-{secrets.token_hex(2)}"
        )

    async def close(self) -> None:
        """Stop refreshing and say goodbye."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        with contextlib.suppress(TimeoutError, RegistrationFailed):
            async with asyncio.timeout(GOODBYE_S):
                await self._register(0)

    async def _register(self, lifetime_s: int) -> float:
        """Register for that long and return what was granted, in seconds. Raises RegistrationFailed."""
        request = self._dialog.request("REGISTER", [("Expires", str(lifetime_s))])
        sent, response = await self._endpoint.ask(request, self._registrar, self._credentials)
        if sent is not request:
            self._dialog.local_sequence += 1
        if response.code >= 300:
            raise RegistrationFailed(response.code, response.reason)
        return self._granted_s(response, lifetime_s)

    def _granted_s(self, response: SipResponse, asked_s: int) -> float:
        for contact in response.headers.every("Contact"):
            address, _, rest = contact.partition(">")
            if self._dialog.contact in address:
                value = parameters(rest).get("expires", "")
                if value.isascii() and value.isdigit():
                    return float(value)
        value = response.headers.get("Expires")
        return float(value) if value.isascii() and value.isdigit() else float(asked_s)

    async def _refresh(self, granted_s: float) -> None:
        pause_s = granted_s * REFRESH_SHARE
        while True:
            await asyncio.sleep(pause_s)
            try:
                pause_s = await self._register(self._lifetime_s) * REFRESH_SHARE
                self.refreshes += 1
            except RegistrationFailed as error:
                _log.warning("registration.failed", code=error.code, reason=error.reason)
                pause_s = RETRY_S
