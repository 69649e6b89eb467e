from collections.abc import Iterator

import pytest

from tongzheng.kernel.core.registry import System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.messages.kinds import Template

ACCEPTED = Template(
    "accepted",
    T("受理通知", "Acceptance"),
    T("{item}已受理", "{item} accepted"),
    T("您申请的{item}（{number}）已受理。", "Your {item} ({number}) has been accepted."),
    channels=("in_app", "sms", "email"),
)
CODE = Template(
    "code",
    T("验证码", "Code"),
    T("验证码", "Code"),
    T("验证码 {code}", "Code {code}"),
    channels=("sms",),
    urgent=True,
)
FACTS = {"item": T("食品经营许可", "food licence"), "number": "BJ-1"}


@pytest.fixture(autouse=True)
def templates() -> Iterator[None]:
    """Two templates of a system that exists only here."""
    system = System("mtest", "kernel", "", T("测", "t"), T("测", "t"), declares=(ACCEPTED, CODE))
    registry.add(system)
    yield
    del registry.systems["mtest"]
    for key in [key for key in registry._things if key[1].startswith("mtest.")]:
        del registry._things[key]
