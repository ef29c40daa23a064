"""Codes: where they come from, what a typing error leads to, and whose code it is not."""

import io
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from crypto.secret.codes import parse_code
from intake.cli.shared.codes import TypedCode
from tests.kit.serving import DREMPEL, LONGEST, Demo, Ran, Server, drempel, environment
from tests.kit.terminal import in_a_shell, on_terminal


@pytest.fixture(scope="module")
def receipt(demo: Demo) -> str:
    """The receipt of a report that is there."""
    return str(demo.report("A report.").json["receipt"])


def with_slip(code: str) -> str:
    """`code` with one letter of its third group replaced by another of the same kind."""
    wrong = "b" if code[12] != "b" else "d"
    return code[:12] + wrong + code[13:]


def read(demo: Demo, code: str, *options: str) -> Ran:
    return drempel("receipt", "read", "--server", demo.pinned, "--json", *options, DREMPEL_RECEIPT=code)


def messages(ran: Ran) -> list[str]:
    return [message["body"] for message in ran.json["messages"]]


def test_a_code_comes_from_a_file_or_the_environment_in_any_spelling(
    demo: Demo, receipt: str, tmp_path: Path
) -> None:
    kept = tmp_path / "code"
    kept.write_text(f"\n {receipt.upper().replace('-', '  ')}\r\n", encoding="utf-8")
    file = ("--code-file", str(kept))
    assert messages(drempel("receipt", "read", "--server", demo.pinned, "--json", *file)) == ["A report."]
    # The file wins, since somebody named it.
    assert messages(read(demo, "nonsense", *file)) == ["A report."]
    assert messages(read(demo, receipt.replace("-", ""))) == ["A report."]


def arriving(receipt: str) -> dict[str, bytes]:
    """The same code as it arrives: with what nobody sees, with what people add, and as other systems save it."""
    groups = receipt.split("-")
    lines = "\n".join(groups)
    texts = {
        "mark": f"\ufeff{receipt}",
        "unseen": receipt.replace("-", "\u200b-\u00ad"),
        "full width": receipt.replace("-", "\uff0d"),
        "quoted": f"\u201c{receipt}\u201d",
        "lines": f"{lines}\n",
        "numbered": "\r\n".join(f"{place}. {group}" for place, group in enumerate(groups, start=1)),
        "after blank lines": f"\n \n{lines}",
    }
    data = {name: text.encode() for name, text in texts.items()}
    data["little-endian"] = b"\xff\xfe" + f"{lines}\r\n".encode("utf-16-le")
    data["big-endian"] = b"\xfe\xff" + f"{lines}\r\n".encode("utf-16-be")
    data["before Unicode"] = f"\u00ab{receipt}\u00bb".replace("-", "\u2013").encode("cp1252")
    return data


ARRIVING = list(arriving("-".join(["lusab"] * 8)))


@pytest.mark.parametrize("how", ARRIVING)
def test_a_file_a_pipe_and_the_environment_are_read_alike(
    receipt: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = arriving(receipt)[how]
    kept = tmp_path / "code"
    kept.write_bytes(data)
    secret = parse_code(receipt, "receipt")
    code = TypedCode("receipt", kept, accept_correction=False)
    assert code.read() == secret
    code = TypedCode("receipt", None, accept_correction=False)
    if b"\x00" not in data:
        monkeypatch.setitem(os.environb, b"DREMPEL_RECEIPT", data)
        assert code.read() == secret
        monkeypatch.delitem(os.environb, b"DREMPEL_RECEIPT")
    after = b"what is not the code's" if data.rstrip(b"\x00").endswith(b"\n") else b"\nwhat is not the code's"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data + after)))
    assert code.read() == secret


def test_no_locale_hides_a_code(demo: Demo, receipt: str) -> None:
    text = f"\u200e{receipt}".replace("-", "\uff0d")
    plain: Any = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert messages(
        drempel("receipt", "read", "--server", demo.pinned, "--json", DREMPEL_RECEIPT=text, **plain)
    ) == ["A report."]


