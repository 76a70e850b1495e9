"""Settings: where they come from, and what is refused."""

from pathlib import Path

import pytest

from merpati.config import BadSetting, Config, load_config


def test_a_flag_wins_over_the_environment_and_that_over_the_default() -> None:
    """Each value's origin is told."""
    loaded = load_config({"MERPATI_PORT": "9000", "MERPATI_HOST": "0.0.0.0"}, {"port": 9100, "data": Path("x")})

    assert (loaded.config.host, loaded.config.port, loaded.config.data) == ("0.0.0.0", 9100, Path("x"))
    assert loaded.origins["host"] == "environment"
    assert loaded.origins["port"] == "flag"
    assert loaded.origins["lease_s"] == "default"


def test_without_anything_the_defaults_are_in_force() -> None:
    """No variable, no flag."""
    assert load_config({"PATH": "/bin"}, {}).config == Config()


def test_a_list_is_separated_by_commas() -> None:
    """Spaces around an item do not count."""
    assert load_config({"MERPATI_ALLOW_HOSTS": "localhost, 10.0.0.0/8,"}, {}).config.allow_hosts == (
        "localhost",
        "10.0.0.0/8",
    )


@pytest.mark.parametrize(
    ("variable", "text", "name"),
    [
        ("MERPATI_PORT", "eighty", "port"),
        ("MERPATI_PORT", "70000", "port"),
        ("MERPATI_LEASE_S", "0", "lease_s"),
        ("MERPATI_PROT", "80", "MERPATI_PROT"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(variable: str, text: str, name: str) -> None:
    """Wrong type, out of range, or a mistyped name."""
    with pytest.raises(BadSetting) as refused:
        load_config({variable: text}, {})

    assert refused.value.name == name


def test_a_host_that_is_none_is_refused_at_the_start() -> None:
    """A network that cannot be would otherwise allow nothing, silently, or fail later."""
    with pytest.raises(BadSetting, match="allow_hosts"):
        load_config({"MERPATI_ALLOW_HOSTS": "localhost,10.0.0.0/99"}, {})


@pytest.mark.parametrize("files", ["toko", "s3://", "https://minio.example/toko", "s3://Toko", "s3://toko?x=1"])
def test_a_bucket_is_written_as_s3_and_its_name(files: str) -> None:
    """A mistyped one would otherwise be found when the first file comes."""
    with pytest.raises(BadSetting, match="files"):
        load_config({"MERPATI_FILES": files}, {})
    assert load_config({"MERPATI_FILES": "s3://toko/merpati"}, {}).config.files == "s3://toko/merpati"
