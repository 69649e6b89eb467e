from dataclasses import dataclass

import pytest

from tongzheng.kernel.core.registry import DeclarationError, Registry, System
from tongzheng.kernel.core.text import T


@dataclass(frozen=True)
class Lamp:
    name: str


def a_system(slug="street", *things):
    return System(slug, "governance", "G6", T("街", "Street"), T("街灯", "Lamps"), declares=things)


def test_a_declared_thing_is_found_by_kind_and_full_name():
    registry = Registry()
    registry.add(a_system("street", Lamp("one")))
    assert registry.get(Lamp, "street.one") == Lamp("one")
    assert registry.find(Lamp, "street.two") is None
    assert registry.system_of("street.one").slug == "street"
    with pytest.raises(KeyError, match=r"street\.two"):
        registry.get(Lamp, "street.two")


def test_a_name_declared_twice_is_refused_and_nothing_of_the_system_stays():
    registry = Registry()
    with pytest.raises(DeclarationError, match=r"street\.one"):
        registry.add(a_system("street", Lamp("one"), Lamp("one")))
    assert registry.systems == {}
    assert registry.of(Lamp) == {}


def test_two_systems_of_one_name_are_refused():
    registry = Registry()
    registry.add(a_system())
    with pytest.raises(DeclarationError):
        registry.add(a_system())
