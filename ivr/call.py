"""The life of a call: every state, everything that can happen, and where it leads. All of it is in this file.

                    ┌────────────┐ answered by the dialplan, FastAGI session open
                    │  ARRIVED   │────────────── shed / fault ─────────────┐
                    └─────┬──────┘                                         │
              audio joined│                                                │
                    ┌─────▼──────┐                                         │
                    │  GREETING  │── police word, key, limit, fault ──────►│
                    └─────┬──────┘                                         │
   greeting ended, caller │speaks (barge-in)                               │
                    ┌─────▼──────┐                                         │
                    │ LISTENING  │── police word, key, limit, fault, ─────►│
                    └─────┬──────┘   clear livelihood                      │
        unclear or silent │                                                │
                    ┌─────▼──────┐                                         │
                    │   ASKING   │── police word, key, limit, fault ──────►│
                    └─────┬──────┘                                         │
     question ended, speak│                                          ┌─────▼─────┐
                    ┌─────▼──────────┐── anything that decides ─────►│  DECIDED  │
                    │ LISTENING_AGAIN│                               └─────┬─────┘
                    └────────────────┘                         joined queue│
                                                                     ┌─────▼─────┐
                    any state ── hung up ──► ENDED   ◄── hung up ────│  QUEUED   │◄─┐
                                                                     └─────┬─────┘  │ back to police,
                                                          member answered  │        │ joined queue
                                                                     ┌─────▼─────┐  │
                                                                     │  TALKING  │──┘
                                                                     └───────────┘
Up to DECIDED the dialogue drives (deciding path, law 4). After that the call lives in the dialplan and in the
queues; what is known of it comes from AMI and is never needed for routing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from ivr.errors import IllegalStep


class State(StrEnum):
    """Where a call is."""

    ARRIVED = "arrived"
    GREETING = "greeting"
    LISTENING = "listening"
    ASKING = "asking"
    LISTENING_AGAIN = "listening_again"
    DECIDED = "decided"
    QUEUED = "queued"
    TALKING = "talking"
    ENDED = "ended"


class Happening(StrEnum):
    """What can happen to a call."""

    SHED = "shed"
    """No decoder free or too far behind: straight to police."""
    AUDIO_JOINED = "audio_joined"
    PROMPT_ENDED = "prompt_ended"
    CALLER_SPEAKS = "caller_speaks"
    POLICE_HEARD = "police_heard"
    KEY_PRESSED = "key_pressed"
    LIVELIHOOD_HEARD = "livelihood_heard"
    """A clear livelihood request, and the caller has come to the end of the sentence."""
    UNCLEAR = "unclear"
    SILENT = "silent"
    TAP_HEARD = "tap_heard"
    """A caller who does not speak has been asked for a sign and has given one."""
    LIMIT_REACHED = "limit_reached"
    FAULT = "fault"
    QUEUE_JOINED = "queue_joined"
    MEMBER_ANSWERED = "member_answered"
    HUNG_UP = "hung_up"


_LISTENS = (State.GREETING, State.LISTENING, State.ASKING, State.LISTENING_AGAIN)
_DECIDES_ALWAYS = (
    Happening.POLICE_HEARD,
    Happening.KEY_PRESSED,
    Happening.LIMIT_REACHED,
    Happening.FAULT,
)

TABLE: MappingProxyType[tuple[State, Happening], State] = MappingProxyType(
    {(state, happening): State.DECIDED for state in _LISTENS for happening in _DECIDES_ALWAYS}
    | {(state, Happening.HUNG_UP): State.ENDED for state in State if state is not State.ENDED}
    | {
        (State.ARRIVED, Happening.SHED): State.DECIDED,
        (State.ARRIVED, Happening.FAULT): State.DECIDED,
        (State.ARRIVED, Happening.AUDIO_JOINED): State.GREETING,
        (State.GREETING, Happening.PROMPT_ENDED): State.LISTENING,
        (State.GREETING, Happening.CALLER_SPEAKS): State.LISTENING,
        (State.LISTENING, Happening.LIVELIHOOD_HEARD): State.DECIDED,
        (State.LISTENING, Happening.UNCLEAR): State.ASKING,
        (State.LISTENING, Happening.SILENT): State.ASKING,
        (State.ASKING, Happening.PROMPT_ENDED): State.LISTENING_AGAIN,
        (State.ASKING, Happening.CALLER_SPEAKS): State.LISTENING_AGAIN,
        (State.LISTENING_AGAIN, Happening.LIVELIHOOD_HEARD): State.DECIDED,
        (State.LISTENING_AGAIN, Happening.UNCLEAR): State.DECIDED,
        (State.LISTENING_AGAIN, Happening.SILENT): State.DECIDED,
        (State.LISTENING_AGAIN, Happening.TAP_HEARD): State.DECIDED,
        (State.DECIDED, Happening.QUEUE_JOINED): State.QUEUED,
        (State.QUEUED, Happening.MEMBER_ANSWERED): State.TALKING,
        (State.QUEUED, Happening.QUEUE_JOINED): State.QUEUED,
        (State.TALKING, Happening.QUEUE_JOINED): State.QUEUED,
    }
)
"""The whole life of a call. What is not here cannot happen; trying it is a bug and raises IllegalStep."""


@dataclass(slots=True)
class CallLife:
    """One call's place in the table. Changed only by `step`, by the one task that owns the call."""

    call_id: str
    state: State = State.ARRIVED
    path: list[State] = field(default_factory=lambda: [State.ARRIVED])

    def step(self, happening: Happening) -> State:
        """Go where the table leads. Raises IllegalStep for what cannot happen in this state."""
        try:
            self.state = TABLE[self.state, happening]
        except KeyError:
            raise IllegalStep(
                f"{happening.value} cannot happen to a call that is {self.state.value}"
            ) from None
        self.path.append(self.state)
        return self.state
