"""Fills a database with a city's cases by plain SQL: a year of them, in believable proportions, in a minute or two.

Only for measuring. The demo city is loaded through the doors; a million cases that way would take hours.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import psycopg

from tongzheng.kernel.cases import marks
from tongzheng.kernel.cases.declarations import words_of
from tongzheng.kernel.cases.kinds import CaseType

PLACES = [
    f"{a}{b}"
    for a in ("滨河", "龙凤", "凤山", "莲花", "永宁", "北川", "交通", "吕梁", "新华", "文化", "昌宁", "兴南")
    for b in ("小区", "家园", "北路", "南街", "花园", "新村", "大街", "巷", "公寓", "苑", "里", "广场")
]
WINTER = ["暖气不热", "供热管道漏水", "室温不达标", "供暖费退费", "换热站噪声"]
WHOLE_YEAR = [
    *("路灯不亮", "井盖缺失", "垃圾未清运", "夜间施工噪声", "占道经营", "违章建筑", "自来水停水", "水压不足"),
    *(
        "下水道堵塞",
        "公交不准点",
        "停车乱收费",
        "物业不作为",
        "电梯故障",
        "油烟扰民",
        "拖欠工资",
        "学区划分咨询",
    ),
    *(
        "社保补缴咨询",
        "医保报销问题",
        "绿化带破坏",
        "道路坑洼",
        "燃气安全隐患",
        "树木倒伏",
        "犬只扰民",
        "广场舞噪声",
    ),
    *(
        "飞线充电",
        "消防通道堵塞",
        "房产证办理缓慢",
        "预售卡退费",
        "快递纠纷",
        "饭店卫生差",
        "宅基地纠纷",
        "危房改造",
    ),
]
RARE = ["古城墙砖剥落", "文峰塔避雷针", "湫水河死鱼"]
COUNTIES = (
    *("141102", "141121", "141122", "141123", "141124", "141125", "141126", "141127", "141128", "141129"),
    *("141130", "141181", "141182"),
)
TOWNSHIPS = [
    f"{county}{n:03d}" for county in COUNTIES for n in (1, 2, 3, 100, 101, 102, 200, 201, 202, 203, 204, 205)
]


def fill(
    url: str, case_type: CaseType, type_id: str, *, rows: int, until: datetime, offices: list[int]
) -> None:
    """Enter `rows` cases of the year before `until`, held by `offices` (each in one county, in turn).

    3 in 100 are open, the newest; a case was moved five times and told of twice in its life.
    """
    texts = [*WHOLE_YEAR, *WINTER, *RARE]
    with psycopg.connect(url, autocommit=True) as connection:
        run = connection.execute
        run("SET synchronous_commit = off")
        run("SET maintenance_work_mem = '1GB'")
        run("DROP INDEX IF EXISTS cases_words_marks")
        run("CREATE TEMP TABLE place (i int, name text, m int[])")
        run("CREATE TEMP TABLE phrase (i int, name text, m int[])")
        run("CREATE TEMP TABLE town (i int, code text, m int[])")
        run("CREATE TEMP TABLE office (i int, id bigint, m int)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO place VALUES (%s, %s, %s)", _marked(PLACES))
            cursor.executemany("INSERT INTO phrase VALUES (%s, %s, %s)", _marked(texts))
            cursor.executemany(
                "INSERT INTO town VALUES (%s, %s, %s)",
                [(i, code, marks.of_region(code)) for i, code in enumerate(TOWNSHIPS)],
            )
            cursor.executemany(
                "INSERT INTO office VALUES (%s, %s, %s)",
                [(i, id, marks.of_organisation(id)) for i, id in enumerate(offices)],
            )
            first = words_of(case_type, None, case_type.start)
            cursor.execute(
                "INSERT INTO cases_wording VALUES (%s, %s) ON CONFLICT DO NOTHING", (first.id, first.text)
            )
        begin = until - timedelta(days=365)
        done = int(rows * 0.97)
        run(
            """
            CREATE TEMP TABLE made AS
            SELECT g AS id, %(begin)s::timestamptz + (g::float8 / %(rows)s) * interval '365 days' AS at,
                   g <= %(done)s AS done, hashint8(g) & 1073741823 AS h, hashint8(g + 7) & 1073741823 AS k
            FROM generate_series(1, %(rows)s) g
            """,
            {"begin": begin, "rows": rows, "done": done},
        )
        run(
            """
            INSERT INTO cases_case (id, number, type_id, state, phase, version, events, title, region, organisation_id,
              organisation_label, opener_id, handler_id, handler_label, mover_id, made, applicant_account_id,
              applicant_label, applicant_lang, applicant_sealed, opened_at, due_at, soon_at, closed_at, subject, facts,
              sealed, documents, rules)
            SELECT m.id, 'BJ' || to_char(m.at, 'YYYYMMDD') || lpad((m.id %% 10000000)::text, 7, '0'), %(type)s,
              CASE WHEN m.done THEN 'closed' ELSE (ARRAY['new','assigned','working','answered'])[1 + m.k %% 4] END,
              CASE WHEN m.done THEN 2 ELSE 0 END, 6, 6, p.name || ' ' || f.name, t.code, o.id, '区住建局', o.id,
              CASE WHEN m.done OR m.k %% 4 > 1 THEN 1000 + m.k %% 2000 END, '', 1000 + m.k %% 2000, '{}',
              100000 + m.k %% 300000, '马＊', 'zh', decode(repeat('ab', 60), 'hex'), m.at, m.at + interval '7 days',
              m.at + interval '5 days', CASE WHEN m.done THEN m.at + (m.h %% 9) * interval '1 day' END, '',
              jsonb_build_object('place', p.name, 'what', f.name || '，请尽快处理'), decode(repeat('cd', 50), 'hex'), '{}',
              'bench'
            FROM made m
            JOIN place p ON p.i = m.h %% %(places)s
            JOIN phrase f ON f.i = CASE WHEN m.k %% 20000 = 0 THEN %(rare)s + m.h %% 3
              WHEN extract(month FROM m.at) IN (11, 12, 1, 2, 3) AND m.k %% 3 = 0 THEN %(winter)s + m.h %% 5
              ELSE m.h %% %(winter)s END
            JOIN town t ON t.i = (m.h / 7) %% %(towns)s
            JOIN office o ON o.i = (((m.h / 7) %% %(towns)s) / 12) + 13 * ((m.k / 5) %% %(each)s)
            ORDER BY m.id
            """,
            {
                "type": type_id,
                "places": len(PLACES),
                "winter": len(WHOLE_YEAR),
                "rare": len(WHOLE_YEAR) + len(WINTER),
                "towns": len(TOWNSHIPS),
                "each": len(offices) // 13,
            },
        )
        run(
            """
            INSERT INTO cases_words (case_id, marks)
            SELECT c.id, ARRAY[-(extract(year FROM c.opened_at AT TIME ZONE 'Asia/Shanghai')::int * 12
              + extract(month FROM c.opened_at AT TIME ZONE 'Asia/Shanghai')::int - 1), %s::int]
              || t.m || p.m || f.m || ARRAY[o.m, (hashint8(c.id) & 2147483647)::int, (hashint8(c.id + 3) & 2147483647)::int]
            FROM cases_case c JOIN town t ON t.code = c.region JOIN office o ON o.id = c.organisation_id
            JOIN place p ON p.name = split_part(c.title, ' ', 1) JOIN phrase f ON f.name = split_part(c.title, ' ', 2)
            ORDER BY c.id
            """,
            (marks.of_type(type_id),),
        )
        run(
            """
            INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at,
              soon_at, done_at, done_by, ended)
            SELECT c.id, 0, %s || '/' || CASE WHEN c.phase = 2 OR s.n < 3 THEN
                (ARRAY['new','assigned','working','answered'])[s.n] ELSE c.state END,
              c.region, c.organisation_id, CASE WHEN c.phase <> 2 AND s.n = 3 THEN c.handler_id END, false, c.opened_at,
              c.due_at, c.soon_at, CASE WHEN c.phase = 2 OR s.n < 3 THEN c.opened_at + s.n * interval '1 day' END,
              CASE WHEN c.phase = 2 OR s.n < 3 THEN c.mover_id END, CASE WHEN c.phase = 2 AND s.n = 4 THEN
                %s || '/' || c.state END
            FROM cases_case c, generate_series(1, 4) s(n) WHERE c.phase = 2 OR s.n <= 3 ORDER BY c.id, s.n
            """,
            (type_id, type_id),
        )
        run(
            """
            INSERT INTO cases_event (case_id, n, kind, move, from_state, to_state, at, actor_id, actor_label,
              organisation_id, organisation_label, note, document, wording_id)
            SELECT c.id, s.n, CASE WHEN s.n = 1 THEN 'open' ELSE 'move' END, 'assign', 'new', 'assigned',
              c.opened_at + s.n * interval '1 day', c.mover_id, '张＊ · 热线中心 坐席', c.organisation_id, '区住建局',
              '已与来电人联系，正在处理', '', %s
            FROM cases_case c, generate_series(1, 6) s(n) ORDER BY c.id, s.n
            """,
            (first.id,),
        )
        run(
            """
            INSERT INTO cases_clock (case_id, name, unit, amount, extended, calendar, started_at, due_at, soon_at, stopped_at)
            SELECT id, 'promised', 'working_day', 5, 0, 0, opened_at, due_at, soon_at, closed_at FROM cases_case ORDER BY id
            """
        )
        run("CREATE INDEX cases_words_marks ON cases_words USING gin (marks)")
        run("SELECT setval('cases_id_seq', %s)", (rows + 1000,))
        for table in ("case", "words", "task", "event", "clock"):
            run(f"VACUUM (ANALYZE, FREEZE) cases_{table}")
        with suppress(psycopg.errors.InsufficientPrivilege):
            run("CHECKPOINT")


def _marked(texts: list[str]) -> list[tuple[int, str, list[int]]]:
    return [(i, text, marks.of_text(text)) for i, text in enumerate(texts)]
