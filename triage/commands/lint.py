"""`python -m triage lint`: what is dead, doubled, contradictory or too broad in a lexicon.

Exit codes: 0 no error among the findings; 1 and 2 as in `decide`; 6 there are errors.
"""

from __future__ import annotations

import click
from rich.console import Console

from triage.commands.options import Rules, refuse, rules_options
from triage.errors import LexiconError
from triage.lint import lint as lint_lexicon
from triage.lint.flaw import Severity
from triage.lint.report import drawn, json_line, summary

EXIT_FLAWED = 6
"""The lexicon has errors."""
_LEVELS = {severity.value: severity for severity in Severity}
_HELP = """检查词库：不起作用的、重复的、自相矛盾的、过宽的规则，各在哪一行，怎么改。

有“错误”时退出码为 6；“警告”多半要改；“提示”可改可不改。
"""


@click.command(help=_HELP, short_help="检查词库里的规则")
@click.option(
    "--least",
    type=click.Choice(list(_LEVELS)),
    default=Severity.HINT.value,
    show_default=True,
    help="列到哪一级为止",
)
@click.option("--json", "as_json", is_flag=True, help="每处一个 JSON 对象，别无其他")
@rules_options
def lint(*, least: str, as_json: bool, rules: Rules) -> None:
    """List what is wrong with a lexicon."""
    try:
        flaws = lint_lexicon(rules.lexicon, rules.policy, rules.town)
    except LexiconError as wrong:
        refuse(wrong)
    shown = [flaw for flaw in flaws if flaw.severity.rank <= _LEVELS[least].rank]
    console = Console(highlight=False, soft_wrap=True)
    for flaw in shown:
        if as_json:
            click.echo(json_line(flaw))
        else:
            console.print(drawn(flaw))
    if not as_json:
        console.print(summary(flaws))
    if any(flaw.severity is Severity.ERROR for flaw in flaws):
        raise SystemExit(EXIT_FLAWED)
