"""Work done together: merging, subtasks, objections and their rulings, links, checklists, lawful deletion.

Plain SQL, as these tables are only ever read and written by plain SQL.
"""

from django.db import migrations

FORWARD = [
    # Constant defaults: PostgreSQL adds such columns without rewriting the table.
    """
    ALTER TABLE cases_case
        ADD COLUMN leader_id bigint,
        ADD COLUMN members integer NOT NULL DEFAULT 0,
        ADD COLUMN pending bigint[] NOT NULL DEFAULT '{}',
        ADD COLUMN ticked text[] NOT NULL DEFAULT '{}',
        ADD COLUMN shredded_at timestamptz
    """,
    "CREATE INDEX cases_case_leader ON cases_case (leader_id, id) WHERE leader_id IS NOT NULL",
    # What a member was when it was merged, so that undoing can give it back; `carried`: the state that a shared move
    # brought it to since.
    """
    CREATE TABLE cases_merger (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        leader_id bigint NOT NULL,
        member_id bigint NOT NULL,
        at timestamptz NOT NULL,
        by_id bigint,
        by_label text NOT NULL,
        before jsonb NOT NULL,
        carried text COLLATE "C",
        ended_at timestamptz
    )
    """,
    "CREATE UNIQUE INDEX cases_merger_once ON cases_merger (member_id) WHERE ended_at IS NULL",
    "CREATE INDEX cases_merger_leader ON cases_merger (leader_id) WHERE ended_at IS NULL",
    """
    CREATE TABLE cases_subtask (
        id bigint PRIMARY KEY,
        case_id bigint NOT NULL,
        name text COLLATE "C" NOT NULL,
        step smallint NOT NULL,
        required boolean NOT NULL,
        organisation_id bigint NOT NULL,
        organisation_label text NOT NULL,
        state text COLLATE "C" NOT NULL CHECK (state IN ('queued', 'asked', 'given', 'silent', 'ended')),
        amount integer NOT NULL,
        asked_at timestamptz NOT NULL,
        asked_label text NOT NULL,
        question text NOT NULL,
        due_at timestamptz,
        answer text COLLATE "C" NOT NULL DEFAULT '',
        opinion text NOT NULL DEFAULT '',
        data jsonb,
        sealed bytea,
        given_at timestamptz,
        given_id bigint,
        given_label text NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX cases_subtask_case ON cases_subtask (case_id, id)",
    "CREATE INDEX cases_subtask_due ON cases_subtask (due_at) WHERE state = 'asked'",
    # The task of a subtask: done by its own id, not by the case's.
    "ALTER TABLE cases_task ADD COLUMN subtask_id bigint",
    "CREATE INDEX cases_task_subtask ON cases_task (subtask_id) WHERE subtask_id IS NOT NULL",
    """
    CREATE TABLE cases_objection (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        case_id bigint NOT NULL,
        number text COLLATE "C" NOT NULL,
        title text NOT NULL,
        type_id text COLLATE "C" NOT NULL,
        subject text COLLATE "C" NOT NULL,
        region text COLLATE "C" NOT NULL,
        objector_id bigint NOT NULL,
        objector_label text NOT NULL,
        sender_id bigint,
        sender_label text NOT NULL,
        ground text NOT NULL,
        reason text NOT NULL,
        at timestamptz NOT NULL,
        by_label text NOT NULL,
        due_at timestamptz NOT NULL,
        judge_id bigint NOT NULL,
        judge_label text NOT NULL,
        ruled_at timestamptz,
        ruled_id bigint,
        ruled_label text NOT NULL DEFAULT '',
        decided_id bigint,
        decided_label text NOT NULL DEFAULT '',
        why text NOT NULL DEFAULT '',
        basis text NOT NULL DEFAULT '',
        marks integer[] NOT NULL DEFAULT '{}'
    )
    """,
    "CREATE INDEX cases_objection_case ON cases_objection (case_id, id)",
    "CREATE INDEX cases_objection_kind ON cases_objection (type_id, subject, id DESC) WHERE ruled_at IS NOT NULL",
    "CREATE INDEX cases_objection_marks ON cases_objection USING gin (marks) WHERE ruled_at IS NOT NULL",
    """
    CREATE TABLE cases_link (
        from_id bigint NOT NULL,
        to_id bigint NOT NULL,
        kind text COLLATE "C" NOT NULL CHECK (kind IN ('cause', 'duplicate', 'parent')),
        at timestamptz NOT NULL,
        by_label text NOT NULL,
        PRIMARY KEY (from_id, to_id, kind),
        CHECK (from_id <> to_id)
    )
    """,
    "CREATE INDEX cases_link_to ON cases_link (to_id)",
    "CREATE UNIQUE INDEX cases_link_one_parent ON cases_link (to_id) WHERE kind = 'parent'",
]

BACK = [
    "DROP TABLE cases_link, cases_objection, cases_subtask, cases_merger",
    "ALTER TABLE cases_task DROP COLUMN subtask_id",
    """
    ALTER TABLE cases_case DROP COLUMN leader_id, DROP COLUMN members, DROP COLUMN pending, DROP COLUMN ticked,
        DROP COLUMN shredded_at
    """,
]


class Migration(migrations.Migration):

    dependencies = [("cases", "0002_clocks")]

    operations = [migrations.RunSQL(sql=FORWARD, reverse_sql=BACK)]
