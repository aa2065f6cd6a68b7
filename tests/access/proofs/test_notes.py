"""Signed notes: read by whoever has the public key, and by nobody believed when a character changed."""

import base64
import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cybervault.access.proofs.notes import ORIGIN, PublicKey, Signer, checkpoints_in
from cybervault.access.tokens import Pepper
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret

SIGNER = Signer(Pepper.of(Secret("a pepper that is long enough for tests")))
OTHER = Signer(Pepper.of(Secret("another pepper, long enough as well")))
ROOT = hashlib.sha256(b"root").digest()
NOTE = SIGNER.checkpoint(5, ROOT)


def refusal(text: str, *keys: PublicKey) -> str:
    with pytest.raises(Problem) as caught:
        checkpoints_in(text, keys or (SIGNER.public_key,))
    return caught.value.code


def test_a_note_has_the_form_that_transparency_logs_read() -> None:
    origin, size, root, empty, signature, end = NOTE.text.split("\n")
    assert (origin, size, base64.b64decode(root), empty, end) == (ORIGIN, "5", ROOT, "", "")
    assert signature.startswith(f"— {ORIGIN} ")


def test_the_signature_is_plain_ed25519_over_the_first_three_lines() -> None:
    """Somebody else's tool, which knows the published forms only, can check it."""
    name, identity, encoded = str(SIGNER.public_key).split("+", 2)
    key = base64.b64decode(encoded)
    raw = base64.b64decode(NOTE.text.split()[-1])
    assert key[:1] == b"\x01"
    assert hashlib.sha256(name.encode() + b"\n" + key).digest()[:4] == bytes.fromhex(identity) == raw[:4]
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(raw[4:], NOTE.text.partition("\n\n")[0].encode() + b"\n")


def test_the_same_tree_gives_the_same_text_and_the_same_pepper_the_same_key() -> None:
    again = Signer(Pepper.of(Secret("a pepper that is long enough for tests")))
    assert again.checkpoint(5, ROOT) == NOTE
    assert again.public_key == SIGNER.public_key != OTHER.public_key


def test_a_note_is_read_as_it_was_signed() -> None:
    assert checkpoints_in(NOTE.text, [SIGNER.public_key]) == (NOTE,)
    assert checkpoints_in(f"\n{NOTE.text}\n\n".replace("\n", "\r\n"), [SIGNER.public_key]) == (NOTE,)


def test_many_notes_one_after_the_other_are_read_in_order() -> None:
    more = [SIGNER.checkpoint(size, ROOT) for size in (1, 2, 30)]
    for between in ("", "\n", "\n\n\n"):
        assert checkpoints_in(between.join(one.text for one in more), [SIGNER.public_key]) == tuple(more)


def test_a_note_tells_which_key_is_said_to_have_signed_it() -> None:
    assert SIGNER.public_key.is_named_in(NOTE.text)
    assert SIGNER.public_key.is_named_in(NOTE.text.replace("5", "6"))
    assert not OTHER.public_key.is_named_in(NOTE.text)
    assert not SIGNER.public_key.is_named_in("nonsense\n— nonsense nonsense\n")


def test_a_file_without_notes_holds_none() -> None:
    assert checkpoints_in(" \n", [SIGNER.public_key]) == ()


def test_after_the_pepper_changed_the_older_key_still_reads_the_older_notes() -> None:
    both = [OTHER.public_key, SIGNER.public_key]
    newer = OTHER.checkpoint(9, ROOT)
    assert checkpoints_in(NOTE.text + "\n" + newer.text, both) == (NOTE, newer)


def test_a_note_of_another_installation_is_not_believed() -> None:
    assert refusal(NOTE.text, OTHER.public_key) == "bad_checkpoint"


def test_every_changed_character_is_seen() -> None:
    for place, character in enumerate(NOTE.text.rstrip("\n")):
        changed = NOTE.text[:place] + ("B" if character != "B" else "C") + NOTE.text[place + 1 :]
        assert refusal(changed) == "bad_checkpoint"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "nonsense",
        lambda text: text.partition("\n\n")[0],
        lambda text: text.replace("\n5\n", "\n05\n"),
        lambda text: text.replace("\n5\n", "\n6\n"),
        lambda text: text.replace(ORIGIN, "elsewhere"),
        lambda text: f"{text}{text}".replace("\n\n", "\n"),
        lambda text: text.replace(base64.b64encode(ROOT).decode(), "AAAA"),
        lambda text: text.replace(base64.b64encode(ROOT).decode(), "AAAAA"),
        lambda text: f"{text}\nnonsense",
    ],
)
def test_what_is_no_note_is_refused(spoil: Callable[[str], str]) -> None:
    assert refusal(spoil(NOTE.text)) == "bad_checkpoint"


def test_a_public_key_is_read_as_it_was_printed() -> None:
    assert PublicKey.of(f" {SIGNER.public_key}\n") == SIGNER.public_key


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "nonsense",
        lambda text: text[:-4],
        lambda text: text.replace("AW", "AX", 1) if "AW" in text else text[:-1],
        lambda text: text.replace("+", "+0", 1),
        lambda text: text[:-8] + "AAAAAAA=",
        lambda text: f"{text}=",
    ],
)
def test_what_is_no_public_key_is_refused(spoil: Callable[[str], str]) -> None:
    with pytest.raises(Problem) as caught:
        PublicKey.of(spoil(str(SIGNER.public_key)))
    assert caught.value.code == "bad_audit_key"
