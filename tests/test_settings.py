"""Settings: what the environment may say, and how a mistake is named."""

from pathlib import Path
from typing import Any

import pytest

from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings, load_settings, remember


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENROUTER_API_KEY", "VIRUSTOTAL_API_KEY", "RATE_LIMIT_POINTS", "RATE_LIMIT_DURATION"):
        monkeypatch.delenv(name, raising=False)


def test_without_any_setting_everything_has_a_default() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.language) == ("127.0.0.1", 8000, "es")
    assert settings.ctai_limit == (5, 60)
    assert settings.folder == Path("~/.cybervault").expanduser()
    assert settings.source("virustotal").key is None


def test_the_documented_names_set_the_servers_keys_and_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-1")
    monkeypatch.setenv("VIRUSTOTAL_API_KEY", "vt-1")
    monkeypatch.setenv("RATE_LIMIT_POINTS", "2")
    monkeypatch.setenv("RATE_LIMIT_DURATION", "10")
    settings = load_settings()
    assert settings.chat_key == Secret("sk-or-1")
    assert settings.source("virustotal").key == Secret("vt-1")
    assert settings.source("robtex").key is None
    assert settings.ctai_limit == (2, 10)


def test_our_own_name_of_a_key_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRUSTOTAL_API_KEY", "theirs")
    monkeypatch.setenv("CYBERVAULT_SOURCES__VIRUSTOTAL__KEY", "ours")
    assert load_settings().source("virustotal").key == Secret("ours")


def test_an_empty_key_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIRUSTOTAL_API_KEY", "  ")
    assert load_settings().source("virustotal").key is None


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_PORT", "9000")
    assert load_settings().port == 9000
    assert load_settings(port=9001, host=None).port == 9001


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("CYBERVAULT_PORT", "many", "CYBERVAULT_PORT"),
        ("CYBERVAULT_SOURCES__VIRUSTOTAL__URL", "ftp://x", "CYBERVAULT_SOURCES__VIRUSTOTAL__URL"),
        ("CYBERVAULT_SOURCES__VIRUSTOTAL__URL", "https://user:pass@x", "CYBERVAULT_SOURCES__VIRUSTOTAL__URL"),
        ("CYBERVAULT_SOURCES__VIRUSTOTAL__KEEY", "x", "CYBERVAULT_SOURCES__VIRUSTOTAL__KEEY"),
        ("CYBERVAULT_TRUSTED_PROXIES", '["here"]', "here"),
        ("CYBERVAULT_SPELING", "1", "CYBERVAULT_SPELING"),
        ("CYBERVAULT_DNS__RESOLVERS", "{broken", "dns"),
        ("RATE_LIMIT_POINTS", "0", "RATE_LIMIT_POINTS"),
        ("CYBERVAULT_PEPPER", "too short", "CYBERVAULT_PEPPER"),
        (
            "CYBERVAULT_SCANS__AWS__123456789012__ACCESS_KEY_ID",
            "AKIDEXAMPLE",
            "needs access_key_id",
        ),
        ("CYBERVAULT_SCANS__AWS__123456789012__ROLE_ARN", "reader", "CYBERVAULT_SCANS__AWS__123456789012__ROLE_ARN"),
        ("CYBERVAULT_SCANS__AWS__123456789012__REGIONS", '["../x"]', "CYBERVAULT_SCANS__AWS__123456789012__REGIONS"),
        ("CYBERVAULT_SCANS__AWS", '{"prod": {"access_key_id": "AKIDEXAMPLE", "secret_access_key": "x"}}', "12 digits"),
    ],
)
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Problem) as caught:
        load_settings()
    assert caught.value.code == "bad_settings"
    assert expected in caught.value.message


def test_a_wrong_setting_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_SOURCES__VIRUSTOTAL__KEY", "canary-key-7f3a")
    monkeypatch.setenv("CYBERVAULT_SOURCES__VIRUSTOTAL__URL", "https://canary-user:canary-pass@x")
    with pytest.raises(Problem) as caught:
        load_settings()
    assert "canary" not in f"{caught.value.message}{caught.value.detail}{caught.value!r}"


def test_a_key_is_shown_nowhere_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "canary-key-7f3a")
    settings = load_settings()
    assert "canary" not in repr(settings)
    assert "canary" not in settings.model_dump_json()


