"""Two people at the same moment, each on a connection of their own."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from tongzheng.kernel.core.errors import Conflict
from tongzheng.kernel.definitions import api

from .conftest import KIND, Office

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*verbs: Any) -> list[Any]:
    """Run verbs at the same moment and return what each gave or raised."""
    gate, found = Barrier(len(verbs)), [None] * len(verbs)

    def run(place: int, verb: Any) -> None:
        gate.wait()
        try:
            found[place] = verb()
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=one) for one in enumerate(verbs)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    return found


def test_of_two_who_publish_at_once_one_wins_and_the_other_learns_who(
    transactional_db: None, office: Office
) -> None:
    office.published(office.begin())
    drafts = [api.begin(KIND, "parking", actor=office.ann, content=f"car={n}\n") for n in (6, 7)]
    drafts = [api.propose(one.id, actor=office.ann, lock=one.lock) for one in drafts]
    first, second = at_once(
        lambda: api.decide(drafts[0].id, actor=office.chief, lock=drafts[0].lock, approve=True),
        lambda: api.decide(drafts[1].id, actor=office.deputy, lock=drafts[1].lock, approve=True),
    )
    winner, loser = (second, first) if isinstance(first, Conflict) else (first, second)
    assert winner.number == 2
    assert isinstance(loser, Conflict)
    assert winner.decided_label in loser.words.zh
    history = api.history(KIND, "parking", actor=office.reader)
    assert sorted(one.state for one in history.versions) == ["proposed", "published", "published"]


def test_of_two_who_save_at_once_nobody_overwrites_the_other(transactional_db: None, office: Office) -> None:
    draft = office.begin()
    found = at_once(
        lambda: api.save(draft.id, actor=office.ann, lock=draft.lock, content="car=8\n"),
        lambda: api.save(draft.id, actor=office.bob, lock=draft.lock, content="car=9\n"),
    )
    (kept,) = [one for one in found if not isinstance(one, Exception)]
    (lost,) = [one for one in found if isinstance(one, Exception)]
    assert isinstance(lost, Conflict)
    assert kept.changed_label in lost.words.zh
    assert api.look(draft.id, actor=office.reader).content == kept.content
