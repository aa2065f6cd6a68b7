"""Which engines a server has."""

from dataclasses import replace
from pathlib import Path

from cybervault.scans.engines import ENGINES, SSH_AUDIT
from cybervault.scans.targets import TargetKind
from cybervault.scans.toolbox import EngineState, Toolbox, pins_of

PYTHON = next(engine for engine in ENGINES if engine.name == SSH_AUDIT)
PROGRAM = replace(PYTHON, name="nmap", module="", program="nmap", package="nmap")


def test_an_engine_is_there_when_it_was_made_of_what_this_release_pins(tmp_path: Path) -> None:
    toolbox, place = Toolbox(tmp_path), tmp_path / "engines" / SSH_AUDIT
    found = toolbox.standing(PYTHON)
    assert (found.state, found.command) == (EngineState.MISSING, "cybervault scans engines install ssh-audit")
    assert found.reason == "ssh-audit is not installed: cybervault scans engines install ssh-audit"
    place.mkdir(parents=True)
    assert toolbox.command(PYTHON) is None  # without its last file it is not whole
    (place / "installed.txt").write_text(pins_of(PYTHON))
    assert toolbox.standing(PYTHON).is_usable
    assert toolbox.command(PYTHON) == [str(place / "bin" / "python"), "-I", "-m", "ssh_audit"]
    (place / "installed.txt").write_text("ssh-audit==1")
    assert (toolbox.standing(PYTHON).state, toolbox.command(PYTHON)) == (EngineState.OUTDATED, None)


def test_an_engine_may_be_a_script_of_its_package(tmp_path: Path) -> None:
    engine, place = replace(PYTHON, module="", script="audit"), tmp_path / "engines" / SSH_AUDIT
    place.mkdir(parents=True)
    (place / "installed.txt").write_text(pins_of(PYTHON))
    assert Toolbox(tmp_path).command(engine) == [str(place / "bin" / "python"), "-I", str(place / "bin" / "audit")]


def test_an_engine_may_be_a_program_among_its_packages(tmp_path: Path) -> None:
    engine, place = replace(PYTHON, module="", binary="x/bin/audit"), tmp_path / "engines" / SSH_AUDIT
    program = place / "lib" / "python3.12" / "site-packages" / "x" / "bin" / "audit"
    place.mkdir(parents=True)
    (place / "installed.txt").write_text(pins_of(PYTHON))
    assert Toolbox(tmp_path).command(engine) is None
    program.parent.mkdir(parents=True)
    program.touch()
    assert Toolbox(tmp_path).command(engine) == [str(program)]


def test_an_engine_may_be_asked_by_a_driver_of_ours(tmp_path: Path) -> None:
    (engine,), place = [one for one in ENGINES if one.driver], tmp_path / "engines" / "prowler"
    place.mkdir(parents=True)
    (place / "installed.txt").write_text(pins_of(engine))
    python, isolated, driver = Toolbox(tmp_path).command(engine) or ["", "", ""]
    assert (python, isolated) == (str(place / "bin" / "python"), "-I")
    assert Path(driver).is_file()


def test_a_program_is_looked_for_on_the_path(tmp_path: Path) -> None:
    assert Toolbox(tmp_path, find=lambda name: f"/usr/bin/{name}").command(PROGRAM) == ["/usr/bin/nmap"]
    without = Toolbox(tmp_path, find=lambda _name: None)
    assert without.command(PROGRAM) is None
    found = without.standing(PROGRAM)
    assert found.reason == "the program nmap is not on this server's PATH: install it with the system's packages"
    assert found.command == "apt install nmap"
    found = without.standing(replace(PROGRAM, package=""))
    assert found.reason == "the program nmap is not on this server's PATH: install it as its makers say"
    assert found.command == ""


def test_what_is_part_of_the_product_is_there_and_what_nobody_has_is_not(tmp_path: Path) -> None:
    toolbox = Toolbox(tmp_path)
    states = {one.engine.name: one.state for one in toolbox.standings()}
    assert list(states) == [engine.name for engine in ENGINES]
    assert states["ports"] is EngineState.BUILT_IN
    nobody = toolbox.standing(replace(PYTHON, missing="nobody has it"))
    assert (nobody.state, nobody.reason, nobody.command) == (EngineState.MISSING, "nobody has it", "")
    assert SSH_AUDIT in [one.engine.name for one in toolbox.missing_for(TargetKind.DOMAIN, is_pentest=False)]
    assert [one.engine.name for one in toolbox.missing_for(TargetKind.CLOUD, is_pentest=True)] == ["prowler"]
    bare = Toolbox(tmp_path, find=lambda _name: None)
    usable = [one.engine.name for one in bare.usable_for(TargetKind.DOMAIN, is_pentest=False)]
    assert usable == ["ports", "services", "tls", "http", "names"]


def test_all_that_is_installed_is_pinned_with_digests() -> None:
    for engine in ENGINES:
        if engine.is_installed_by_us:
            blocks = pins_of(engine).replace("\\\n", " ").splitlines()
            assert any(f"=={engine.version} " in block for block in blocks), engine.name
            assert all("==" in block and "--hash=sha256:" in block for block in blocks), engine.name
