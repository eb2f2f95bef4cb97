"""A lexicon with one of each flaw, and what is found in it."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from triage.lint import lint
from triage.lint.flaw import Flaw
from triage.policy import DEFAULT_FILE

COMMON = """\
words:
  person: [有人, 男的]
handover: [人工, 转警察, 真人]
answers: {yes: [有], no: [没有]}
summons: [过来]
negation:
  words: [不是, 没有, 没]
"""
HARMLESS = """\
抢: [抢红包]
杀: [杀毒, 杀得]
其他:
  - 真人
  - 怕
  - 火警演习
  - 外卖小哥
"""
ROBBERY = """\
id: robbery
label: 抢劫
route: police
priority: 1
rules:
  - phrases: [抢劫, 抢银行, 抢银行了, 抢红包, 漏气啦]
    weight: 1.0
    sounds: true
  - phrases: [杀]
    weight: 0.8
    boundary: true
  - together: [[有人, 男的], [拿刀, 拔刀]]
    within: 8
    weight: 0.9
  - together: [[拿刀, 拔刀, 抽刀], [有人, 男的, 女的]]
    within: 9
    weight: 0.9
  - together: [[抢红包, 杀毒], [跑了]]
    weight: 0.9
  - together: [[外卖小哥, 邻居], [打人]]
    weight: 0.9
  - together: [[外卖小哥, 朋友], [打架]]
    weight: 0.9
  - together: [[在抢银行, 抢银行的], [跑了]]
    weight: 0.8
  - phrases: [来人呀]
    weight: 1.0
harmless: [抢红包, 没抢银行]
negatable: [抢劫, 来人呀]
"""
FIRE = """\
id: fire
label: 火灾
route: police
priority: 1
rules:
  - phrases: [着火了, 着火了快来, 冒浓烟, 冒浓烟了, 火警]
    weight: 1.0
  - phrases: [冒烟]
    weight: 0.5
  - together: [[男的, 有人], [拔刀, 拿刀]]
    within: 8
    weight: 0.9
  - phrases: [抢银航]
    weight: 1.0
"""
WATER = """\
id: water
label: 供水
route: minsheng
priority: 3
rules:
  - phrases: [停水, 停水抢劫险, 客服人工台, 水管冒烟, 冒烟囱, 楼其啦]
    weight: 1.0
  - phrases: [水]
    weight: 1.0
  - phrases: [吵, 火警演习]
    weight: 0.6
  - phrases: [阀]
    weight: 0.4
  - together: [[我们, 小区], [没水了, 漏水啦]]
    weight: 1.0
  - together: [[水, 水管], [断, 断了]]
    weight: 1.0
  - together: [[楼上, 抢银行], [很吵]]
    weight: 1.0
  - together: [[着火了, 灯], [演习]]
    weight: 1.0
harmless: [冒烟囱, 着火了演习, 演习着火了]
"""


def write_flawed(folder: Path) -> Path:
    """Write the lexicon into a folder."""
    files = {
        "common": COMMON,
        "harmless": HARMLESS,
        "police/robbery": ROBBERY,
        "police/fire": FIRE,
        "minsheng/water": WATER,
    }
    for name, content in files.items():
        file = folder / f"{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return folder


@cache
def flaws() -> tuple[Flaw, ...]:
    """Return all that is found."""
    with tempfile.TemporaryDirectory() as folder:
        return tuple(lint(write_flawed(Path(folder)), DEFAULT_FILE))


def found(rule: str, *words: str) -> list[Flaw]:
    """Return the flaws of a rule whose text has all the words."""
    return [
        flaw
        for flaw in flaws()
        if flaw.rule == rule and all(word in flaw.problem + flaw.advice for word in words)
    ]


def line_of(content: str, text: str) -> int:
    """Return the line, from 1, on which a text stands."""
    return next(number for number, line in enumerate(content.splitlines(), 1) if text in line)
