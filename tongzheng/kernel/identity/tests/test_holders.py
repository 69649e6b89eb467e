from tongzheng.kernel.identity import api as identity


def test_holders_are_found_by_organisation_in_one_statement(world, django_assert_num_queries):
    first, second, empty = (world.office(name) for name in ("甲局", "乙局", "丙局"))
    clerk = world.staff(first, name="王一")
    head = world.staff(second, name="李二")
    with django_assert_num_queries(1):
        found = identity.holders([first, second, empty])
    assert {id: [(h.account_id, h.label) for h in many] for id, many in found.items()} == {
        first: [(clerk.id, "王一")],
        second: [(head.id, "李二")],
        empty: [],
    }


def test_who_no_longer_holds_a_post_is_not_among_them(world):
    office = world.office("甲局")
    clerk = world.staff(office)
    identity.end_post(actor=identity.SYSTEM, account_id=clerk.id, post_id=clerk.posts[0].id)
    assert identity.holders([office]) == {office: ()}
