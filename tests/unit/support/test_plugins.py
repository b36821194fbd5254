"""Plugins of pytest: those that pyproject.toml names, not all that are installed."""

import pytest


def test_no_plugin_is_loaded_because_it_is_installed(pytestconfig: pytest.Config) -> None:
    """pytest would compile every module of its package with rewritten asserts, in each worker."""
    plugins = pytestconfig.pluginmanager
    assert [plugins.has_plugin(name) for name in ("asyncio", "xdist", "hypothesispytest", "schemathesis")] == [True] * 4
    assert [plugins.has_plugin(name) for name in ("anyio", "valkey")] == [False] * 2
