"""One demonstration call held against what it should have come to."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.demo.calls import DemoCall
from ivr.story import Story
from triage.decision import Route

_QUEUES = {Route.POLICE: "police", Route.MINSHENG: "minsheng"}


@dataclass(frozen=True, slots=True)
class Answered:
    """What the phone that answered saw and heard, and what the caller heard of it."""

    display_name: str
    location_header: str
    pidf_lo: bytes
    member_heard_caller: bool
    caller_heard_member: bool


@dataclass(frozen=True, slots=True)
class DemoResult:
    """A call, its story, and what is wrong with it (nothing: it arrived)."""

    call: DemoCall
    story: Story
    answered: Answered | None

    @property
    def arrived(self) -> bool:
        """Whether all is as it should be."""
        return not self.faults

    @property
    def faults(self) -> list[str]:
        """What is not as it should be, for people."""
        story, faults = self.story, []
        if story.route != self.call.route.value:
            faults.append(f"应判 {self.call.route.value}，实为 {story.route}")
        if story.queue != _QUEUES[self.call.route]:
            faults.append(f"应到 {_QUEUES[self.call.route]} 队列，实到 {story.queue}")
        faults += [f"故障：{fault}" for fault in story.faults]
        if self.answered is None:
            return [*faults, "无人应答"]
        if self.call.location is not None and not (self.answered.location_header and self.answered.pidf_lo):
            faults.append("坐席没有收到位置")
        if not self.answered.caller_heard_member:
            faults.append("来电者听不到坐席")
        if self.call.sounds and not self.answered.member_heard_caller:
            faults.append("坐席听不到来电者")
        return faults
