"""What is installed is what was tested: the built wheel, in an environment of its own, elsewhere."""

import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from command import environment, flat, run

ROOT = Path(__file__).resolve().parent.parent
DATA = ("schemas", "suites", "cassettes", "profiles")
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def done(*command, cwd):
    words = [str(word) for word in command]
    ended = subprocess.run(words, cwd=cwd, env=environment(), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("built")
    done(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    (file,) = built.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The scripts' folder of a fresh environment that holds the wheel and what it asks for."""
    place = tmp_path_factory.mktemp("clean")
    venv.create(place, with_pip=True)
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    pip = (scripts / "python", "-m", "pip", "--disable-pip-version-check")
    done(*pip, "install", "--quiet", wheel, cwd=place)
    return scripts


def data_files():
    paths = (path for name in DATA for path in (ROOT / name).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts}


def test_the_wheel_holds_schemas_suites_and_register(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"runs_conformance/{path}" for path in data_files()} <= names
    assert "runs_conformance/suites/register/refusal.toml" in names
    assert "runs_conformance/py.typed" in names
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"runs_conformance"}


def test_the_wheel_of_the_sdist_is_the_same(built, wheel, tmp_path):
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    done(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "again", cwd=source)
    (again,) = (tmp_path / "again").iterdir()
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_the_installed_command_judges_the_embedded_target(installed, tmp_path):
    ended = run("check", program=[installed / "runs-conformance"], cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "CONFORMS (exit 0)" in ended.stdout
    assert not list(tmp_path.iterdir()), "a check leaves nothing behind"


def test_pytest_finds_the_installed_suites(installed, tmp_path):
    words = ("--pyargs", "runs_conformance.suites", "-p", "no:cacheprovider", "-q")
    ended = run(*words, program=[installed / "pytest"], cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "CONFORMS (exit 0)" in flat(ended.stdout)


def test_the_plugin_leaves_other_suites_alone(installed, tmp_path):
    (tmp_path / "test_other.py").write_text("def test_nothing():\n    pass\n", "utf-8")
    ended = run("-p", "no:cacheprovider", program=[installed / "pytest"], cwd=tmp_path)
    assert ended.returncode == 0
    assert "1 passed" in ended.stdout
    assert "CONFORMS" not in ended.stdout