def test_a_pipe_is_read_until_the_code_is_whole_and_no_further(demo: Demo, receipt: str) -> None:
    """Whoever writes the code may keep the pipe open."""
    command = [DREMPEL, "receipt", "read", "--server", demo.pinned, "--json"]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(), **pipes) as process:
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(receipt.replace("-", "\n").encode() + b"\n")
            process.stdin.flush()
            assert process.wait(LONGEST) == 0
            assert b"A report." in process.stdout.read()
        finally:
            process.kill()


@pytest.mark.parametrize("separator", ["\n", "\n\n", ". \n"], ids=["lines", "blank lines", "stops"])
def test_all_lines_of_a_paste_are_taken_before_the_shell_can(
    demo: Demo, receipt: str, separator: str
) -> None:
    """In the shell's history they would stay."""
    with in_a_shell(HOME="/nonexistent") as shell:
        shell.type(f"{DREMPEL} receipt read --server '{demo.pinned}'")
        shell.wait("Receipt: ")
        shell.type(receipt.replace("-", separator) + "\n\n")
        shell.wait("A report.")
        shell.type("echo the'se were all'")
        shown = shell.wait("these were all")
    assert "not found" not in shown
    assert not any(group in shown for group in receipt.split("-"))


def test_groups_may_be_typed_one_after_the_other_and_an_empty_line_ends_them(
    demo: Demo, receipt: str
) -> None:
    groups = receipt.split("-")
    read = ["receipt", "read", "--server", demo.pinned, "--json"]
    asked = on_terminal(
        read,
        [("Receipt: ", ""), ("Receipt: ", "-".join(groups[:3])), ("3 of 8 groups", " ".join(groups[3:]))],
    )
    assert messages(asked.ran) == ["A report."]
    assert not any(group in asked.screen for group in groups)
    asked = on_terminal(read, [("Receipt: ", groups[0]), ("1 of 8 groups", "")])
    assert asked.ran.status == 1
    assert "Groups found: 1." in asked.screen


def test_the_terminal_shows_what_is_typed_again_after_a_question() -> None:
    with in_a_shell() as shell:
        for typed in ("\x03", "\x04", "lusab-babad\n"):
            shell.type(f"{DREMPEL} receipt read --server http://127.0.0.1:9/demo/")
            shell.wait("Receipt: ")
            shell.type(typed, end="\n" if typed == "lusab-babad\n" else "")
            shell.wait("$ ")
            shell.type("stty -a")
            assert " echo " in shell.wait("$ ")


def test_a_message_from_standard_input_goes_with_a_code_from_a_file(demo: Demo, tmp_path: Path) -> None:
    sent = demo.report("Another.").json
    kept = tmp_path / "code"
    kept.write_text(sent["receipt"], encoding="ascii")
    options = ("--server", demo.pinned, "--code-file", str(kept), "--message-file", "-", "--json")
    assert drempel("receipt", "write", *options, stdin=b"From a pipe.").json["mailbox"] == sent["mailbox"]
    assert messages(read(demo, sent["receipt"])) == ["Another.", "From a pipe."]


def test_a_receipt_is_asked_for_on_a_terminal_and_not_shown_there(demo: Demo, receipt: str) -> None:
    asked = on_terminal(["receipt", "read", "--server", demo.pinned, "--json"], [("Receipt", receipt)])
    assert messages(asked.ran) == ["A report."]
    assert receipt not in asked.screen
    assert receipt[:11] not in asked.screen


