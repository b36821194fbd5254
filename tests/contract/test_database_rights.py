"""The matrix: what each service's role may do in PostgreSQL, against the list of tables.

What is expected is read from the list here and from nothing that makes the rights. Every statement is tried and undone,
and the counts are printed (`pytest -s`).
"""

from collections import Counter

import psycopg
import pytest
from psycopg import errors

from common.events.catalog import services_of
from common.runtime.database import migrate, open_pool
from common.runtime.rights.database_roles import make_database_roles, role_url
from common.runtime.rights.tables import OWNERS, READ_ONLY, TABLES, WITHHELD, role_name
from support.service_rights import report_rights

PASSWORDS = {service: f"password-of-{service}" for service in services_of(("deepseek", "qwen"))}
DATABASE_SERVICES = (*OWNERS, *READ_ONLY)
ANY_CHANGE = {"UPDATE", "DELETE", "TRUNCATE"}
COLUMNS_OF_THE_RECORD = {"record_blobs": "content", "record_heads": "link", "record_links": "link"}


@pytest.fixture
async def roles(database_url: str) -> str:
    """The database with its roles and every owner's tables, made by the owners' own migrations."""
    make_database_roles(database_url, PASSWORDS)
    for owner in OWNERS:
        await migrate_as(database_url, owner)
    return database_url


async def migrate_as(url: str, owner: str) -> int:
    """How many migrations the owner has applied, as its own role."""
    pool = await open_pool(role_url(url, owner, PASSWORDS[owner]))
    try:
        return await migrate(pool, owner)
    finally:
        await pool.close()


def relations(url: str) -> dict[str, tuple[str, str]]:
    """(owner's role, kind) of every table and view, partitions included."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """SELECT relname, relowner::regrole::text, CASE relkind WHEN 'v' THEN 'v' ELSE 'r' END FROM pg_class
            WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"""
        ).fetchall()
    return {name: (owner, kind) for name, owner, kind in rows}


def table_of(name: str) -> str:
    """The table that a new database's partition belongs to."""
    return name.removesuffix("_rest")


async def test_every_table_and_view_belongs_to_the_service_that_the_list_names(roles: str) -> None:
    listed = {table: role_name(owner) for owner, tables in TABLES.items() for table in tables}
    found = {name: owner for name, (owner, _) in relations(roles).items() if not name.startswith("schema_")}
    partitions = {name: owner for name, owner in found.items() if table_of(name) != name}
    assert len(partitions) == 4
    assert found == listed | {name: listed[table_of(name)] for name in partitions}
    assert partitions == {name: found[table_of(name)] for name in partitions}


def owner_and_readers(name: str) -> tuple[str, tuple[str, ...]]:
    """Of a table or view; a partition has no reader by its own name."""
    table = table_of(name)
    owner, readers = next(((owner, tables[table]) for owner, tables in TABLES.items() if table in tables), ("", ()))
    return owner, readers if table == name else ()


def statements_on(service: str, name: str, kind: str) -> dict[str, bool]:
    """Statements on one table or view, and whether the service may carry them out.

    A partition is its table's owner's alone, for no more than the table.
    """
    table = table_of(name)
    owner, readers = owner_and_readers(name)
    is_owner, is_shared = owner == service, name.startswith("schema_") and service in OWNERS
    is_reader = service in readers
    withheld = set(WITHHELD.get(table, ()))
    word = "VIEW" if kind == "v" else "TABLE"
    found = {
        f"SELECT 1 FROM {name} LIMIT 0": is_owner or is_reader or is_shared,
        f"LOCK {name} IN ACCESS EXCLUSIVE MODE": is_owner or is_shared,
        f"ALTER {word} {name} RENAME TO renamed": is_owner,
        f"DROP {word} {name} CASCADE": is_owner,
        f"COMMENT ON {word} {name} IS 'text'": is_owner,
    }
    if is_owner and withheld == ANY_CHANGE:
        del found[f"LOCK {name} IN ACCESS EXCLUSIVE MODE"]  # An owner may by a right that PostgreSQL has from 17 on.
    if kind == "r" or not is_owner:  # Which of an owner's views can be written is PostgreSQL's own rule.
        found[f"DELETE FROM {name} WHERE false"] = (is_owner or is_shared) and "DELETE" not in withheld
    return found | (statements_on_table(name, is_owner=is_owner, withheld=withheld) if kind == "r" else {})


