import pytest
from django.test import Client

from tongzheng.kernel.core.errors import Missing, SignInNeeded
from tongzheng.kernel.identity import api
from tongzheng.kernel.ledger.api import entries

from .world import PASSWORD, account

pytestmark = pytest.mark.django_db


def enter(password: str) -> int:
    return Client().post("/account/sign-in/", {"username": "wang", "password": password}).status_code


def test_an_operator_lifts_the_lock_of_failed_sign_ins_and_it_is_recorded():
    id = account("wang")
    for _ in range(5):
        enter("wrong")
    assert enter(PASSWORD) == 429
    api.unlock(actor=api.SYSTEM, account_id=id)
    assert enter(PASSWORD) == 302
    assert [entry.subject for entry in entries(act="identity.unlock")] == [f"identity.account:{id}"]


def test_who_may_not_administer_accounts_unlocks_nobody():
    id = account("wang")
    with pytest.raises(SignInNeeded):
        api.unlock(actor=api.NOBODY, account_id=id)
    with pytest.raises(Missing):
        api.unlock(actor=api.SYSTEM, account_id=id + 1)
    assert not entries(act="identity.unlock")
