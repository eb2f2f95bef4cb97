"""The five callers of the demonstration. The voices are synthetic and were never trained on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ivr.softphone.pidf import Circle, CivicAddress
from triage.decision import Route

VOICES = Path(__file__).parent / "voices"


@dataclass(frozen=True, slots=True)
class DemoCall:
    """One caller: what is done on the line, and where the call has to arrive."""

    key: str
    title: str
    number: str
    route: Route
    spoken: str = ""
    """What the voice file says; empty: no words."""
    voice: str = "f5"
    keys: str = ""
    """Pressed once the greeting plays."""
    sounds: bool = True
    """False: the caller says nothing at all."""
    location: Circle | CivicAddress | None = None
    """Sent along by the network, as PIDF-LO."""

    @property
    def wav(self) -> Path:
        """The voice, 8 kHz mono."""
        return VOICES / f"{self.key}.wav"


@dataclass(frozen=True, slots=True)
class DemoMember:
    """One of the two phones that answer."""

    name: str
    spoken: str
    voice: str

    @property
    def wav(self) -> Path:
        """What is said on answering, 8 kHz mono."""
        return VOICES / f"{self.name}.wav"


DISPATCHER = DemoMember("p101", "您好，幺幺零接警台，请讲", "f2")
AGENT = DemoMember("m201", "您好，民生幺幺零，请讲", "f2")

CALLS = (
    DemoCall(
        "robbery",
        "抢劫",
        "13800110001",
        Route.POLICE,
        "救命啊，我在五一路被人抢劫了，他手里拿着刀",
        location=Circle(27.34063, 117.49254, 30),
    ),
    DemoCall(
        "burst_pipe",
        "水管爆裂",
        "13800110002",
        Route.MINSHENG,
        "你好，我家水管爆裂了，水一直往外流，能不能派人来修一下",
        voice="m7",
        location=CivicAddress("福建省", "南平市", "邵武市", "五一路", "88", "阳光小区"),
    ),
    DemoCall(
        "silence",
        "不出声",
        "13800110003",
        Route.POLICE,
        sounds=False,
        location=Circle(27.33412, 117.48803, 120),
    ),
    DemoCall(
        "key",
        "按键",
        "13800110004",
        Route.POLICE,
        keys="1",
        sounds=False,
        location=Circle(27.33101, 117.49911, 50),
    ),
    DemoCall("mumbling", "听不清", "13800110005", Route.POLICE, location=Circle(27.35002, 117.47756, 300)),
)