def statements_on_table(name: str, *, is_owner: bool, withheld: set[str]) -> dict[str, bool]:
    """What a view can't have done to it."""
    trigger = "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    found = {
        f"TRUNCATE {name} CASCADE": is_owner and "TRUNCATE" not in withheld,
        f"CREATE TRIGGER t BEFORE UPDATE ON {name} FOR EACH ROW {trigger}": is_owner,
    }
    if (column := COLUMNS_OF_THE_RECORD.get(table_of(name))) is not None:
        found[f"UPDATE {name} SET {column} = {column}"] = is_owner and "UPDATE" not in withheld
    return found


async def test_postgresql_allows_what_the_list_gives_and_nothing_else(roles: str) -> None:
    counts, wrong = Counter[bool](), []
    for service in DATABASE_SERVICES:
        statements = statements_for_all(service)
        for name, (_, kind) in relations(roles).items():
            statements |= statements_on(service, name, kind)
        with psycopg.connect(role_url(roles, service, PASSWORDS[service])) as connection:
            for statement, expected in statements.items():
                counts[expected] += 1
                if is_allowed(connection, statement) is not expected:
                    wrong.append((service, statement, expected))
    report_rights("PostgreSQL, statements", counts)
    assert wrong == []
    assert counts[False] > 400


def statements_for_all(service: str) -> dict[str, bool]:
    """What no role may, but that owners create tables."""
    return {
        "CREATE TABLE own (id integer)": service in OWNERS,
        "CREATE SCHEMA own": False,
        "CREATE TEMP TABLE own (id integer)": False,
        "CREATE ROLE another": False,
        "CREATE DATABASE another": False,
        "CREATE EXTENSION dblink": False,
        "ALTER ROLE aicoin PASSWORD 'x'": False,
        f"ALTER ROLE {role_name(service)} SUPERUSER": False,
        "SET ROLE aicoin": False,
        f"SET ROLE {role_name('recorder' if service == 'executor' else 'executor')}": False,
        "COPY (SELECT 1) TO PROGRAM 'true'": False,
        "COPY (SELECT 1) TO '/tmp/aicoin-rights'": False,
        "SELECT pg_read_file('PG_VERSION')": False,
        "SELECT pg_reload_conf()": False,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'aicoin'": False,
        "SELECT rolpassword FROM pg_authid": False,
        "ALTER SYSTEM SET work_mem = '1MB'": False,
        "ALTER DATABASE postgres RESET ALL": False,
        "ALTER SCHEMA public RENAME TO another": False,
        "ALTER TABLE schema_migrations DISABLE ROW LEVEL SECURITY": False,
        "DROP POLICY own_rows ON schema_views": False,
    }


def is_allowed(connection: psycopg.Connection, statement: str) -> bool:
    """Whether the statement is carried out; it is undone."""
    read_only = "SET TRANSACTION READ WRITE"  # A right that is missing counts, not the role's own caution.
    try:
        connection.execute(read_only)
        connection.execute(statement.encode())
    except (errors.InsufficientPrivilege, errors.ActiveSqlTransaction):
        return False
    except (errors.WrongObjectType, errors.ObjectNotInPrerequisiteState):
        return False  # What a view allows to none of them.
    finally:
        connection.rollback()
    return True


async def test_an_owner_sees_its_own_migrations_alone(roles: str) -> None:
    with psycopg.connect(role_url(roles, "risk", PASSWORDS["risk"])) as connection:
        assert {row[0] for row in connection.execute("SELECT owner FROM schema_migrations")} == {"risk"}
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("INSERT INTO schema_migrations (owner, name, checksum) VALUES ('executor', 'x', 'y')")


async def test_a_database_of_one_superuser_is_handed_over_whole(database_url: str) -> None:
    """As version 0.2 left it: every table, view and function the superuser's."""
    pool = await open_pool(database_url)
    for owner in OWNERS:
        await migrate(pool, owner)
    await pool.close()
    names = {name for tables in TABLES.values() for name in tables}
    changed = make_database_roles(database_url, PASSWORDS)
    assert names <= set(changed)
    assert any(name.startswith("equity_points(") for name in changed)
    assert make_database_roles(database_url, PASSWORDS) == []
    for owner in OWNERS:
        assert await migrate_as(database_url, owner) == 0
    for service in DATABASE_SERVICES:
        with psycopg.connect(role_url(database_url, service, PASSWORDS[service])) as connection:
            for table in (name for tables in TABLES.values() for name, readers in tables.items() if service in readers):
                connection.execute(f"SELECT 1 FROM {table} LIMIT 0".encode())


async def test_the_password_changes_with_the_next_start(roles: str) -> None:
    make_database_roles(roles, PASSWORDS | {"risk": "another"})
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(role_url(roles, "risk", PASSWORDS["risk"]), connect_timeout=5)
    psycopg.connect(role_url(roles, "risk", "another")).close()
