"""Drawn processes as definitions: drawn in the designer, in force from a day, never changed for those who run."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.drawn import defining, living
from tongzheng.kernel.cases.drawn.publishing import stamped
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as definitions

from .build import END, el, file, flows
from .conftest import Office
from .test_life import APPROVAL, BASIS, START, opened, saved

TOLD = defining.Said("P", "SPX", defining.APPLY, defining.READ, BASIS)
NAMED = (
    'isExecutable="true" tongzheng:prefix="TRY" tongzheng:basis="试行办法" tongzheng:basisEn="Trial rules"'
)

pytestmark = pytest.mark.django_db


def drawn(text: str) -> str:
    return text.replace('isExecutable="true"', NAMED)


def test_a_blank_process_is_sound_but_for_what_only_its_author_can_say() -> None:
    blank = defining.blank(T("临时占道 <审批>", "Road & occupation"))
    errors = [(one.place, one.words.en) for one in defining.check(blank) if one.level == "error"]
    assert errors == [
        ("process", "The prefix of numbers is one to eight capitals"),
        ("process", "The legal basis is needed in both languages"),
    ]
    assert [one for one in defining.check(drawn(blank)) if one.level == "error"] == []


def test_findings_stand_at_their_elements_and_nothing_breaks_the_check() -> None:
    text = file(
        START, el("userTask", "a"), el("userTask", "lost"), END, flows("s a", "a e", "lost e")
    ).decode()
    assert "lost" in {one.place for one in defining.check(text) if one.level == "error"}
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    for bad in ("", "<", "no xml", bomb, '<?xml version="1.0" encoding="UTF-16"?><x/>'):
        assert [one.level for one in defining.check(bad)][:1] == ["error"], bad


def test_versions_differ_by_their_elements() -> None:
    before = defining.parts(stamped(file(*APPROVAL), TOLD))
    text = file(*APPROVAL).decode().replace("people > 10", "people > 20")
    after = defining.parts(stamped(text.encode(), TOLD))
    assert {place for place in before if before[place] != after.get(place)} == {"g_chief"}
    assert "if=people > 20" in after["g_chief"]


def test_a_file_in_another_encoding_is_kept_as_text() -> None:
    raw = '<?xml version="1.0" encoding="GBK"?>' + file(*APPROVAL).decode()
    text = stamped(raw.encode("gbk"), TOLD)
    assert 'name="初审"' in text
    assert defining.parts(text)["check"].startswith("userTask · 初审")


def test_drawn_in_the_designer_it_is_in_force_from_its_day_and_running_cases_stay(office: Office) -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=clock.CHINA)
    with clock.at(noon):
        draft = definitions.begin(
            "cases.process",
            "road",
            actor=office.drawer,
            title=T("占道审批", "Road permit"),
            organisation=office.id,
        )
        assert draft.errors == 2
        with pytest.raises(Invalid):
            definitions.propose(draft.id, actor=office.drawer, lock=draft.lock)
        draft = definitions.save(draft.id, actor=office.drawer, lock=draft.lock, content=drawn(draft.content))
        draft = definitions.propose(draft.id, actor=office.drawer, lock=draft.lock)
        definitions.decide(
            draft.id, actor=office.publisher, lock=draft.lock, approve=True, effective=date(2026, 12, 1)
        )
        with pytest.raises(Missing):
            begun(office)
    with clock.at(datetime(2026, 12, 1, 9, tzinfo=clock.CHINA)):
        living.look_again()
        case = begun(office)
        assert (case.state, case.number[:3]) == ("handle", "TRY")
        assert api.move_case(case.id, "@handle", actor=office.clerk).phase == "closed"


def test_a_prefix_that_is_taken_is_refused_when_it_is_published(office: Office, morning: Any) -> None:
    taken = saved(office, *APPROVAL)
    api.publish_drawing(taken.id, actor=office.publisher)
    opened(office)
    draft = definitions.begin(
        "cases.process", "again", actor=office.drawer, title=T("又一个", "Again"), organisation=office.id,
        content=stamped(file(*APPROVAL), TOLD),
    )  # fmt: skip
    draft = definitions.propose(draft.id, actor=office.drawer, lock=draft.lock)
    with pytest.raises(Invalid):
        definitions.decide(draft.id, actor=office.publisher, lock=draft.lock, approve=True)
    assert definitions.look(draft.id, actor=office.drawer).state == "proposed"


def begun(office: Office) -> Any:
    return api.open_case(
        "drawn.road", actor=office.clerk, title="占道", facts={}, region="141102001", organisation=office.id
    )


SCHEMA = (
    '{"type": "default", "components": [{"type": "number", "key": "area", "id": "area", "label": "面积",'
    ' "decimalDigits": 0, "validate": {"required": true, "max": %d}}]}'
)


def form_in_force(office: Office, most: int) -> Any:
    known = definitions.overview(actor=office.drawer, kind="cases.form").rows
    new = {} if known else {"title": T("占道", "Road"), "organisation": office.id}
    draft = definitions.begin("cases.form", "road", actor=office.drawer, content=SCHEMA % most, **new)
    draft = definitions.propose(draft.id, actor=office.drawer, lock=draft.lock)
    return definitions.decide(draft.id, actor=office.publisher, lock=draft.lock, approve=True)


def test_a_step_asks_what_its_form_asks_and_running_cases_keep_the_form_they_began_with(
    office: Office, morning: Any
) -> None:
    asks = (el("startEvent", "s", tongzheng__form="road"), *APPROVAL[1:2], END, flows("s check", "check e"))
    missing = saved(office, *asks)
    assert [one.code for one in api.findings(missing.id, actor=office.drawer) if one.level == "error"] == [
        "unknown-form"
    ]
    form_in_force(office, 100)
    api.publish_drawing(saved(office, *asks).id, actor=office.publisher)
    with pytest.raises(Invalid) as caught:
        opened(office, facts={"area": "500"})
    assert list(caught.value.fields) == ["area"]
    assert opened(office, facts={"area": "60"}).state == "check"
    form_in_force(office, 10)
    assert opened(office, facts={"area": "60"}).state == "check"
    api.publish_drawing(saved(office, *asks).id, actor=office.publisher)
    with pytest.raises(Invalid):
        opened(office, facts={"area": "60"})
