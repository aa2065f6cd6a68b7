"""Identify: bytes are named by what they are, cautiously, and never at the cost of their length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.payloads.identify import Identity, identify, text_of

PE = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\x00\x00" + bytes(20)
ZIP = b"PK\x03\x04" + bytes(26)

BINARY = [
    (PE, "application/vnd.microsoft.portable-executable"),
    (b"MZ" + bytes(100), "application/x-dosexec"),
    (b"\x7fELF\x02\x01\x01", "application/x-elf"),
    (b"\xcf\xfa\xed\xfe\x07", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe\x00\x00\x00\x02", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe\x00\x00\x00\x3d", "application/java-vm"),
    (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
    (b"\n\n%PDF-1.4", "application/pdf"),
    (ZIP + b"a.txt", "application/zip"),
    (ZIP + b"a.txt" + bytes(200_000) + b"word/vbaProject.bin", "application/vnd.ms-word.document.macroenabled.12"),
    (ZIP + b"word/document.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (ZIP + b"META-INF/MANIFEST.MF", "application/java-archive"),
    (ZIP + b"META-INF/MANIFEST.MF" + b"AndroidManifest.xml", "application/vnd.android.package-archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rt1 x", "application/rtf"),
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07\x01", "application/vnd.rar"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff\xe0", "image/jpeg"),
    (b"GIF89a", "image/gif"),
    (b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (b"\x0a\x0d\x0d\x0a", "application/x-pcapng"),
    (b"ElfFile\x00", "application/x-ms-evtx"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
    (b"\x00asm\x01", "application/wasm"),
    (b"\x01\x02\x03", "application/octet-stream"),
    (bytes(range(128, 256)), "application/octet-stream"),
    (b"", "application/x-empty"),
]
TEXT = [
    ("#!/bin/bash\necho hi", "text/x-shellscript"),
    ("#!/usr/bin/env python3\n", "text/x-python"),
    ("#!/usr/bin/env node\n", "text/javascript"),
    ("#!/usr/bin/awk -f\n", "text/x-script"),
    ("\n<!DOCTYPE html><p>", "text/html"),
    ("<?xml version='1.0'?><a/>", "text/xml"),
    ('{"a": 1}\n', "application/json"),
    ("[1, 2]", "application/json"),
    ("From: a@b.example\r\nTo: c@d.example\r\nSubject: hi\r\n\r\nBody", "message/rfc822"),
    ("@echo off\r\nrem a word\r\ngoto end\r\n", "text/x-msdos-batch"),
    ("$client = New-Object Net.WebClient\n", "text/x-powershell"),
    ('On Error Resume Next\nSet s = CreateObject("WScript.Shell")\n', "text/vbscript"),
    ("var a = 1;\nfunction f(x) { return eval(x) }", "text/javascript"),
    ("MZ is how this letter starts, and it is long enough to hold the header of a program.", "text/plain"),
    ("[section]\nname=value\n", "text/plain"),
    ("Note: call me\n", "text/plain"),
    ("Use New-Object in your reply, please.", "text/plain"),
    ("{ not json", "text/plain"),
    ("grüße aus köln", "text/plain"),
]


@pytest.mark.parametrize(("raw", "mime"), BINARY)
def test_a_magic_number_names_the_format(raw: bytes, mime: str) -> None:
    found = identify(raw)
    assert (found.mime, found.is_text) == (mime, False)
    assert found.name


@pytest.mark.parametrize(("text", "mime"), TEXT)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_named_by_its_form_in_any_encoding(text: str, mime: str, encoding: str) -> None:
    found = identify(text.encode(encoding))
    assert (found.mime, found.is_text) == (mime, True)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("hällo".encode(), "hällo"),
        ("hello".encode("utf-16"), "hello"),
        ("hello".encode("utf-16-le"), "hello"),
        ("Grüße aus Köln".encode("cp1252"), "Grüße aus Köln"),
        (b"\xef\xbb\xbfhello", "hello"),
    ],
)
def test_text_is_read_in_its_encoding(raw: bytes, text: str) -> None:
    assert text_of(raw) == text
    assert identify(raw).is_text


def test_strings_of_both_widths_are_read_from_a_program() -> None:
    raw = b"\x01\x02http://a.example/\x00\x00" + "c2.example".encode("utf-16-le") + b"\x00\x00\x01"
    assert "http://a.example/" in text_of(raw)
    assert text_of(raw).endswith("\nc2.example")


def test_a_letter_that_the_first_stretch_cuts_in_half_leaves_text_text() -> None:
    assert identify(b"a" * 65_535 + "ü".encode() * 10) == Identity("text/plain", "Plain text", is_text=True)
    assert identify(b"abc\xc3").is_text


@given(st.binary(max_size=300))
def test_any_bytes_are_something(raw: bytes) -> None:
    assert identify(raw).mime
    assert isinstance(text_of(raw), str)
