from pathlib import Path

import pytest

from deployments.stack.settings import StackSettings
from fix_transforms.errors import SettingsError
from fix_transforms.lake.locations import Location, S3Access
from fix_transforms.settings import PROJECT_ROOT, Settings, load_settings

SECRET = "s3cr3t-that-must-not-show"


def test_defaults_are_folders_named_after_the_buckets(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path)
    assert settings.landing.path == tmp_path / "textfixlogs"
    assert settings.lake.path == tmp_path / "parquetfixlogs"


def test_environment_names_the_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIXLAKE_LANDING_URI", "s3://textfixlogs/broker-a/")
    monkeypatch.setenv("FIXLAKE_S3_ENDPOINT", "http://127.0.0.1:9000")
    landing = load_settings().landing
    assert (landing.bucket, landing.prefix, landing.uri) == ("textfixlogs", "broker-a", "s3://textfixlogs/broker-a")
    assert landing.storage_options()["AWS_ALLOW_HTTP"] == "true"


def test_secret_shows_in_no_repr() -> None:
    settings = load_settings(s3_access_key_id="key", s3_secret_access_key=SECRET, landing_uri="s3://textfixlogs")
    assert SECRET not in repr(settings) + repr(settings.landing) + str(settings)
    assert settings.landing.storage_options()["AWS_SECRET_ACCESS_KEY"] == SECRET


@pytest.mark.parametrize(
    ("overrides", "where"),
    [
        ({"timezone": "Mars/Olympus"}, "FIXLAKE_TIMEZONE"),
        ({"on_change": SECRET}, "FIXLAKE_ON_CHANGE"),
        ({"s3_secret_access_key": SECRET}, "FIXLAKE_SETTINGS"),
        ({"maintainer_secret_access_key": SECRET}, "FIXLAKE_SETTINGS"),
        ({"alert_webhook_url": f"ftp://{SECRET}"}, "FIXLAKE_ALERT_WEBHOOK_URL"),
    ],
)
def test_bad_setting_is_named_and_its_value_is_not(overrides: dict[str, str], where: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(**overrides)
    assert where in str(raised.value)
    assert SECRET not in str(raised.value)


def test_maintainer_sees_the_same_lake_with_a_key_of_its_own() -> None:
    keys = {"s3_access_key_id": "ingester", "s3_secret_access_key": "i", "lake_uri": "s3://lake"}
    assert load_settings(**keys).lake_to_maintain == load_settings(**keys).lake
    settings = load_settings(**keys, maintainer_access_key_id="maintainer", maintainer_secret_access_key=SECRET)
    assert settings.lake_to_maintain.uri == settings.lake.uri
    assert settings.lake_to_maintain.storage_options()["AWS_ACCESS_KEY_ID"] == "maintainer"
    assert settings.lake.storage_options()["AWS_ACCESS_KEY_ID"] == "ingester"
    assert SECRET not in repr(settings.lake_to_maintain)


def test_empty_address_of_alerts_is_none() -> None:
    assert load_settings(alert_webhook_url="").alert_webhook_url is None


#: What means something to containers only: docker-compose.yml reads them itself.
IN_COMPOSE_ALONE = {"FIXLAKE_SECRETS_DIR", "FIXLAKE_VERSION"}


@pytest.mark.parametrize("uri", ["gopher://x", "s3://"])
def test_unusable_location_is_refused(uri: str) -> None:
    with pytest.raises(SettingsError):
        Location.parse(uri, S3Access())


def test_example_documents_every_setting_and_nothing_else() -> None:
    lines = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    documented = {line.lstrip("# ").partition("=")[0] for line in lines if "FIXLAKE_" in line and "=" in line}
    declared = {**StackSettings.model_fields, **Settings.model_fields}
    assert documented == IN_COMPOSE_ALONE | {
        f"FIXLAKE_{name.upper()}" for name, field in declared.items() if field.validation_alias is None
    }
