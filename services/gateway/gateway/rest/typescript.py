"""The page's types, made from the OpenAPI document: `python -m gateway.rest.typescript` writes them.

Every component becomes an exported type, and `Responses` maps each GET path to its row. Contenders and coins are plain
strings there: the page is built once for every roster. A test fails while the written file is not current.
"""

import json
from pathlib import Path
from typing import Any

from gateway.http.endpoint import API
from gateway.rest.openapi import document
from gateway.rest.schema_parts import Schema

TYPES = Path(__file__).parents[2] / "web" / "src" / "api" / "types.gen.ts"
HEAD = """/** Made from the OpenAPI document by `python -m gateway.rest.typescript`; do not edit.
 *
 * Money is a decimal string, a time is in ms since 1970 UTC. */
"""
PRIMITIVES = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript() -> str:
    """The whole file."""
    whole = document(None, has_control=True, has_alerts=True)
    parts = [HEAD]
    parts += [_declaration(name, schema) for name, schema in whole["components"]["schemas"].items()]
    rows = {
        path.removeprefix(API): operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        for path, operations in whole["paths"].items()
        if "application/json" in operations.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    }
    fields = "\n".join(f"  {json.dumps(path)}: {_type(schema, 1)};" for path, schema in rows.items())
    parts.append(f"/** What each GET path under {API} returns. */\nexport interface Responses {{\n{fields}\n}}\n")
    return "\n".join(parts)


def _declaration(name: str, schema: Schema) -> str:
    comment = f"/** {schema['description']}. */\n" if "description" in schema else ""
    return f"{comment}export type {name} = {_type(schema, 0)};\n"


def _type(schema: Schema, depth: int) -> str:
    """A schema as a type expression; objects are indented to `depth`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(_type(each, depth) for each in schema["anyOf"])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if schema.get("type") == "array":
        if "prefixItems" in schema:
            return f"[{', '.join(_type(each, depth) for each in schema['prefixItems'])}]"
        item = _type(schema.get("items", {}), depth)
        return f"({item})[]" if " | " in item and not item.startswith("{") else f"{item}[]"
    if schema.get("type") == "object":
        return _object(schema, depth)
    return PRIMITIVES.get(schema.get("type", ""), "unknown")


def _object(schema: Schema, depth: int) -> str:
    further: Any = schema.get("additionalProperties", True)
    if not schema.get("properties"):
        return f"Record<string, {_type(further, depth) if isinstance(further, dict) else 'unknown'}>"
    indent = "  " * (depth + 1)
    fields = [
        f"{indent}{name}{'' if name in schema.get('required', ()) else '?'}: {_type(each, depth + 1)};"
        for name, each in schema["properties"].items()
    ]
    body = "\n".join(fields)
    named = f"{{\n{body}\n{'  ' * depth}}}"
    # Columns that are not named are figures; an intersection lets the named ones have types of their own.
    return f"{named} & Record<string, {_type(further, depth)}>" if isinstance(further, dict) else named


if __name__ == "__main__":
    TYPES.parent.mkdir(exist_ok=True)
    TYPES.write_text(typescript(), encoding="utf-8")
