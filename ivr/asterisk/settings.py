"""The settings of Asterisk: field names, meanings, and what is refused before it can reach a configuration file.

Every text that ends up in one of Asterisk's files is checked here against a short alphabet: a value that could end a
line, start a comment or open an expression never gets as far as a template.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
#: Sections of pjsip.conf that are ours; a member of that name would be merged with them.
_RESERVED = frozenset(
    (
        *("carrier", "global", "system", "carrier-identify", "transport-udp", "transport-tcp"),
        *("registration", "registration-identify"),
    )
)
_SIP_URI = re.compile(
    r"sips?:(?:[A-Za-z0-9._+*-]{1,64}@)?[A-Za-z0-9.-]{1,253}(?::\d{1,5})?(?:;transport=(?:udp|tcp|tls))?"
)
_SECRET = re.compile(r"[A-Za-z0-9._~!@%^*+=:?/-]{8,128}")
_WEAKEST_SECRET = 8


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must begin with a letter, then letters, digits, - or _, 32 at most, such as p101")
    if value.lower() in _RESERVED:
        raise ValueError("is a name that Asterisk's own sections bear; take another, such as p101")
    return value


def _sip_uri(value: str) -> str:
    if not _SIP_URI.fullmatch(value):
        raise ValueError(
            "must be a SIP address such as sip:p101@192.0.2.10:5060 or sip:12345@192.0.2.20;transport=tcp"
        )
    return value


def _secret(value: SecretStr) -> SecretStr:
    if not _SECRET.fullmatch(value.get_secret_value()):
        raise ValueError(
            f"must have {_WEAKEST_SECRET} to 128 characters out of letters, digits and . _ ~ ! @ % ^ * + = : ? / - "
            "(Asterisk's files give others a meaning of their own)"
        )
    return value


def _network(value: str) -> str:
    try:
        network = ipaddress.ip_network(value, strict=True)
    except ValueError as error:
        raise ValueError(
            f"must be an address or a network such as 192.0.2.7 or 192.0.2.0/24 ({error})"
        ) from None
    if network.prefixlen == 0:
        raise ValueError("would let the whole world in as the carrier; name the carrier's own addresses")
    return value


def _address(value: str) -> str:
    try:
        return str(ipaddress.IPv4Address(value))
    except ValueError:
        raise ValueError(
            "must be an IPv4 address such as 127.0.0.1, or 0.0.0.0 for all of this machine's"
        ) from None


Name = Annotated[str, AfterValidator(_name)]
SipUri = Annotated[str, AfterValidator(_sip_uri)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
CarrierAddress = Annotated[str, AfterValidator(_network)]
Address = Annotated[str, AfterValidator(_address)]
Port = Annotated[int, Field(ge=1024, le=65535)]


class Member(BaseModel):
    """A phone that takes calls of a queue: at a fixed address, or registering with a password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name = Field(description="user name of the phone, and its name on the screens")
    uri: SipUri | None = Field(
        None, description="fixed address of the phone, such as sip:p101@192.0.2.10:5060"
    )
    password: Secret | None = Field(None, description="the phone registers with its name and this password")

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if (self.uri is None) == (self.password is None):
            raise ValueError(
                "needs either uri (a phone at a fixed address) or password (a phone that registers)"
            )
        return self

    @property
    def interface(self) -> str:
        """As queues and Dial name it."""
        return f"PJSIP/{self.name}"


