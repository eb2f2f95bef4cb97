"""The outcome of an evaluation for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from triage.decision import Route
from triage.engine import Triage
from triage.evaluation.scores import Miss, Scores
from triage.evaluation.shares import Share
from triage.report import decision_entry, explained, one_line, plain

_NAMES = {Route.POLICE: "警察", Route.MINSHENG: "民生110"}
_CONFUSED = 10
"""Pairs of categories that are shown."""
_LABELS = 10
"""Labels that mean nothing here and are shown."""


def drawn(scores: Scores, triage: Triage, misses: int) -> Iterator[RenderableType]:
    """Draw everything; of the livelihood sentences that were kept at most `misses`."""
    yield from _misses(
        scores.freed, triage, "险情被放走（应转警察，判为民生）", "bold red", len(scores.freed)
    )
    yield from _misses(scores.kept, triage, "民生被留下（应转民生110，判为警察）", "bold yellow", misses)
    yield _routes(scores)
    if scores.names:
        yield Text(f"类别正确：{said(scores.named)}")
        confused = sorted(
            ((n, *names) for names, n in scores.names.items() if names[0] != names[1]),
            key=lambda row: (-row[0], row[1:]),
        )
        for count, meant, name in confused[:_CONFUSED]:
            yield Text(f"  {meant} 判为 {name}：{count} 句", "dim")
    if scores.left_out:
        shown = scores.left_out.most_common(_LABELS)
        labels = "、".join(f"{plain(label) or '（空）'}（{n}）" for label, n in shown)
        more = f"等 {len(scores.left_out)} 种" if len(scores.left_out) > len(shown) else ""
        total = scores.left_out.total()
        yield Text(f"未计入 {total} 句，标签：{labels}{more}。用 --police、--minsheng 说明其去向", "yellow")


def said(share: Share) -> str:
    """Write a share with its interval."""
    if share.rate is None:
        return "无"
    low, high = share.interval
    return f"{share.hits}/{share.total}，{share.rate:.1%}（95% 区间 {low:.1%}～{high:.1%}）"


def json_lines(scores: Scores, misses: int | None, **more: Any) -> Iterator[str]:
    """Yield one object for each miss, and the summary with `more` last; None: all misses."""
    for miss in [*scores.freed, *scores.kept[:misses]]:
        entry = {
            "kind": "miss",
            "expected": miss.expected.route.value,
            "label": miss.label,
            "said": miss.said,
        }
        yield one_line(entry | decision_entry(miss.decision))
    yield one_line(
        {
            "kind": "summary",
            "confusion": {
                meant.value: {decided.value: scores.routes[meant, decided] for decided in Route}
                for meant in Route
            },
            "police": _share_entry(scores.right(Route.POLICE)),
            "minsheng": _share_entry(scores.right(Route.MINSHENG)),
            "category": _share_entry(scores.named),
            "left_out": dict(sorted(scores.left_out.items())),
            **more,
        }
    )


def _share_entry(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {"right": share.hits, "total": share.total, "share": share.rate, "low": low, "high": high}


def _misses(
    misses: Sequence[Miss], triage: Triage, title: str, style: str, most: int
) -> Iterator[RenderableType]:
    if not misses:
        return
    yield Text(f"{title}：{len(misses)} 句", style)
    police = triage.field_ids(Route.POLICE)
    for miss in misses[:most]:
        heard = miss.decision.text
        original = "" if heard == miss.said else f"，原话“{plain(miss.said)}”"
        yield Text(f"标签 {plain(miss.label)}{original}", "dim")
        yield explained(miss.decision, triage.analyse(heard), police)
    if len(misses) > most:
        yield Text(f"……还有 {len(misses) - most} 句，用 --misses 多看", "dim")
    yield Text()


def _routes(scores: Scores) -> Table:
    table = Table(title="去向", title_justify="left")
    table.add_column("应为＼判为")
    for decided in Route:
        table.add_column(_NAMES[decided], justify="right")
    table.add_column("正确")
    for meant in Route:
        cells = []
        for decided in Route:
            wrong = meant is not decided and scores.routes[meant, decided]
            style = "" if not wrong else "bold red" if meant is Route.POLICE else "yellow"
            cells.append(Text(str(scores.routes[meant, decided]), style))
        table.add_row(_NAMES[meant], *cells, said(scores.right(meant)))
    return table
