"""A register for tests: dams, with a column of every kind; and a plain list without key, limits or version."""

from __future__ import annotations

from django.db import models

from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor, PostView
from tongzheng.kernel.identity.kinds import Action
from tongzheng.kernel.registers.kinds import Bulk, Column, Register, search_index


class Dam(models.Model):
    name = models.CharField(max_length=60, db_index=True)
    code = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=10, default="check")
    owner_sealed = models.BinaryField(default=b"")
    owner_blind = models.BinaryField(max_length=16, null=True, db_index=True)
    owner_masked = models.CharField(max_length=20, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    uscc = models.CharField(max_length=18, blank=True)
    region = models.CharField(max_length=12, db_index=True, db_collation="C")
    organisation = models.BigIntegerField(null=True)
    height = models.DecimalField(max_digits=6, decimal_places=1, null=True, db_index=True)
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    people = models.SmallIntegerField(default=0)
    built = models.DateField(null=True, db_index=True)
    checked = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)
    note = models.TextField(blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        app_label = "trial"
        indexes = [search_index("name", "note", name="trial_dam_search")]


class Remark(models.Model):
    text = models.CharField(max_length=40)
    number = models.IntegerField(default=0)

    class Meta:
        app_label = "trial"
        constraints = [models.CheckConstraint(condition=models.Q(number__lt=100), name="trial_small")]


KINDS = (("check", T("淤地坝", "Check dam")), ("earth", T("土坝", "Earth dam")))
DAMS = Register(
    name="dams",
    title=T("淤地坝", "Dams"),
    model="trial.Dam",
    columns=(
        Column("name", T("名称", "Name"), required=True, search=True, sort=True, max_length=30),
        Column("code", T("编号", "Code"), kind="code", required=True, key=True, sort=True, filter=True),
        Column("kind", T("类型", "Kind"), kind="choice", choices=KINDS, filter=True),
        Column(
            "owner",
            T("责任人身份证号", "Owner's ID"),
            kind="id_number",
            sealed=True,
            search=True,
            filter=True,
        ),
        Column("phone", T("电话", "Phone"), kind="phone", show=False),
        Column("uscc", T("信用代码", "Credit code"), kind="uscc", show=False),
        Column("region", T("区划", "Region"), kind="region", required=True, filter=True),
        Column("organisation", T("管理单位", "Manager"), kind="organisation"),
        Column("height", T("坝高", "Height"), kind="decimal", sort=True, filter=True),
        Column("cost", T("造价", "Cost"), kind="money", show=False),
        Column("people", T("下游人口", "People below"), kind="integer"),
        Column("built", T("建成日期", "Built"), kind="date", sort=True, filter=True),
        Column("checked", T("检查时间", "Checked"), kind="datetime", filter=True, show=False),
        Column("active", T("在用", "In use"), kind="bool", filter=True),
        Column("note", T("备注", "Note"), kind="long", search=True, show=False),
        Column("created_at", T("登记时间", "Entered"), kind="datetime", edit=False, show=False),
    ),
    reads="trial.read",
    writes="trial.write",
    exports="trial.export",
    region="region",
    organisation="organisation",
    place=("lon", "lat"),
    bulk=(
        Bulk("retire", T("改变在用", "Change use"), "active", "trial.bulk"),
        Bulk("move", T("改变区划", "Change region"), "region", "trial.bulk"),
    ),
)
REMARKS = Register(
    name="remarks",
    title=T("留言", "Remarks"),
    model="trial.Remark",
    columns=(
        Column("text", T("内容", "Text"), required=True, search=True, max_length=40),
        Column("number", T("序号", "Number"), kind="integer", sort=True),
    ),
    reads="trial.read",
    writes="trial.write",
    exports="trial.export",
    label="text",
)
LOOKS = Register(
    name="looks",
    title=T("只读", "Read-only"),
    model="trial.Remark",
    columns=(Column("text", T("内容", "Text")),),
    reads="trial.read",
    writes="",
    exports="",
    label="text",
)
ACTIONS = tuple(
    Action(n, T(z, n)) for n, z in (("read", "读"), ("write", "写"), ("export", "导出"), ("bulk", "批量"))
)
SYSTEM = System(
    slug="trial",
    chapter="governance",
    plan="",
    title=T("试验", "Trial"),
    summary=T("测试用", "For tests"),
    declares=(DAMS, REMARKS, LOOKS, *ACTIONS),
)
EVERYTHING = ("trial.read", "trial.write", "trial.export", "trial.bulk")


def clerk(
    *actions: str, region: str = "141100", reach: str = "region", organisation: int = 1, id: int | None = 7
) -> Actor:
    """Return an actor whose one post permits the actions (all of the trial's by default)."""
    given = dict.fromkeys(actions or EVERYTHING, reach)
    post = PostView(
        id=1,
        title="经办",
        organisation_id=organisation,
        organisation_name="市水利局",
        region=region,
        actions=given,
        below=frozenset(),
    )
    return Actor(id=id, label="李（水利局）", kind="staff", posts=(post,))
