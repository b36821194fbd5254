"""The tables of what is exported agree with themselves."""

from gateway.rest.export.tables import EXPORTS, FLAGS, INTEGERS, MONEY


def test_every_typed_column_is_exported() -> None:
    exported = {name for export in EXPORTS.values() for name in export.all_columns}
    assert exported >= INTEGERS | FLAGS | MONEY
    assert not INTEGERS & MONEY
