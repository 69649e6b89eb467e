"""The door of identity: who people and bodies are, and who may do what where."""

from __future__ import annotations

from .accounts import (
    NewAccount,
    account_named,
    accounts,
    create_account,
    create_accounts,
    register_citizen,
    set_active,
)
from .actors import actor_of, actors_of, may, reach, require, who_may
from .bodies import (
    NewOrganisation,
    ensure_organisation,
    ensure_organisations,
    organisation,
    organisations,
)
from .demo import demo_post
from .people import NewPerson, find_person, person, register_person, register_persons, reveal
from .places import load_regions, region, region_path, regions
from .posts import (
    Holder,
    NewHolding,
    define_post,
    end_post,
    ensure_post,
    ensure_posts,
    give_post,
    holders,
)
from .sessions import actor_from, form_page, keep_post, kept_values
from .signin import change_password, reset_password, sign_in, sign_out, unlock, verify_code
from .standing_in import StandInView, end_stand_in, stand_in, stand_ins
from .throttling import address_of, pace
from .views import (
    NOBODY,
    SYSTEM,
    AccountView,
    Actor,
    Grantee,
    OrganisationView,
    PersonView,
    PostView,
    Reach,
    RegionView,
    Verdict,
)

__all__ = [
    "NOBODY",
    "SYSTEM",
    "AccountView",
    "Actor",
    "Grantee",
    "Holder",
    "NewAccount",
    "NewHolding",
    "NewOrganisation",
    "NewPerson",
    "OrganisationView",
    "PersonView",
    "PostView",
    "Reach",
    "RegionView",
    "StandInView",
    "Verdict",
    "account_named",
    "accounts",
    "actor_from",
    "actor_of",
    "actors_of",
    "address_of",
    "change_password",
    "create_account",
    "create_accounts",
    "define_post",
    "demo_post",
    "end_post",
    "end_stand_in",
    "ensure_organisation",
    "ensure_organisations",
    "ensure_post",
    "ensure_posts",
    "find_person",
    "form_page",
    "give_post",
    "holders",
    "keep_post",
    "kept_values",
    "load_regions",
    "may",
    "organisation",
    "organisations",
    "pace",
    "person",
    "reach",
    "region",
    "region_path",
    "regions",
    "register_citizen",
    "register_person",
    "register_persons",
    "require",
    "reset_password",
    "reveal",
    "set_active",
    "sign_in",
    "sign_out",
    "stand_in",
    "stand_ins",
    "unlock",
    "verify_code",
    "who_may",
]
