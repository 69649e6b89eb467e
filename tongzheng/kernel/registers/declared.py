"""What registers declare themselves: seeing sealed columns, and the city's own lists of bodies and places."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role

from .kinds import Column, Register

KINDS = (
    ("government", T("政府部门", "Government body")),
    ("township", T("乡镇街道", "Township")),
    ("village", T("村（社区）", "Village or community")),
    ("institution", T("事业单位", "Public institution")),
    ("utility", T("公用事业", "Utility")),
    ("enterprise", T("企业", "Enterprise")),
    ("social", T("社会组织", "Social organisation")),
)
LEVELS = (
    ("province", T("省", "Province")),
    ("city", T("市", "City")),
    ("county", T("县（市、区）", "County")),
    ("township", T("乡镇街道", "Township")),
    ("village", T("村（社区）", "Village or community")),
)

system = System(
    slug="registers",
    chapter="kernel",
    plan="",
    title=T("台账", "Registers"),
    summary=T(
        "一次声明，得到列表、单页、导入导出、接口和地图",
        "One declaration gives list, sheet, import, export, API and map",
    ),
    needs=("identity", "ledger"),
    declares=(
        Action("reveal", T("查看台账加密列", "See sealed columns of registers")),
        Action("organisations", T("查阅机构台账", "Read the register of organisations"), open_to=("staff",)),
        Action("regions", T("查阅区划台账", "Read the register of regions"), open_to=("staff",)),
        Action("export", T("导出机构和区划台账", "Export organisations and regions")),
        Role(
            "custodian",
            T("台账专管员", "Custodian of registers"),
            ("registers.export", "registers.reveal"),
            reach="region",
        ),
        WorkEntry(
            "index",
            T("全部台账", "All registers"),
            "/registers/",
            action="",
            icon="table",
            section="registers",
        ),
        Register(
            name="organisations",
            title=T("机构", "Organisations"),
            model="identity.Organisation",
            columns=(
                Column("name", T("名称", "Name"), search=True, edit=False),
                Column("short", T("简称", "Short name"), edit=False, show=False),
                Column("kind", T("类别", "Kind"), kind="choice", choices=KINDS, filter=True, edit=False),
                Column(
                    "uscc",
                    T("统一社会信用代码", "Unified social credit code"),
                    kind="uscc",
                    filter=True,
                    edit=False,
                ),
                Column("region", T("区划", "Region"), kind="region", edit=False),
                Column("parent", T("上级单位", "Organisation above"), kind="organisation", edit=False),
                Column("is_active", T("在用", "In use"), kind="bool", edit=False, show=False),
            ),
            reads="registers.organisations",
            writes="",
            exports="registers.export",
            order="id",
            icon="building",
        ),
        Register(
            name="regions",
            title=T("区划", "Regions"),
            model="identity.Region",
            columns=(
                Column("code", T("代码", "Code"), kind="code", filter=True, edit=False),
                Column("name", T("名称", "Name"), search=True, edit=False),
                Column("level", T("级别", "Level"), kind="choice", choices=LEVELS, filter=True, edit=False),
                Column("parent", T("上级", "Region above"), kind="region", filter=True, edit=False),
                Column("source", T("来源", "Source"), edit=False, show=False),
            ),
            reads="registers.regions",
            writes="",
            exports="registers.export",
            order="code",
            icon="map",
        ),
    ),
)
