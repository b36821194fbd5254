"""The page's types: current, and the same as the schemas."""

from gateway.rest.typescript import TYPES, typescript


def test_the_written_types_are_current() -> None:
    assert TYPES.read_text(encoding="utf-8") == typescript(), "run: python -m gateway.rest.typescript"


def test_types_carry_nullability_enums_tuples_and_maps() -> None:
    text = typescript()
    assert 'export type Side = "LONG" | "SHORT";' in text
    assert "  return_percent: string | null;" in text
    assert "export type Point = [number, string];" in text
    assert "  points: Point[];" in text
    assert "    prices: Record<string, Price>;" in text
    assert "} & Record<string, Figure>;" in text
    assert '  "/decisions/{cycle_id}/{model}": DecisionDetail;' in text
    assert "export type ContenderId = string;" in text
