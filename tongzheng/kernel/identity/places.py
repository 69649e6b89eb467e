"""Regions: the administrative division from province to village, and how it gets into the database."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction

from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T

from .views import RegionView

DATA = Path(__file__).parent / "data"
SOURCE = "china-division 2.7.0"
PROVINCE = ("140000", "山西省", "Shanxi Province")
CITY = ("141100", "吕梁市", "Lüliang City")
COUNTIES = (
    ("141102", "离石区", "Lishi District"),
    ("141121", "文水县", "Wenshui County"),
    ("141122", "交城县", "Jiaocheng County"),
    ("141123", "兴县", "Xing County"),
    ("141124", "临县", "Lin County"),
    ("141125", "柳林县", "Liulin County"),
    ("141126", "石楼县", "Shilou County"),
    ("141127", "岚县", "Lan County"),
    ("141128", "方山县", "Fangshan County"),
    ("141129", "中阳县", "Zhongyang County"),
    ("141130", "交口县", "Jiaokou County"),
    ("141181", "孝义市", "Xiaoyi City"),
    ("141182", "汾阳市", "Fenyang City"),
)
_ENDINGS = (
    ("生态工业园区虚拟社区", " Eco-Industrial Park (virtual community)"),
    ("经济技术开发区虚拟社区", " Economic and Technological Development Zone (virtual community)"),
    ("工业园区虚拟社区", " Industrial Park (virtual community)"),
    ("生态工业园区", " Eco-Industrial Park"),
    ("经济技术开发区", " Economic and Technological Development Zone"),
    ("工业园区", " Industrial Park"),
    ("社区居民委员会", " Community"),
    ("社区居委会", " Community"),
    ("居民委员会", " Community"),
    ("居委会", " Community"),
    ("村民委员会", " Village"),
    ("村委会", " Village"),
    ("村村委", " Village"),
    ("街道", " Subdistrict"),
    ("镇", " Town"),
    ("乡", " Township"),
)


class Row(NamedTuple):
    """One region as it is stored; the order is that of the table's columns."""

    code: str
    name: str
    latin: str
    pinyin: str
    level: str
    parent: str
    park: bool
    source: str


def spelled(name: str) -> tuple[str, str]:
    """Return a Chinese name in pinyin, whole and by initials: 离石区 → ("lishiqu", "lsq"); ü is written v."""
    from pypinyin import lazy_pinyin

    parts = lazy_pinyin(name)
    return "".join(parts).lower(), "".join(part[:1] for part in parts).lower()


def latin_name(name: str) -> str:
    """Return how a township or village is called in English: 滨河街道 → Binhe Subdistrict."""
    for ending, english in _ENDINGS:
        if name.endswith(ending) and name != ending:
            stem = name[: -len(ending)]
            return spelled(stem)[0].replace("v", "ü").capitalize() + english
    return spelled(name)[0].replace("v", "ü").capitalize()


def region_rows() -> Iterator[Row]:
    """Yield every region of the city from the lists in `data/`, parents before children."""
    for (code, name, latin), level, parent in (
        (PROVINCE, "province", ""),
        (CITY, "city", PROVINCE[0]),
        *((county, "county", CITY[0]) for county in COUNTIES),
    ):
        yield Row(code, name, latin, " ".join(spelled(name)), level, parent, False, "GB/T 2260")
    for file, level, above in (
        ("luliang-streets.csv", "township", "areaCode"),
        ("luliang-villages.csv", "village", "streetCode"),
    ):
        with (DATA / file).open(encoding="utf-8", newline="") as lines:
            for line in csv.DictReader(lines):
                code, name = line["code"], line["name"]
                yield Row(
                    code,
                    name,
                    latin_name(name),
                    " ".join(spelled(name)),
                    level,
                    line[above],
                    code[6] == "4",
                    SOURCE,
                )


def load_regions() -> int:
    """Bring the regions of the lists into the database and return how many rows that changed (0 the second time).

    A region that has left the lists stays: old records name it.
    """
    columns = [list(column) for column in zip(*region_rows(), strict=True)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO identity_region AS r (code, name, latin, pinyin, level, parent, park, source)
            SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                                 %s::bool[], %s::text[])
            ON CONFLICT (code) DO UPDATE SET name = excluded.name, latin = excluded.latin,
              pinyin = excluded.pinyin, level = excluded.level, parent = excluded.parent,
              park = excluded.park, source = excluded.source
            WHERE (r.name, r.latin, r.pinyin, r.level, r.parent, r.park, r.source) IS DISTINCT FROM
              (excluded.name, excluded.latin, excluded.pinyin, excluded.level, excluded.parent, excluded.park,
               excluded.source)
            """,
            columns,
        )
        return int(cursor.rowcount)


_SELECT = "SELECT code, name, level, parent, latin, park FROM identity_region WHERE "


def region(code: str) -> RegionView | None:
    """Return the region of that code, or None."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "code = %s", [plain(code)])
        row = cursor.fetchone()
    return RegionView(*row) if row else None


def regions(
    *,
    parent: str | None = None,
    words: str = "",
    level: str | None = None,
    limit: int = 20,
    codes: Sequence[str] | None = None,
) -> tuple[RegionView, ...]:
    """Return regions by code, at most `limit` (up to 500).

    Args: parent, the code directly above; words, part of the name, its pinyin or initials, or the start of the
    code; level, "province", "city", "county", "township" or "village"; codes, only these.
    """
    where: list[str] = ["TRUE"]
    params: list[Any] = []
    words = words.replace("\0", "")
    if codes is not None:
        where.append("code = ANY(%s)")
        params.append([plain(code) for code in codes])
    if parent is not None:
        where.append("parent = %s")
        params.append(plain(parent))
    if level is not None:
        where.append("level = %s")
        params.append(plain(level))
    if words.strip():
        part = like(words)
        where.append("(name LIKE %s OR pinyin LIKE %s OR lower(latin) LIKE %s OR code LIKE %s)")
        params += [f"%{part}%", f"%{part.lower()}%", f"%{part.lower()}%", f"{part}%"]
    with connection.cursor() as cursor:
        cursor.execute(
            _SELECT + " AND ".join(where) + " ORDER BY code LIMIT %s",
            [*params, max(1, min(limit, 500))],
        )
        return tuple(RegionView(*row) for row in cursor.fetchall())


def region_path(code: str) -> tuple[RegionView, ...]:
    """Return the region and those above it, from the province down; one statement."""
    codes = {code, code[:9], code[:6], code[:4] + "00", code[:2] + "0000"}
    with connection.cursor() as cursor:
        cursor.execute(_SELECT + "code = ANY(%s)", [list(codes)])
        found = [RegionView(*row) for row in cursor.fetchall()]
    order = {"province": 0, "city": 1, "county": 2, "township": 3, "village": 4}
    return tuple(sorted(found, key=lambda r: order[r.level]))


def known_region(code: str, *, field: str = "region") -> str:
    """Return the code if there is such a region. Raises Invalid on `field`."""
    if region(code) is None:
        raise Invalid(
            fields={field: T("没有这个区划代码：{code}", "There is no region {code}").fill(code=code)}
        )
    return code


def plain(text: str) -> str:
    """Return the text as a database can be asked for it: nothing of ours holds the sign that stands for NUL."""
    return text.replace("\0", "\ufffd")


def like(words: str) -> str:
    """Return the words with LIKE's own signs made plain."""
    return words.replace("\0", "").strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@lru_cache(maxsize=1)
def common_passwords() -> frozenset[str]:
    """Return the passwords that people choose first, in lower case."""
    return frozenset((DATA / "common-passwords.txt").read_text().split())
