"""Pages as PDF, by a real browser: what is in them is there, and the browser sees nothing but the page."""

import asyncio
import io
import shutil
import unicodedata
from pathlib import Path

import pypdf
import pytest

from cybervault.domain.problems import Problem
from cybervault.scans import printing
from cybervault.scans.printing import BROWSERS, Printer
from cybervault.scans.report import report_of
from cybervault.scans.result import Result
from tests.fakes.loopback import HOST
from tests.scans.made import FINDING, NOW, SCAN

needs_browser = pytest.mark.skipif(Printer().browser is None, reason=f"no browser on PATH: {', '.join(BROWSERS)}")


def text_of(pdf: bytes) -> str:
    """In one line and without ligatures, which are up to the fonts."""
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    whole = " ".join(word for page in pages for word in page.extract_text().split())
    return unicodedata.normalize("NFKC", whole)


def browser_that(folder: Path, does: str) -> Printer:
    """A program in the place of a browser."""
    program = folder / "chromium"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    return Printer(lambda name: str(program) if name == "chromium" else None)


@needs_browser
async def test_a_report_is_printed_as_it_is_read() -> None:
    text = text_of(await Printer().printed(report_of(Result(SCAN, (FINDING,), (), NOW))))
    for said in ("Telnet", "10.1.0.7", "Switch telnet off and use SSH.", "login «ü»"):
        assert said in text
    assert "print it" not in text


@needs_browser
async def test_the_browser_reads_no_file_and_reaches_nobody(tmp_path: Path) -> None:
    """Whatever a page held: its texts are strangers', and one of them might get past what escapes them."""
    (tmp_path / "secret.txt").write_text("pepper of this server")
    visits: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(await reader.readline())
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    async with server:
        here = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        text = text_of(
            await Printer().printed(
                f'<h1>begun</h1><iframe src="{(tmp_path / "secret.txt").as_uri()}"></iframe>'
                f'<iframe src="file:///etc/passwd"></iframe><iframe src="{here}/frame"></iframe>'
                f'<img src="{here}/image"><script>fetch("{here}/asked")</script>'
            )
        )
    assert "begun" in text
    assert "pepper" not in text
    assert "root:" not in text
    assert visits == []


@needs_browser
async def test_two_at_a_time_wait_for_one_another() -> None:
    printer = Printer()
    made = await asyncio.gather(printer.printed("<p>one"), printer.printed("<p>two"))
    assert [text_of(pdf).strip() for pdf in made] == ["one", "two"]


async def test_without_a_browser_it_says_what_brings_one() -> None:
    with pytest.raises(Problem, match="install chromium, or print the page") as found:
        await Printer(lambda _name: None).printed("<p>")
    assert found.value.code == "no_browser"


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("exit 3", "exit status 3"),
        ("exit 0", "exit status 0"),
        ('for word in "$@"; do case "$word" in --print-to-pdf=*) echo no >"${word#*=}";; esac; done', "exit status 0"),
        ("kill -SEGV $$", "it crashed"),
        ("exec sleep 30", "it took longer than 1 seconds"),
        ("exec yes", "it wrote more than 1 MiB"),
    ],
)
async def test_a_browser_that_fails_is_told_and_costs_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, why: str
) -> None:
    monkeypatch.setattr(printing, "SECONDS_MAX", 1.0)
    with pytest.raises(Problem, match=why) as found:
        await browser_that(tmp_path, does).printed("<p>")
    assert (found.value.code, "page itself can be printed" in found.value.message) == ("not_printed", True)


async def test_a_browser_that_cannot_be_started_is_told(tmp_path: Path) -> None:
    printer = browser_that(tmp_path, "exit 0")
    shutil.rmtree(tmp_path)
    with pytest.raises(Problem, match="made no PDF"):
        await printer.printed("<p>")