class AsteriskSettings(BaseModel):
    """The section `asterisk:` of config.yaml. The defaults run a whole demonstration on one machine's loopback."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    binary: Path | Literal["auto"] = Field(
        "auto",
        description="path of an asterisk program; auto: $ASTERISK_BIN, PATH, else a private one is installed",
    )
    data: Path = Field(
        Path("var/asterisk"), description="folder for the private Asterisk, its configuration and logs"
    )
    dialplans: Path = Field(Path("dialplans"), description="folder of the dialplan files that admins edit")
    user: Name | None = Field(
        None,
        description="system user to run as when started by root; empty: asterisk if there is one, else nobody",
    )
    bind_address: Address = Field(
        "127.0.0.1", description="address of this machine that SIP and RTP are taken on"
    )
    sip_port: Port = Field(5110, description="SIP over UDP and TCP")
    rtp_start: Port = Field(21000, description="first UDP port of the callers' and agents' audio; even")
    rtp_end: Port = Field(21999, description="last UDP port of the audio; a call uses four")
    ami_port: Port = Field(5138, description="Asterisk Manager Interface; loopback only")
    ami_user: Name = Field("minsheng110", description="AMI user name")
    ami_secret: Secret | None = Field(None, description="AMI password; empty: made once, kept below `data`")
    server_address: Address = Field("127.0.0.1", description="where Asterisk reaches FastAGI and AudioSocket")
    fastagi_port: Port = Field(4510, description="FastAGI server")
    audiosocket_port: Port = Field(9110, description="AudioSocket server")
    carriers: tuple[CarrierAddress, ...] = Field(
        ("127.0.0.1",), min_length=1, description="addresses or networks that the carrier's calls come from"
    )
    police_lines: int = Field(
        30, ge=1, le=10000, description="lines of 110; a call beyond them skips the listening"
    )
    police: tuple[Member, ...] = Field(
        (Member(name="p101", uri="sip:p101@127.0.0.1:5581", password=None),),
        min_length=1,
        description="dispatchers of 110",
    )
    minsheng: tuple[Member, ...] = Field(
        (Member(name="m201", uri="sip:m201@127.0.0.1:5582", password=None),), description="agents of 民生110"
    )
    police_ring_s: int = Field(
        20, ge=5, le=120, description="how long dispatchers' phones ring before they ring anew"
    )
    police_round_s: int = Field(
        90,
        ge=20,
        le=600,
        description="after so long unanswered in the queue, a call joins it anew, one place further in front",
    )
    minsheng_ring_s: int = Field(
        15, ge=5, le=120, description="how long an agent's phone rings before the next try"
    )
    minsheng_wait_s: int = Field(
        60, ge=10, le=600, description="unanswered for so long, a livelihood call goes to police"
    )
    minsheng_strategy: Literal["ringall", "rrmemory", "leastrecent", "fewestcalls", "random"] = Field(
        "ringall", description="which agents' phones ring: all at once, or one after the other"
    )
    minsheng_trunk: SipUri | None = Field(
        None,
        description="hand livelihood calls back to the carrier by SIP REFER to this address, freeing the trunk",
    )

    @field_validator("binary", mode="before")
    @classmethod
    def _auto_or_path(cls, value: object) -> object:
        return "auto" if value in (None, "") else value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [member.name.lower() for member in (*self.police, *self.minsheng)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"each phone needs a name of its own; used twice: {', '.join(twice)}")
        ports = {"sip_port": self.sip_port, "ami_port": self.ami_port}
        ports |= {"fastagi_port": self.fastagi_port, "audiosocket_port": self.audiosocket_port}
        if len(set(ports.values())) < len(ports):
            raise ValueError(f"these ports must differ: {', '.join(f'{k}={v}' for k, v in ports.items())}")
        if self.rtp_start % 2 or self.rtp_end - self.rtp_start < 3:
            raise ValueError("rtp_start must be even, and rtp_end at least 3 above it")
        if self.rtp_start <= self.sip_port <= self.rtp_end:
            raise ValueError("sip_port must lie outside rtp_start … rtp_end: both are UDP")
        return self

    def anchored(self, folder: Path) -> AsteriskSettings:
        """The same with its relative paths counted from `folder`, so that nothing depends on where we are run."""
        binary = self.binary if self.binary == "auto" else (folder / self.binary).resolve()
        return self.model_copy(
            update={
                "binary": binary,
                "data": (folder / self.data).resolve(),
                "dialplans": (folder / self.dialplans).resolve(),
            }
        )

    @property
    def fastagi_url(self) -> str:
        """Address of the FastAGI server as the dialplan calls it."""
        return f"agi://{self.server_address}:{self.fastagi_port}"
