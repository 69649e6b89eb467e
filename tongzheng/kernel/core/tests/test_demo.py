from datetime import datetime, timedelta

import pytest

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.demo import play, read_progress, write_progress
from tongzheng.kernel.core.text import T

START = datetime(2026, 1, 5, 9, 0, tzinfo=clock.CHINA)


def test_stories_unfold_in_the_order_of_their_moments_each_at_its_own_time():
    seen = []

    def story(name, gap):
        def run():
            for step in range(3):
                seen.append((clock.now(), name, step))
                yield clock.now() + timedelta(hours=gap)

        return run

    steps = play(
        [(START, story("a", 5)), (START + timedelta(hours=1), story("b", 2))], until=START + timedelta(days=9)
    )
    assert [(name, step) for _, name, step in seen] == [
        ("a", 0),
        ("b", 0),
        ("b", 1),
        ("a", 1),
        ("b", 2),
        ("a", 2),
    ]
    assert [at for at, _, _ in seen] == sorted(at for at, _, _ in seen)
    assert steps == 8


def test_what_lies_after_the_end_has_not_happened():
    seen = []

    def run():
        seen.append("first")
        yield START + timedelta(days=2)
        seen.append("second")

    play([(START, run)], until=START + timedelta(days=1))
    assert seen == ["first"]


def test_a_story_that_goes_back_in_time_is_a_mistake():
    def run():
        yield START - timedelta(hours=1)

    with pytest.raises(ValueError, match="back in time"):
        play([(START, run)], until=START + timedelta(days=1))


def test_progress_is_kept_for_every_process_to_read(tmp_path):
    assert read_progress(tmp_path) is None
    write_progress(tmp_path, done=3, total=10, what=T("办件", "Cases"))
    found = read_progress(tmp_path)
    assert (found["done"], found["total"], found["what"], found["finished"]) == (
        3,
        10,
        T("办件", "Cases"),
        False,
    )