def test_an_account_is_connected_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "CYBERVAULT_SCANS__AWS__123456789012__"
    monkeypatch.setenv(f"{place}ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv(f"{place}SECRET_ACCESS_KEY", "canary-key-7f3a")
    monkeypatch.setenv(f"{place}REGIONS", '["eu-west-1"]')
    settings = load_settings()
    account = settings.scans.aws["123456789012"]
    assert (account.secret_access_key, account.regions) == (Secret("canary-key-7f3a"), ("eu-west-1",))
    assert "canary" not in f"{settings!r}{settings.model_dump_json()}"


def test_openrouters_meta_models_are_always_on_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_CHAT__MODELS", '[{"id": "some/model", "label": "Some"}]')
    chat = load_settings().chat
    assert [model.id for model in chat.offered] == ["some/model", "openrouter/free", "openrouter/auto"]
    assert chat.default_model == "openrouter/free"


def test_a_local_endpoint_offers_only_what_the_operator_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_CHAT__URL", "http://127.0.0.1:11434/v1/")
    monkeypatch.setenv("CYBERVAULT_CHAT__MODELS", '[{"id": "llama3", "label": "Llama", "provider": "Ollama"}]')
    monkeypatch.setenv("CYBERVAULT_CHAT__DEFAULT_MODEL", "llama3")
    chat = load_settings().chat
    assert chat.url == "http://127.0.0.1:11434/v1"
    assert [model.id for model in chat.offered] == ["llama3"]


def test_a_default_model_that_is_not_on_offer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_CHAT__DEFAULT_MODEL", "nobody/has-this")
    with pytest.raises(Problem, match="default_model"):
        load_settings()


def test_a_pepper_is_a_secret_of_at_least_32_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().pepper is None
    monkeypatch.setenv("CYBERVAULT_PEPPER", "p" * 32)
    settings = load_settings()
    assert settings.pepper == Secret("p" * 32)
    assert "pppp" not in f"{settings!r}{settings.model_dump_json()}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example/cybervault",
        "postgresql://cv:p%40ss%2Fw0rd@db.example:5432/cybervault?sslmode=verify-full",
        "postgresql://cv@[::1]:5432/cybervault",
        "postgresql://cv:canary@one.example:5432,two.example:5433/cybervault?target_session_attrs=read-write",
        "postgresql:///cybervault?host=/run/postgresql",
    ],
)
def test_a_database_is_named_by_a_url_which_is_a_secret(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().database_url is None
    monkeypatch.setenv("CYBERVAULT_DATABASE_URL", url)
    settings = load_settings()
    assert settings.database_url == Secret(url)
    assert "postgresql" not in f"{settings!r}{settings.model_dump_json()}"


@pytest.mark.parametrize(
    "url",
    [
        "mysql://cv:canary@db.example/cybervault",
        "postgresql+asyncpg://cv:canary@db.example/cybervault",
        "postgresql://cv:canary@more@db.example/cybervault",
        "postgresql://cv:canary/more@db.example/cybervault",
        "postgresql://cv:canary#more@db.example/cybervault",
        "postgresql://cv:canary?more@db.example/cybervault",
        "postgresql://cv:canary more@db.example/cybervault",
        "cybervault",
    ],
)
def test_a_database_url_that_could_be_read_wrongly_is_refused_without_its_password(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read as it stands, a part of such a password would be a host or a port, which messages name."""
    monkeypatch.setenv("CYBERVAULT_DATABASE_URL", url)
    with pytest.raises(Problem, match=r"CYBERVAULT_DATABASE_URL: .*must be postgresql://") as caught:
        load_settings()
    assert "canary" not in caught.value.message


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "http://127.0.0.1:8000"),
        ({"host": "0.0.0.0", "port": 9000}, "http://127.0.0.1:9000"),  # noqa: S104 - shown, not bound
        ({"host": "::1"}, "http://[::1]:8000"),
        ({"public_url": "https://cybervault.example/base/"}, "https://cybervault.example/base"),
    ],
)
def test_links_lead_where_callers_reach_the_server(given: dict[str, Any], url: str) -> None:
    assert Settings(**given).base_url == url


def test_trusted_proxies_are_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_TRUSTED_PROXIES", '["10.0.0.0/8", "::1"]')
    assert [str(network) for network in load_settings().proxy_networks] == ["10.0.0.0/8", "::1/128"]


def test_worker_processes_read_what_the_command_line_chose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CYBERVAULT_DATA", "elsewhere")
    monkeypatch.setenv("CYBERVAULT_HOST", "127.0.0.1")
    monkeypatch.setenv("CYBERVAULT_PORT", "8000")
    monkeypatch.setenv("CYBERVAULT_LOG_LEVEL", "INFO")
    remember(Settings(data=tmp_path, host="0.0.0.0", port=9000, log_level="DEBUG"))  # noqa: S104 - nothing listens
    assert load_settings().folder == tmp_path
    assert load_settings().base_url == "http://127.0.0.1:9000"
    assert load_settings().log_level == "DEBUG"


def test_what_is_protected_is_read_and_this_server_is_among_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERVAULT_PROTECTED", '["dc01.corp.example", "203.0.113.0/24"]')
    monkeypatch.setenv("CYBERVAULT_PUBLIC_URL", "https://cyber.acme.example/x")
    ground = load_settings().ground
    assert ground.names == {"dc01.corp.example", "cyber.acme.example"}
    assert {str(network) for network in ground.networks} == {"203.0.113.0/24", "127.0.0.1/32"}
    monkeypatch.setenv("CYBERVAULT_PROTECTED", '["a b"]')
    with pytest.raises(Problem, match="no address, network or name") as caught:
        load_settings()
    assert caught.value.code == "bad_settings"
