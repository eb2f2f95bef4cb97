"""The dialplan as text: what each line may use, and that every jump lands somewhere."""

from __future__ import annotations

import re

import pytest

from ivr.asterisk.render import read_dialplans
from tests.asterisk_instance import ROOT

TEXTS = read_dialplans(ROOT / "dialplans")
#: Built into Asterisk itself, or (TryExec) required for its start; anything else goes under TryExec's net.
SAFE = {"Set", "Answer", "Goto", "GotoIf", "TryExec", "Wait", "Hangup"}
#: Contexts that run on the leg of an agent, where a failure cannot harm the caller.
ON_THE_AGENTS_LEG = {"member-leg", "agent-leg", "police-key"}


def steps() -> list[tuple[str, str, str, str]]:
    """Context, extension or label, application and arguments of every step."""
    found = []
    for text in TEXTS.values():
        context = extension = ""
        for raw in text.splitlines():
            line = raw.split(";", 1)[0].strip()
            if match := re.fullmatch(r"\[([\w-]+)\]", line):
                context = match[1]
            elif match := re.fullmatch(r"(?:exten => ([^,]+),1|same => n(?:\((\w+)\))?),(\w+)\((.*)\)", line):
                extension = match[1] or extension
                found.append((context, match[2] or "", match[3], match[4]))
            else:
                assert not line or re.match(r"include => [\w-]+$|[A-Z_]+=|$", line), f"not understood: {raw}"
    return found


def test_every_line_is_understood_and_there_are_many() -> None:
    assert len(steps()) > 50


@pytest.mark.parametrize("step", steps(), ids=lambda s: f"{s[0]}-{s[2]}")
def test_only_what_cannot_fail_stands_without_a_net(step: tuple[str, str, str, str]) -> None:
    context, _, application, _ = step
    assert application in SAFE or context in ON_THE_AGENTS_LEG


def test_every_jump_lands_somewhere() -> None:
    contexts = {context for context, *_ in steps()}
    labels = {(context, label) for context, label, *_ in steps() if label}
    for context, _, application, arguments in steps():
        if application not in ("Goto", "GotoIf"):
            continue
        targets = arguments.rpartition("?")[2].split(":") if application == "GotoIf" else [arguments]
        for target in filter(None, targets):
            parts = target.split(",")
            if len(parts) == 3:
                assert parts[0] in contexts, target
            elif len(parts) == 1:
                assert (context, parts[0]) in labels, f"{context}: {target}"


def test_every_context_of_a_caller_ends_in_doubt_at_police() -> None:
    for text in TEXTS.values():
        for block in re.split(r"^(?=\[)", text, flags=re.MULTILINE)[1:]:
            name = block[1 : block.index("]")]
            if name not in {*ON_THE_AGENTS_LEG, "in-doubt-police", "globals"}:
                assert "include => in-doubt-police" in block, name


def test_all_extensions_of_doubt_lead_to_police() -> None:
    doubt = re.findall(r"^exten => (\w),1,Goto\(police,s,1\)", TEXTS["110.conf"], flags=re.MULTILINE)
    assert sorted(doubt) == sorted("Ttie")


def test_the_time_out_is_armed_before_the_script_and_disarmed_in_the_queues() -> None:
    text = TEXTS["110.conf"]
    assert (
        text.index("Set(AGIEXITONHANGUP=yes)")
        < text.index("Set(TIMEOUT(absolute)=")
        < text.index("TryExec(AGI(")
    )
    for name in ("police", "minsheng"):
        assert f"[{name}]\nexten => s,1,Set(TIMEOUT(absolute)=0)" in TEXTS[f"{name}.conf"]


def test_values_of_a_caller_are_never_evaluated_twice() -> None:
    """TryExec substitutes its arguments a second time, and an expression reads quotes: no caller's text in either."""
    callers = r"\$\{(CALLERID|CALLER_|TRIAGE_LABEL|GEOLOC)"
    for context, _, application, arguments in steps():
        if application == "TryExec":
            assert not re.search(callers, arguments), context
        for expression in re.findall(r"\$\[.*?\]", arguments):
            assert not re.search(
                r"\$\{(CALLERID|CALLER_|TRIAGE_(LABEL|ROUTE|CATEGORY)\})",
                re.sub(r"\$\{(FILTER|LEN)\([^$]*\$\{\w+\}\)\}", "", expression),
            )
