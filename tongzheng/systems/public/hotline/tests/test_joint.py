"""The seat is told of the same matter near by, and merges with two presses."""

from tongzheng.kernel.cases import api as cases
from tongzheng.systems.public.hotline import services
from tongzheng.systems.public.hotline.tests.test_tickets import city, take

__all__ = ["city"]


def test_a_ticket_near_by_is_offered_as_the_leader_and_takes_the_new_one_in(city, world):
    first, second = take(city), take(city, once="c2")
    other = take(city, once="c3", **{"class": "010401"})
    assert services.leader_for(first, actor=city.seat).number == second.number
    assert services.leader_for(second, actor=city.seat).number == first.number
    assert services.leader_for(other, actor=city.seat) is None
    browser = world.client(city.seat)
    page = browser.get(f"/work/cases/{first.number}/merge/?member={second.number}").content.decode()
    assert f'value="{second.number}" checked' in page
    answer = browser.post(
        f"/work/cases/{first.number}/merge/", {"version": first.version, "member": [second.number]}
    )
    assert answer.status_code == 303
    merged = cases.sheet(second.id, actor=city.seat).case
    assert merged.merged
    assert services.leader_for(merged, actor=city.seat) is None


def test_the_public_progress_of_a_merged_ticket_says_so_and_names_nobody_else(city, world):
    first, second = take(city), take(city, once="c2")
    cases.merge(first.number, [second.number], actor=city.seat)
    found = cases.progress(second.number, second.query_code)
    assert (found.merged, found.number) == (True, second.number)
    page = (
        world.client(city.citizen)
        .post("/work/progress/", {"number": second.number, "code": second.query_code})
        .content.decode()
    )
    assert "合并办理" in page
    assert first.number not in page


def test_a_dispatcher_moves_many_in_one_batch(city):
    tickets = [take(city, once=f"b{n}") for n in range(3)]
    cases.move_case(tickets[1].id, "dispatch", actor=city.seat, organisation=city.heating)
    done = cases.move_many(
        [(one.number, one.version) for one in tickets], "dispatch", actor=city.seat, organisation=city.heating
    )
    assert [one.case is not None for one in done] == [True, False, True]
    assert {one.number for one in cases.inbox(actor=city.handler)} == {one.number for one in tickets}
