"""The tables of the ledger, in plain SQL: they are written by plain SQL, and no model may update them."""

import secrets

from django.conf import settings
from django.db import migrations

TABLES = """
CREATE SEQUENCE ledger_entry_id AS bigint CACHE 1;
CREATE TABLE ledger_entry (
    -- The CASE makes the transaction take its number before it takes the id: the integrator's fence rests on it.
    id bigint PRIMARY KEY DEFAULT CASE WHEN pg_current_xact_id() > '0' THEN nextval('ledger_entry_id') END,
    at timestamptz NOT NULL,
    actor bigint,
    act text NOT NULL,
    subject text NOT NULL,
    label text NOT NULL,
    body json NOT NULL,
    salt bytea NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32)
);
ALTER SEQUENCE ledger_entry_id OWNED BY ledger_entry.id;
CREATE INDEX ledger_entry_subject ON ledger_entry (subject, id);
CREATE INDEX ledger_entry_act ON ledger_entry (act, id);
CREATE INDEX ledger_entry_actor ON ledger_entry (actor, id) WHERE actor IS NOT NULL;

CREATE TABLE ledger_leaf (
    seq bigint PRIMARY KEY CHECK (seq >= 0),
    entry_id bigint NOT NULL UNIQUE,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);
CREATE TABLE ledger_node (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, index)
);
CREATE TABLE ledger_checkpoint (
    size bigint PRIMARY KEY,
    at timestamptz NOT NULL,
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL
);
CREATE TABLE ledger_tree (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    hash text NOT NULL CHECK (hash IN ('sha256', 'sm3')),
    origin text NOT NULL,
    size bigint NOT NULL DEFAULT 0,
    edge bytea NOT NULL DEFAULT '',
    low_id bigint NOT NULL DEFAULT 0,
    fence_id bigint NOT NULL DEFAULT 0,
    fence_xid xid8 NOT NULL DEFAULT '0'
);
CREATE TABLE ledger_file (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    size bigint NOT NULL CHECK (size > 0),
    media_type text NOT NULL,
    kept_at timestamptz NOT NULL
);

CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger only grows: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""

GUARDED = ("ledger_entry", "ledger_leaf", "ledger_node", "ledger_checkpoint", "ledger_file")

GUARDS = "".join(
    f"CREATE TRIGGER {table}_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse();\n"
    for table in GUARDED
)

UNDO = (
    "".join(f"DROP TABLE {table};\n" for table in (*GUARDED, "ledger_tree"))
    + "DROP FUNCTION ledger_refuse();"
)


def give_birth(apps, editor):
    name = getattr(settings, "LEDGER_HASH", "sha256")
    with editor.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_tree (hash, origin) VALUES (%s, %s)",
            [name, f"tongzheng.ledger/{secrets.token_hex(8)}"],
        )


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(TABLES + GUARDS, UNDO),
        migrations.RunPython(give_birth, migrations.RunPython.noop),
    ]
