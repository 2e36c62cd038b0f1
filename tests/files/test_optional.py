"""What is said where a package is missing that encave works without."""

from __future__ import annotations

import sys
import types
from typing import Any

import pytest

from encave.errors import EncaveError
from encave.files import optional
from encave.files.lazy import handed_on


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Modules that can be found; others cannot."""
    found: set[str] = set()

    def find_spec(name: str) -> Any:
        return name if name in found else None

    monkeypatch.setattr(optional, "find_spec", find_spec)
    return found


def test_one_command_installs_all_that_is_missing(there: set[str]) -> None:
    with pytest.raises(EncaveError) as caught:
        optional.check_extras(["smac", "dask", "smac"])
    assert str(caught.value) == "SMAC and Dask are not installed; install with `pip install 'encave[smac,dask]'`"
    there.add("smac")
    with pytest.raises(EncaveError, match=r"^Dask is not installed; install with `pip install 'encave\[dask\]'`$"):
        optional.check_extras(["smac", "dask"])
    there.add("distributed")
    optional.check_extras(["smac", "dask"])
    optional.check_extras([])


def test_packages_for_some_pythons_only_say_so() -> None:
    assert optional.install("dehb", "optuna") == "`pip install 'encave[dehb,optuna]'` (DEHB: Python 3.12 or older)"


def test_a_failed_import_says_what_to_install() -> None:
    told = r"Optuna cannot be imported \(gone\); install it with .*encave\[optuna\]"
    with pytest.raises(EncaveError, match=told), optional.needs("optuna"):
        raise ImportError("gone")
    with pytest.raises(ValueError, match="other"), optional.needs("optuna"):
        raise ValueError("other")


def test_names_that_a_package_hands_on_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    package = types.ModuleType("handing")
    package.own = 1  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "handing", package)
    monkeypatch.setitem(sys.modules, "handing.inner", types.SimpleNamespace(thing=5))  # type: ignore[arg-type]
    attribute, names = handed_on("handing", {"thing": ".inner", "other": ".inner"})
    assert attribute("thing") == 5 and package.thing == 5  # type: ignore[attr-defined]
    assert [name for name in names() if not name.startswith("__")] == ["other", "own", "thing"]
    with pytest.raises(AttributeError, match=r"^module 'handing' has no attribute 'missing'$"):
        attribute("missing")


def test_every_extra_says_what_it_brings() -> None:
    for name, extra in optional.EXTRAS.items():
        assert extra.what and extra.modules and extra.used_by.startswith("encave ")
        assert optional.install(name).startswith(f"`pip install 'encave[{name}]'`")
    assert optional.install("deepcave", "smac").endswith(" (DeepCAVE: Python 3.10)")