@pytest.mark.parametrize("answer", ["y", "n"])
def test_a_typing_error_is_corrected_once_a_person_confirms_it(demo: Demo, receipt: str, answer: str) -> None:
    asked = on_terminal(
        ["receipt", "read", "--server", demo.pinned, "--json"],
        [("Receipt", with_slip(receipt)), ("Is that right?", answer)],
    )
    # Only the group at fault is shown: whoever looks over a shoulder learns 16 bits of 112.
    groups = receipt.split("-")
    assert f"group 3: '{groups[2]}'" in asked.screen
    assert not any(group in asked.screen for place, group in enumerate(groups) if place != 2)
    if answer == "y":
        assert messages(asked.ran) == ["A report."]
    else:
        assert asked.ran.status == 1
        assert asked.ran.out == ""


def test_without_a_terminal_a_correction_needs_a_word(demo: Demo, receipt: str) -> None:
    wrong = with_slip(receipt)
    refusal = read(demo, wrong).refused("typing error", receipt, wrong)
    assert "--accept-correction" in refusal
    assert not any(group in refusal for group in receipt.split("-"))
    assert messages(read(demo, wrong, "--accept-correction")) == ["A report."]
    # Two slips are no one's guess.
    twice = with_slip(receipt)[:-1] + ("b" if receipt[-1] != "b" else "d")
    read(demo, twice, "--accept-correction").refused("typing error", receipt, twice)
    read(demo, receipt[:-6]).refused("not a complete code", receipt[:-6])


def test_a_code_of_another_kind_is_told_apart_before_anything_is_sent(demo: Demo, receipt: str) -> None:
    nowhere = f"http://127.0.0.1:9/demo/#{demo.codes['fingerprint']}"
    access = next(iter(demo.access_codes.values()))
    for code in (access, demo.codes["custodian_code"]):
        ran = drempel("receipt", "read", "--server", nowhere, "--json", DREMPEL_RECEIPT=code)
        ran.refused("another kind of code", code)
    ran = drempel("inbox", "list", "--server", nowhere, "--json", DREMPEL_ACCESS_CODE=receipt)
    ran.refused("another kind of code", receipt)


def test_codes_of_one_organisation_are_unknown_in_another_of_the_same_folder(tmp_path: Path) -> None:
    data, founded = tmp_path / "data", {}
    example = Path(__file__).parents[2] / "deploy" / "organisation.example.toml"
    for slug in ("gemeente", "provincie"):
        plan = tmp_path / f"{slug}.toml"
        text = example.read_text("utf-8").replace('slug = "gemeente"', f'slug = "{slug}"')
        plan.write_text(text, encoding="utf-8")
        founded[slug] = drempel("init", "--data", str(data), "--from", str(plan), "--json").json
    server = Server(["serve", "--data", str(data), "--port", "0"], tmp_path / "logs")
    try:
        host = server.first_line.removeprefix("Listening on ")
        url = {slug: f"{host}{slug}#{item['fingerprint']}" for slug, item in founded.items()}
        access = {slug: item["channels"][0]["recipients"][0]["access_code"] for slug, item in founded.items()}
        fixed = ("--channel", "confidential-adviser", "--message-file", "-", "--json")
        sent = drempel("report", "--server", url["gemeente"], *fixed, stdin=b"For the municipality.").json
        for slug in founded:
            code = sent["receipt"]
            ran = drempel("receipt", "read", "--server", url[slug], "--json", DREMPEL_RECEIPT=code)
            listed = drempel(
                "inbox", "list", "--server", url[slug], "--json", DREMPEL_ACCESS_CODE=access[slug]
            )
            foreign = drempel("inbox", "list", "--server", url[slug], DREMPEL_ACCESS_CODE=access["provincie"])
            if slug == "gemeente":
                assert messages(ran) == ["For the municipality."]
                assert [row["id"] for row in listed.json["conversations"]] == [sent["mailbox"]]
                foreign.refused("No recipient belongs", access["provincie"])
            else:
                ran.refused("No report belongs", code)
                assert listed.json == {"conversations": []}
                assert foreign.status == 0
        server.stop()
    finally:
        server.kill()
