"""PostgreSQL: one role per service that uses tables, each the owner of its own, and nothing for everybody else."""

from collections.abc import Mapping
from typing import Final

import psycopg
from psycopg import sql

from common.runtime.database import VERSION_TABLES
from common.runtime.rights.tables import OWNERS, READ_ONLY, TABLES, grants_on, role_name

ATTRIBUTES: Final = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS"
_LOCK_KEY: Final = 0x41_49_43_4F  # As the migrations': neither sees the other half done.


def make_database_roles(admin_url: str, passwords: Mapping[str, str]) -> list[str]:
    """Makes the roles with their passwords, and the database theirs; returns the tables and views that changed hands.

    A database of an earlier version, whose tables belong to the superuser, is handed over table by table. All of it is
    one transaction; a repeat changes nothing. Readers of tables that come later are granted by the owner's migrations.
    """
    with psycopg.connect(admin_url) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
        for service in (*OWNERS, *READ_ONLY):
            _make_role(connection, service, passwords[service])
        _close_to_the_public(connection)
        _share_version_tables(connection)
        return _hand_over(connection)


def role_url(admin_url: str, service: str, password: str) -> str:
    """The same database as seen by a service's role."""
    scheme, _, rest = admin_url.partition("://")
    return f"{scheme}://{role_name(service)}:{password}@{rest.rpartition('@')[2]}"


def _make_role(connection: psycopg.Connection, service: str, password: str) -> None:
    name = sql.Identifier(role_name(service))
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role_name(service),)).fetchone():
        connection.execute(sql.SQL("CREATE ROLE {}").format(name))
    connection.execute(sql.SQL("ALTER ROLE {} {} PASSWORD {}").format(name, sql.SQL(ATTRIBUTES), sql.Literal(password)))
    if service in READ_ONLY:
        connection.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(name))


def _close_to_the_public(connection: psycopg.Connection) -> None:
    [database] = connection.execute("SELECT current_database()").fetchone() or ("",)
    everyone = sql.SQL(", ").join(sql.Identifier(role_name(service)) for service in (*OWNERS, *READ_ONLY))
    owners = sql.SQL(", ").join(sql.Identifier(role_name(service)) for service in OWNERS)
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {database} TO {everyone}",
        "GRANT USAGE ON SCHEMA public TO {everyone}",
        "GRANT CREATE ON SCHEMA public TO {owners}",
    ):
        connection.execute(
            sql.SQL(statement).format(database=sql.Identifier(database), everyone=everyone, owners=owners)
        )


def _share_version_tables(connection: psycopg.Connection) -> None:
    """Every owner notes its migrations in the same two tables, and sees and changes its own rows alone."""
    owners = sql.SQL(", ").join(sql.Identifier(role_name(service)) for service in OWNERS)
    for name, definition in VERSION_TABLES.items():
        table = sql.Identifier(name)
        connection.execute(definition.encode())
        for statement in (
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            "DROP POLICY IF EXISTS own_rows ON {table}",
            "CREATE POLICY own_rows ON {table} USING (current_user = {prefix} || owner)",
            "REVOKE ALL ON {table} FROM PUBLIC",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {owners}",
        ):
            connection.execute(sql.SQL(statement).format(table=table, owners=owners, prefix=sql.Literal(role_name(""))))


def _hand_over(connection: psycopg.Connection) -> list[str]:
    """Tables and views of the list, and the functions that `schema_views` names, to their owners."""
    changed = []
    for owner, tables in TABLES.items():
        rows = connection.execute(
            """SELECT c.relname, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
            WHERE c.relkind IN ('r', 'p', 'v') AND c.relowner <> %s::regrole AND (c.relname = ANY(%s) OR c.oid IN (
                SELECT inhrelid FROM pg_inherits i JOIN pg_class parent ON parent.oid = i.inhparent
                WHERE parent.relname = ANY(%s)
            ))
            UNION ALL
            SELECT p.oid::regprocedure::text, 'FUNCTION' FROM pg_proc p
            JOIN pg_namespace n ON n.oid = p.pronamespace AND n.nspname = 'public'
            JOIN schema_views v ON v.name = p.proname AND v.owner = %s AND v.kind = 'FUNCTION'
            WHERE p.proowner <> %s::regrole""",
            (role_name(owner), list(tables), list(tables), owner, role_name(owner)),
        ).fetchall()
        for name, kind in rows:
            # A function's name holds the types of its arguments, as PostgreSQL itself writes them.
            target = sql.SQL(name) if kind == "FUNCTION" else sql.Identifier(name)
            connection.execute(
                sql.SQL("ALTER {} {} OWNER TO {}").format(sql.SQL(kind), target, sql.Identifier(role_name(owner)))
            )
            changed.append(name)
        _grant_to_readers(connection, owner)
    return changed


def _grant_to_readers(connection: psycopg.Connection, owner: str) -> None:
    """As far as the tables exist: a reader may start before the owner has."""
    rows = connection.execute(
        """SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
        AND relowner = %s::regrole AND relname = ANY(%s)""",
        (role_name(owner), list(TABLES[owner])),
    ).fetchall()
    for (table,) in rows:
        for statement in grants_on(table, owner):
            connection.execute(statement.encode())
