"""The rules of a service's user, from the catalogs."""

from common.bus.rights import acl_rules
from common.events.catalog import CATALOG, services_of

SERVICES = services_of(("deepseek", "qwen"))


def test_every_users_rules_begin_with_nothing() -> None:
    for service in SERVICES:
        assert acl_rules(service)[:4] == ("-@all", "resetkeys", "resetchannels", "clearselectors")
        assert not any("@" in rule for rule in acl_rules(service)[4:]), "commands are named one by one"


def test_an_agent_reads_its_own_contenders_keys_alone() -> None:
    rules = " ".join(acl_rules("agent-qwen"))
    assert "account:qwen" in rules
    assert "deepseek" not in rules


def test_only_producers_add_to_a_stream() -> None:
    for stream, spec in CATALOG.items():
        adding = {
            service
            for service in SERVICES
            for rule in acl_rules(service)
            if rule.startswith("(+xadd ") and f"%W~{stream}" in rule.strip("()").split()
        }
        assert {service.partition("-")[0] for service in adding} == set(spec.producers) - {"alertmanager"}


def test_no_service_may_load_functions() -> None:
    assert not any("function" in rule for service in SERVICES for rule in acl_rules(service))
