from __future__ import annotations

import pytest
from django.utils import timezone

from tongzheng.kernel.identity.actors import actor_of
from tongzheng.kernel.identity.models import Account, Organisation, Post, PostHolding

pytestmark = pytest.mark.django_db


def test_an_actor_is_read_in_one_statement(django_assert_num_queries):
    body = Organisation.objects.create(name="市局", kind="government", region="141100", path="1.")
    account = Account.objects.create(username="wang", label="王", kind="staff")
    post = Post.objects.create(organisation=body, title="科员", region="141100", roles=[])
    PostHolding.objects.create(account=account, post=post, since=timezone.now())
    with django_assert_num_queries(1):
        actor = actor_of(account.pk)
    assert actor.posts[0].organisation_name == "市局"
