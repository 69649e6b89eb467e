"""What identity itself declares: the actions of administering it and the three separated administrators."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T

from .kinds import Action, Role

system = System(
    slug="identity",
    chapter="kernel",
    plan="",
    title=T("身份与权限", "Identity"),
    summary=T(
        "人员、机构、区划、岗位与登录；谁可以在哪里做什么",
        "People, bodies, regions, posts and sign-in; who may do what where",
    ),
    declares=(
        Action("accounts", T("管理账号", "Administer accounts")),
        Action("bodies", T("维护机构", "Maintain organisations")),
        Action("posts", T("设置和授予岗位", "Define and give posts")),
        Action("policy", T("设定安全策略", "Set the security policy")),
        Action("records", T("查阅审计记录", "Read the audit records")),
        Action("register", T("登记人员", "Register persons")),
        Action("search", T("查询人员", "Look up persons")),
        Action("reveal", T("查看未脱敏信息", "See unmasked personal data")),
        Action("directory", T("查看谁有权限", "See who may do what"), open_to=("staff",)),
        WorkEntry(
            "accounts",
            T("账号与岗位", "Accounts and posts"),
            "/account/accounts/",
            "identity.accounts",
            "people",
            section="manage",
        ),
        WorkEntry(
            "posts",
            T("账号与岗位", "Accounts and posts"),
            "/account/accounts/",
            "identity.posts",
            "people",
            section="manage",
        ),
        WorkEntry(
            "bodies",
            T("机构", "Organisations"),
            "/account/bodies/",
            "identity.bodies",
            "building",
            section="manage",
        ),
        WorkEntry(
            "people",
            T("人员查询", "Look up persons"),
            "/account/people/",
            "identity.search",
            "person",
            order=150,
            section="data",
        ),
        WorkEntry(
            "policy",
            T("安全策略", "Security policy"),
            "/account/policy/",
            "identity.policy",
            "shield",
            section="manage",
        ),
        WorkEntry(
            "records",
            T("审计记录", "Audit records"),
            "/account/records/",
            "identity.records",
            "archive",
            section="manage",
        ),
        WorkEntry(
            "who_may",
            T("谁可以做什么", "Who may do what"),
            "/account/who-may/",
            "",
            "key",
            order=200,
            section="manage",
        ),
        Role(
            "system_administrator",
            T("系统管理员", "System administrator"),
            ("identity.accounts", "identity.bodies"),
            reach="region",
            apart="system",
        ),
        Role(
            "security_administrator",
            T("安全管理员", "Security administrator"),
            ("identity.posts", "identity.policy"),
            reach="region",
            apart="security",
        ),
        Role(
            "audit_administrator",
            T("审计管理员", "Audit administrator"),
            ("identity.records",),
            reach="region",
            apart="audit",
        ),
        Role(
            "person_clerk",
            T("人员信息经办", "Personal data clerk"),
            ("identity.register", "identity.search", "identity.reveal"),
            reach="region",
        ),
    ),
)
