import re

import pytest

from tongzheng.kernel.core.errors import Refused, SignInNeeded
from tongzheng.kernel.core.registry import CHAPTERS, registry
from tongzheng.kernel.identity import api as identity
from tongzheng.systems.foundation.hub import services
from tongzheng.systems.foundation.hub.plan import PLAN


@pytest.fixture
def operator(world):
    return world.staff(world.office("市数据局", region="141100"), "hub.operator")


def test_the_plan_names_thirty_three_systems_and_what_is_here_is_counted_against_it(operator):
    view = services.overview(actor=operator)
    assert len(PLAN) == 33
    here = {system.plan for system in registry.systems.values() if system.chapter in CHAPTERS}
    assert view.connected == len(here & set(PLAN))
    assert view.share == round(100 * view.connected / 33)
    assert view.services == 0


def test_every_system_of_the_registry_has_a_card_with_its_ladder(operator):
    cards = {card.slug: card for card in services.overview(actor=operator).cards}
    assert {"hub", "hotline", "services"} <= set(cards)
    assert all(card.standing is not None for card in cards.values()), {
        c.slug: c.fault for c in cards.values()
    }


def test_a_system_without_a_readable_ladder_says_so_and_the_page_still_shows(
    world, operator, monkeypatch, tmp_path
):
    monkeypatch.setattr(services.discovery, "PACKAGE", tmp_path)
    card = services.system_card("hotline", actor=operator)
    assert card.standing is None
    assert "quality.toml" in card.fault
    assert world.client(operator).get("/hub/hotline/").status_code == 200


def test_the_hub_is_for_staff_and_the_ledger_for_those_who_keep_it(world, operator):
    clerk = world.staff(world.office("某局"))
    with pytest.raises(SignInNeeded):
        services.overview(actor=identity.NOBODY)
    with pytest.raises(Refused):
        services.overview(actor=world.citizen())
    assert world.client(clerk).get("/hub/").status_code == 200
    assert world.client(clerk).get("/hub/ledger/").status_code == 403
    assert world.client(operator).get("/hub/ledger/").status_code == 200


@pytest.mark.parametrize("path", ["/hub/nothing/", "/hub/cases/"])
def test_what_is_no_system_is_not_found(world, operator, path):
    assert world.client(operator).get(path).status_code == 404


@pytest.mark.parametrize("after", ["x", "-1", "99999999999999999999999", "\x00"])
def test_a_wrong_place_in_the_ledger_is_refused_in_words(world, operator, after):
    assert world.client(operator).get("/hub/ledger/", {"after": after}).status_code in (200, 422)


def test_the_ledger_shows_its_newest_entries_first(world, operator):
    world.office("新登记的局")
    shown = world.client(operator).get("/hub/ledger/").content.decode()
    acts = re.findall(r"<code>([a-z_.]+)</code>", shown)
    assert acts[0] in ("identity.sign_in", "identity.account", acts[0])
    assert any(act.startswith("identity.") for act in acts)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", ["/hub/", "/hub/hotline/", "/hub/ledger/"])
def test_every_page_reads_in_both_languages(world, operator, path, language):
    client = world.client(operator)
    client.cookies["language"] = language
    shown = client.get(path).content.decode()
    assert ('<html lang="en"' in shown) == (language == "en")


def test_the_number_of_statements_does_not_depend_on_how_much_there_is(
    world, operator, django_assert_max_num_queries
):
    client = world.client(operator)
    client.get("/hub/")
    with django_assert_max_num_queries(30):
        client.get("/hub/")
