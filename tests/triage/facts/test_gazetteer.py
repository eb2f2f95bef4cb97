from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from triage.errors import TriageError
from triage.facts.fact import Level
from triage.facts.gazetteer import Gazetteer, GazetteerError, Place, names_of

Write = Callable[[str, str], Path]
LIST = """\
name,level,parent,code,aliases
青河县,county,,3599,
青山镇,town,3599,359901,
柳溪村,village,青山镇,,上柳溪|下柳溪
人民医院,site,3599,,县医院
"""


def test_a_list_is_loaded(write: Write) -> None:
    places = Gazetteer.load(write("places.csv", LIST)).places
    assert places[0] == Place("青河县", Level.COUNTY, "", "3599", ())
    assert places[2] == Place("柳溪村", Level.VILLAGE, "青山镇", "", ("上柳溪", "下柳溪"))


def test_only_name_and_level_are_needed(write: Write) -> None:
    assert Gazetteer.load(write("p.csv", "level,name\nroad,五一路\n\n")).places == (
        Place("五一路", Level.ROAD),
    )


def test_a_byte_order_mark_and_windows_line_ends_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "p.csv"
    file.write_bytes("\ufeffname,level\r\n五一路,road\r\n".encode())
    assert Gazetteer.load(file).places == (Place("五一路", Level.ROAD),)


def test_public_lists_of_divisions_are_taken_as_they_are(write: Write) -> None:
    content = """\
        id,pid,deep,name,pinyin_prefix,pinyin,ext_id,ext_name
        3599,35,2,"青河","q","qing he","359900000000","青河县"
        359901,3599,3,"青山","q","qing shan","359901000000","青山镇"
        """
    assert Gazetteer.load(write("d.csv", content)).places == (
        Place("青河县", Level.COUNTY, "35", "3599", ("青河",)),
        Place("青山镇", Level.TOWN, "3599", "359901", ("青山",)),
    )


def test_what_a_place_lies_in_is_known_by_code_or_name(write: Write) -> None:
    gazetteer = Gazetteer.load(write("p.csv", LIST))
    above = {place.name: names for place, names in gazetteer.ancestors().items()}
    assert above["柳溪村"] == {"青山镇", "青河县"}
    assert above["青河县"] == frozenset()


def test_places_that_lie_in_each_other_end() -> None:
    gazetteer = Gazetteer((Place("甲村", Level.VILLAGE, "乙村"), Place("乙村", Level.VILLAGE, "甲村")))
    assert gazetteer.ancestors()[gazetteer.places[0]] == {"乙村"}


@pytest.mark.parametrize(
    ("place", "names"),
    [
        (Place("青山镇", Level.TOWN), ["青山镇", "青山"]),
        (Place("青河县", Level.COUNTY, aliases=("青河", "老县城")), ["青河县", "青河", "老县城"]),
        (Place("广西壮族自治区", Level.PROVINCE), ["广西壮族自治区", "广西"]),
        (Place("沙县", Level.COUNTY), ["沙县"]),
        (Place("五一路", Level.ROAD), ["五一路"]),
        (Place("KTV 天地", Level.SITE), ["ktv天地"]),
    ],
)
def test_the_names_a_place_is_called_by(place: Place, names: list[str]) -> None:
    assert [name for name, _, _ in names_of([place])] == names


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("", 0, "is empty"),
        ("\n\n", 0, "is empty"),
        ("city,road\nx,y\n", 1, "the first line names the columns"),
        ("name,level,pid\nx,y,z\n", 1, "unknown column 'pid'"),
        ("name,level\n五一路,street\n", 2, "unknown level 'street'"),
        ("name,level\n五一路,road,\n", 2, "3 cells, but 2 columns"),
        ("name,level\n五一路,road\n,road\n", 3, "a name is missing"),
        ("name,level\n……,road\n", 2, "no letter"),
        ("name,level\n" + "五" * 41 + ",road\n", 2, "longer than 40"),
        ("name,level,aliases\n五一路,road,…|五一\n", 2, "no letter"),
        ("name,level,code\n五一路,road,7\n八一路,road,7\n", 3, "'7' stands already in line 2"),
        ("name,level,parent\n五一路,road,青河县\n", 2, "'青河县'"),
        ('name,level\n"五一路,road\n', 2, "CSV"),
        ("id,pid,deep,name,ext_name\n1,0,9,青河,青河县\n", 2, "deep is '9'"),
        ("id,pid,deep,name,ext_name\n1,0,2,青河,\n", 2, "a name is missing"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, content: str, line: int, problem: str) -> None:
    file = tmp_path / "p.csv"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(GazetteerError, match=problem) as caught:
        Gazetteer.load(file)
    assert (caught.value.file, caught.value.line) == (file, line)
    assert str(caught.value).startswith(f"{file}:{line}: " if line else f"{file}: ")


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(GazetteerError, match="UTF-8"):
        Gazetteer.load(tmp_path / "none.csv")
    file = tmp_path / "gbk.csv"
    file.write_bytes("名".encode("gbk"))
    with pytest.raises(GazetteerError, match="UTF-8"):
        Gazetteer.load(file)
    assert issubclass(GazetteerError, TriageError)


def test_the_list_in_the_manual_loads(tmp_path: Path) -> None:
    manual = Path(__file__).parents[3] / "docs" / "places.md"
    shown = manual.read_text(encoding="utf-8").split("```csv\n")[1].split("```")[0]
    file = tmp_path / "places.csv"
    file.write_text(shown, encoding="utf-8")
    assert [place.name for place in Gazetteer.load(file).places] == [
        "邵武市",
        "和平镇",
        "坎头村",
        "县医院",
        "五一路",
    ]
