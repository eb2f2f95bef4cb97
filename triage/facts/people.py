"""People in a caller's words: how many, man or woman, child or old, who they are to the caller, how old, a name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from triage.contexts import Shelter
from triage.facts.fact import Kind
from triage.facts.found import Found, apart
from triage.facts.listed import standing
from triage.facts.numerals import DIGITS, NUMERAL, amount, value
from triage.facts.reading import Hit, Reading, longest_apart

_COUNT = f"(?:好?几十?|十几|几十|好多|很多|许多|[{NUMERAL}]{{1,5}}几?)(?:多|来)?"
_AGE = re.compile(
    f"(?P<age>[{DIGITS}十百几]{{1,5}}[多来]?)(?P<half>个多?月大|个多?月(?=的[婴宝小孩娃])|岁半|岁多|岁|周岁)"
    "(?:左右|大|的)*"
)
_MEASURE = re.compile(
    f"(?P<count>{_COUNT}|[一有那这])(?P<unit>个|名|位|口|对|群|伙|帮|拨|大群|大帮|大伙|小孩)"
)
_CROWD = re.compile("一大?群|一大?伙|一大?帮|两伙|两帮|两拨|几伙|一堆|一拨")
_MIXED = re.compile(
    f"(?P<a>[{DIGITS}十几]{{1,3}})(?P<x>男|女|老|大人|大)(?P<b>[{DIGITS}十几]{{1,3}})(?P<y>男|女|少|小孩|小)"
)
_PERSONS = re.compile(
    f"(?:一家|全家|(?<=们))(?P<some>{_COUNT})[口个位]人?(?!小时|月)|(?P<count>{_COUNT})(?P<what>人)(?![民家行才心工口物生事员造])"
)
_NAMED = re.compile("(?:我|他|她|免贵|对方|本人)?(?<!百)姓(?P<name>[一-龥])")
_TITLED = re.compile(
    "(?P<name>[王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶余潘杜戴夏钟汪田任姜范方石姚谭廖"
    "邹熊金陆郝孔崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚])(?P<title>先生|女士|小姐|师傅|老师|医生|警官|经理|老板|书记|主任|队长)"
)
_ONE = ("有", "那", "这")  # 有个男的
_PAIR_COUNT = re.compile("(?:一对|俩|两个|两人)?$")
_NOT_SURNAMES = "氏名不什的是"
_NAMESAKES = {"学生", "工人", "青年", "儿童", "妇女", "老人", "老年人"}  # 学生街, 青年路
_SEX_BY_TITLE = {"先生": "男", "女士": "女", "小姐": "女"}
_MEANT = {"老": "老人", "大": "大人", "少": "儿童", "小": "儿童", "小孩": "儿童"}
_CHILD_UNTIL = 13  # years; 14 is where Chinese law stops to speak of children
_OLD_FROM = 60  # years; the law on the elderly, article 2
_DESCRIBED = 10  # letters that may describe somebody between the count and the noun
_TO_AGE = re.compile("(?:今年|已经|都|才|大概|差不多|有|快|只有|了|是|，)*")
_AGED = 6  # letters between a noun and the age said behind it


@dataclass(slots=True)
class _Person:
    start: int
    end: int
    count: str = ""
    traits: tuple[str, ...] = ()
    age: str = ""

    def value(self) -> str:
        return " ".join(dict.fromkeys(filter(None, (self.count, *self.traits, self.age))))


def find_people(reading: Reading) -> list[Found]:
    """Find people; `value` is count, sex, age class, role, age, as far as said: `2人 男`, `1人 女 老人 70多岁`."""
    letters = reading.letters
    endings = {hit.start for hit in reading.hits.get("suffix", ())}
    inside = Shelter((hit.start, hit.end) for hit in reading.hits.get("suffix", ()))
    nouns = {
        hit.start: hit
        for hit in standing(reading, "people", "harmless")
        if not inside.covers(hit.start, hit.end)
        and not (hit.end in endings and letters[hit.start : hit.end] in _NAMESAKES)
    }
    ages = {m.start(): m for m in _AGE.finditer(letters) if _age(m)}
    people = _counted(reading, nouns, ages)
    taken = {i for person in people for i in range(person.start, person.end)}
    ages_by_end = {match.end(): match for match in ages.values()}
    people += [
        _alone(letters, noun, ages, ages_by_end) for start, noun in nouns.items() if start not in taken
    ]
    taken.update(i for person in people for i in range(person.start, person.end))
    people += [_aged(match) for start, match in ages.items() if start not in taken]
    people += _pairs(reading) + _mixed(letters)
    found = [Found(Kind.PERSON, p.start, p.end, p.value()) for p in people]
    return apart(found + _names(reading))


def _counted(reading: Reading, nouns: dict[int, Hit], ages: dict[int, re.Match[str]]) -> list[_Person]:
    letters = reading.letters
    people = []
    for match in _MEASURE.finditer(letters):
        count = "" if match.start() in ages else _how_many(match["count"], match["unit"])
        person = _Person(match.start(), match.end(), count) if count else None
        if person and _describe(reading, person, nouns, ages):
            people.append(person)
    said = ((match, _how_many(match["some"] or match["count"], "个")) for match in _PERSONS.finditer(letters))
    people += [_Person(match.start(), match.end(), count) for match, count in said if count]
    for match in _CROWD.finditer(letters):
        person = _Person(match.start(), match.end(), "多人")
        if _describe(reading, person, nouns, ages):
            people.append(person)
    return people


def _how_many(said: str, unit: str) -> str:
    """Return the count for a screen; nothing where it is none that fits people."""
    if unit in "群伙帮拨" or unit.startswith("大"):
        return "多人"
    if said[0] in "好很许" and "几" not in said:
        return "多人"
    count = "1" if said in _ONE else amount(said)
    if not count:
        return ""
    if unit == "对" and count.isdigit():
        return f"{2 * int(count)}人"
    return f"{count}人" if count != "0" else ""


def _describe(
    reading: Reading, person: _Person, nouns: dict[int, Hit], ages: dict[int, re.Match[str]]
) -> bool:
    """Extend a count by the noun it counts; False where it counts no people."""
    letters = reading.letters
    at = person.end
    limit = min(len(letters), at + _DESCRIBED)
    if letters.startswith("人", at) and not letters.startswith(("人民", "人家", "人工", "人行"), at):
        person.end = at + 1
        return True
    while at <= limit:
        if age := ages.get(at):
            person.age, at = _age(age), age.end()
            person.traits += _age_class(person.age)
            person.end = at
            continue
        noun = nouns.get(at)
        if (
            noun
            and (at == person.end or letters[at - 1] == "的")
            and reading.unbroken(person.start, noun.end)
        ):
            person.traits += tuple(noun.value.split())
            person.end = noun.end
            return True
        if at > person.start and letters.startswith("的人", at):
            person.end = at + 2
            return True
        at += 1
    return bool(person.age)


def _alone(
    letters: str, noun: Hit, ages: dict[int, re.Match[str]], ages_by_end: dict[int, re.Match[str]]
) -> _Person:
    """Read somebody spoken of without a count, with the age before or behind: 七十多岁的老人, 我妈七十多岁了."""
    person = _Person(noun.start, noun.end, traits=tuple(noun.value.split()))
    between = _TO_AGE.match(letters, noun.end, noun.end + _AGED)
    behind = ages.get(between.end()) if between else None
    if age := ages_by_end.get(noun.start) or behind:
        person.start, person.end = min(person.start, age.start()), max(person.end, age.end())
        person.age = _age(age)
        person.traits += _age_class(person.age)
    return person


def _aged(match: re.Match[str]) -> _Person:
    age = _age(match)
    return _Person(match.start(), match.end(), traits=_age_class(age), age=age)


def _age(match: re.Match[str]) -> str:
    years = amount(match["age"])
    if not years or (years.isdigit() and int(years) > 120):
        return ""
    unit = match["half"]
    return years + ("岁" if unit == "周岁" else unit.removesuffix("大"))


def _age_class(age: str) -> tuple[str, ...]:
    if "月" in age:
        return ("儿童",)
    known = re.match(r"\d+", age)
    if not known:
        return ()
    years = int(known[0])
    return ("儿童",) if years <= _CHILD_UNTIL else ("老人",) if years >= _OLD_FROM else ()


def _pairs(reading: Reading) -> list[_Person]:
    letters = reading.letters
    people = []
    for hit in longest_apart(reading.hits.get("pairs", ())):
        before = _PAIR_COUNT.search(letters, max(0, hit.start - 2), hit.start)
        start = before.start() if before else hit.start
        end = hit.end + 1 if letters.startswith("俩", hit.end) else hit.end
        people.append(_Person(start, end, "2人", (hit.value.removesuffix("俩"),)))
    return people


def _mixed(letters: str) -> list[_Person]:
    people = []
    for m in _MIXED.finditer(letters):
        first, second = value(m["a"]), value(m["b"])
        if first and second:
            x, y = _MEANT.get(m["x"], m["x"]), _MEANT.get(m["y"], m["y"])
            people.append(_Person(m.start(), m.end(), f"{first + second}人", (f"{first}{x}", f"{second}{y}")))
    return people


def _names(reading: Reading) -> list[Found]:
    """Find names as far as they are said in a set form: 我姓陈, 陈先生."""
    letters = reading.letters
    found = [
        Found(Kind.PERSON, m.start(), m.end(), f"姓{m['name']}")
        for m in _NAMED.finditer(letters)
        if m["name"] not in _NOT_SURNAMES
    ]
    for m in _TITLED.finditer(letters):
        if not reading.unbroken(*m.span()):
            continue
        sex = _SEX_BY_TITLE.get(m["title"], "")
        found.append(Found(Kind.PERSON, m.start(), m.end(), " ".join(filter(None, (m[0], sex)))))
    return found
