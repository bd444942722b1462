"""A data root that was made to escape, inject or exhaust does none of it.

One build and one run take every attack at once, as root's tables and folders bring
them. Secrets stand wherever a path might lead; none may come back in anything that is
written or said, and nothing outside the data root may change.
"""

import os
import re
import shutil
import socket
import stat
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from building import (
    SCRIPT,
    Entry,
    Process,
    by_itself,
    documents,
    draft_row,
    good,
    query,
    run,
    snapshot,
    started,
    write,
    write_table,
)
from harness import Models

from docs_index.errors import DataRootError

CANARY = "the-canary-sings"
DRAFTS = "7_cross_experiment/draft_generation_results.csv"
OUTPUTS = ("docs", "db", "7_reporting", "7_cross_experiment/bad_generations.csv")
TRACED = "trace=open,openat,openat2,creat,connect"
ESCAPE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"

# Paths -------------------------------------------------------------------------------

OUTSIDE = "@OUTSIDE@"  # stands for the absolute path of the folder of secrets
PATHS = [
    "..", ".", "./", "../", "*", "?", "**/canary.txt", "[a-z]*", "{x,../canary}.txt",
    "../canary.txt", "../../outside/canary.txt", "d/../../canary.txt",
    "../3_generation_old/canary.txt", "../7_cross_experiment/../canary.txt",
    "../1_raw/draft_templates.csv", "../db/build.duckdb", f"../{DRAFTS}",
    "no-such/../../canary.txt", ".//..//..//outside//canary.txt",
    f"{OUTSIDE}/canary.txt", f"/{OUTSIDE}/canary.txt", f"//{OUTSIDE}/../canary.txt",
    "/etc/passwd", "/proc/self/environ", "/dev/zero", "/dev/stdin", "/dev/fd/0",
    "~/canary.txt", "~root/canary.txt", "$HOME/canary.txt", "${CANARY}", "%CANARY%",
    f"file://{OUTSIDE}/canary.txt", "file:canary.txt", "https://example.invalid/x",
    "s3://bucket/x", "hf://datasets/x", "C:\\canary.txt", "..\\canary.txt",
    "\\\\host\\canary.txt", "%2e%2e/canary.txt", "..%2fcanary.txt",
    "..\u2044canary.txt", "\uff0e\uff0e/canary.txt", "..;/canary.txt",
    ".../canary.txt", "x.txt/../../canary.txt", "x.txt\u200b", "X.TXT", "x.txt.",
    "\u202etxt.x", f"x.txt{ESCAPE}", "x\n.txt",
    "{{ env_var('CANARY') }}", "{% include 'canary.txt' %}", "$(cat ../canary.txt)",
    "`cat ../canary.txt`", "|cat ../canary.txt", "-rf", "--help",
    "'); drop table documents; --", "'; attach 'x' as y; --", '"; copy x to y; --',
    "' || (select content from read_text('../canary.txt')) || '",
    "=cmd|' /C calc'!A0", "@SUM(1)", "n" * 256, "d/" * 2500 + "x.txt",
    "./" * 100_000 + "x.txt", "\ud7ff\U0010ffff", "pipe", "socket", "d", "huge.txt",
    "latin.txt",
]  # fmt: skip
CHAIN = 10_000
LINKS = {
    "to_canary": "../canary.txt",
    "to_canary_by_name": f"{OUTSIDE}/canary.txt",
    "to_link_to_canary": "to_canary",
    "to_outside": "../../outside",
    "to_root_of_all": "/",
    "to_above": "..",
    "to_environment": "/proc/self/environ",
    "to_working_folder": "/proc/self/cwd",
    "to_zero": "/dev/zero",
    "to_terminal": "/dev/tty",
    "to_input": "/dev/stdin",
    "to_pipe": "pipe",
    "to_socket": "socket",
    "to_nothing": "no-such.txt",
    "to_itself": "to_itself",
    "to_and": "fro",
    "fro": "to_and",
}
THROUGH_LINKS = [
    *LINKS, "to_outside/canary.txt", f"to_root_of_all/{OUTSIDE}/canary.txt",
    "to_above/canary.txt", "to_above/../outside/canary.txt", "d/link_out/canary.txt",
    "to_working_folder/README.md", "to_itself/x.txt", "chain0", "chain0/x.txt",
]  # fmt: skip
UNUSABLE = [*PATHS, *THROUGH_LINKS]
USABLE = {
    "x.txt": "plain",
    "d/../x.txt": "plain",
    "br[1].txt": "brackets",
    "st*r.txt": "star",
    "new\nline.txt": "line break",
    f"esc{ESCAPE}.txt": "escape",
    'it\'s "odd"; --.txt': "quotes",
    "{{ x }}.txt": "braces",
    unicodedata.normalize("NFC", "na\u00efve.txt"): "composed",
    unicodedata.normalize("NFD", "na\u00efve.txt"): "decomposed",
    "case.txt": "lower",
    "CASE.TXT": "upper",
}

# Ids and texts -----------------------------------------------------------------------

IDS = [
    "../../../outside", "/etc/passwd", "..", ".", "a/b", "a\\b", "*", "~", ESCAPE,
    "line\nbreak", "'); drop table documents; --", "\"; attach 'x'; --", "$1", "?1",
    "%s", "{{ env_var('CANARY') }}", "{% do exit() %}", "${CANARY}",
    "=cmd|' /C calc'!A0",
    "+1", "-1", "@SUM(A1)", "\u202e", "\u200b", "NULL", "\\N", "#", "-- ", "/* */",
    "Case", "case", unicodedata.normalize("NFC", "\u00e9"),
    unicodedata.normalize("NFD", "\u00e9"), "i" * 100_000, "|", "a|b", ":",
]  # fmt: skip
TEXTS = {
    "deep JSON": "[" * 500_000,
    "deep objects": '{"a":' * 100_000,
    "terminal": ESCAPE * 1000,
    "separators": "".join(f"\x1e{number}\x1f" for number in range(100_000)),
    "nulls": "\x00" * 10_000,
    "opened ideas": '<essay-idea stage="1">\n' * 20_000,
    "ideas": '<essay-idea stage="9">\nx\n</essay-idea>\n' * 5_000,
    "opened thinking": "<thinking>" * 50_000,
    "essays": "<essay>" * 100_000,
    "scores": "SCORE: " * 100_000,
    "nulls around thinking": "a\x00<thinking>x</thinking>\x00b",
    "SQL": "'); drop table documents; --",
    "Jinja": "{{ env_var('CANARY') }}{% do exit() %}",
    "quotes": '"' * 10_001,
}
PARSERS = ("essay_idea_last", "essay_block", "essay_block_lenient", "in_last_line")


@dataclass(frozen=True)
class Attack:
    """A hostile root before and after a build and three runs."""

    root: Path
    dbt: Process
    plan: Process
    json: Process
    run: Process
    before: dict[str, Entry]

    @property
    def said(self) -> str:
        """All that the commands printed."""
        processes = (self.dbt, self.plan, self.json, self.run)
        return "".join(process.stdout + process.stderr for process in processes)


def plant_secrets(place: Path) -> None:
    folders = (".", "outside", "home", "root", "root/3_generation_old")
    for folder in folders:
        write(place / folder, "canary.txt", f"{CANARY} in {folder}")


def lay_traps(responses: Path, outside: Path) -> None:
    """Make the links, pipes and files that the rows name."""
    (responses / "d").mkdir(parents=True)
    for name, target in LINKS.items():
        (responses / name).symlink_to(target.replace(OUTSIDE, str(outside)))
    for number in range(CHAIN):
        (responses / f"chain{number}").symlink_to(f"chain{number + 1}")
    (responses / f"chain{CHAIN}").symlink_to(".")
    (responses / "d" / "link_out").symlink_to(outside)
    os.mkfifo(responses / "pipe")
    with chdir(responses), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    with (responses / "huge.txt").open("wb") as file:
        file.truncate(64 * 2**20 + 1)
    (responses / "latin.txt").write_bytes(b"caf\xe9")
    for name, text in USABLE.items():
        write(responses, name, text)
    for name, text in TEXTS.items():
        write(responses, f"texts/{name}", text)


def hostile_rows(outside: Path) -> Iterator[dict[str, str]]:
    """Yield a draft a path, a draft an id in each place, and a draft a text."""
    row = draft_row("", "2025-01-01", "")
    del row["text"]
    paths = [path.replace(OUTSIDE, str(outside)) for path in (*UNUSABLE, *USABLE)]
    for number, path in enumerate(paths):
        yield row | {"draft_task_id": f"path {number}", "response_file": path}
    usable = row | {"response_file": "x.txt"}
    for number, value in enumerate(IDS):
        yield usable | {"draft_task_id": value, "combo_id": f"id {number}"}
        for column in ("combo_id", "draft_template_id", "generation_model"):
            yield usable | {"draft_task_id": f"{column} {number}", column: value}
    for name in TEXTS:
        for parser in PARSERS:
            yield row | {
                "draft_task_id": f"text {name} {parser}",
                "draft_template_id": parser,
                "response_file": f"texts/{name}",
            }


def traced(place: Path, name: str, command: list[str]) -> list[str]:
    """Return a command that logs which files it opens, if strace is installed."""
    program = shutil.which("strace")
    options = ["-f", "-qq", "-y", "--seccomp-bpf", "-e", TRACED, "-o"]
    return [program, *options, str(place / name), *command] if program else command


@pytest.fixture(scope="module")
def attack(tmp_path_factory: pytest.TempPathFactory) -> Attack:
    """A hostile root, built and materialized."""
    place = tmp_path_factory.mktemp("hostile")
    root, outside = place / "root", place / "outside"
    plant_secrets(place)
    lay_traps(root / "3_generation", outside)
    write_table(root, DRAFTS, list(hostile_rows(outside)))
    parsers = [{"template_id": name, "parser": name} for name in PARSERS]
    write_table(root, "1_raw/draft_templates.csv", parsers)
    for folder in ("dbt", "tmp", "traces"):
        (place / folder).mkdir()
    environment = by_itself(root) | {
        "CANARY": CANARY, "HOME": str(place / "home"), "TMPDIR": str(place / "tmp"),
        "PYTHONDONTWRITEBYTECODE": "1",  # dbt's model in Python is a scratch file
    }  # fmt: skip
    before = snapshot(place)
    program = str(Path(sys.executable).with_name("dbt"))
    build = [program, "build", "--exclude-resource-type", "unit_test"]
    script = [sys.executable, str(SCRIPT), "--workers", "2"]
    return Attack(
        root,
        dbt=good(
            run(
                root,
                [
                    "sh",
                    "-c",
                    'umask 0; exec "$@"',
                    "-",
                    *traced(place, "traces/build", build),
                ],
                environment,
            )
        ),
        plan=good(run(root, [*script, "--dry-run"], environment)),
        json=good(run(root, [*script, "--dry-run", "--json"], environment)),
        run=good(run(root, traced(place, "traces/run", script), environment)),
        before=before,
    )


def test_no_secret_is_anywhere(attack: Attack) -> None:
    place = attack.root.parent
    inputs = {path for path in attack.before if not path.startswith("dbt")}
    written = [path for path in place.rglob("*") if path.is_file()]
    leaks = [
        path
        for path in written
        if str(path.relative_to(place)) not in inputs
        and CANARY.encode() in path.read_bytes()
    ]
    assert leaks == []
    assert CANARY not in attack.said


def test_nothing_but_the_outputs_has_changed(attack: Attack) -> None:
    after = snapshot(attack.root.parent)
    after_inputs = {
        path: entry
        for path, entry in after.items()
        if not path.startswith(("dbt", "traces", *(f"root/{name}" for name in OUTPUTS)))
    }
    before = {k: v for k, v in attack.before.items() if k not in ("dbt", "traces")}
    # Folders that outputs were added to have a new time, and nothing else.
    for folder in ("root", "root/7_cross_experiment", "tmp"):
        before[folder] = after_inputs[folder]
    assert after_inputs == before


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not there")
def test_no_file_outside_is_opened(attack: Attack) -> None:
    place = attack.root.parent
    forbidden = [place / "outside", place / "home", place / "canary.txt"]
    forbidden += [attack.root / "canary.txt", attack.root / "3_generation_old"]
    forbidden += [Path("/etc/passwd"), Path("/proc/self/environ"), Path("/dev/zero")]
    for name in ("build", "run"):
        said = (place / "traces" / name).read_text(errors="replace")
        assert f"<{attack.root}/" in said
        assert [path for path in forbidden if f"<{path}" in said] == []
        assert "AF_INET" not in said


def test_every_path_that_leads_nowhere_good_is_a_bad_row(attack: Attack) -> None:
    found = query(
        attack.root,
        "select task_id, reason from bad_generations where task_id like 'path %'",
    )
    wanted = {f"path {number}" for number in range(len(UNUSABLE))}
    assert dict(found) == dict.fromkeys(wanted, "missing_response_file")


def test_every_odd_file_is_read_under_its_own_name(attack: Attack) -> None:
    found = {
        document["task_id"]: (attack.root / "docs" / document["doc_dir"] / "raw.txt")
        for document in documents(attack.root, "task_id like 'path %'")
    }
    texts = [
        found[f"path {number}"].read_text()
        for number in range(len(UNUSABLE), len(UNUSABLE) + len(USABLE))
    ]
    assert texts == list(USABLE.values())


def test_texts_come_back_as_they_were(attack: Attack) -> None:
    found = documents(attack.root, "task_id like 'text %'")
    assert {each["meta_small"]["response_file"] for each in found} == {
        f"texts/{name}" for name in TEXTS
    }
    for document in found:
        name = document["meta_small"]["response_file"].removeprefix("texts/")
        raw = attack.root / "docs" / document["doc_dir"] / "raw.txt"
        assert raw.read_bytes() == TEXTS[name].encode()
        if name == "nulls around thinking" and "lenient" in document["task_id"]:
            assert raw.with_name("parsed.txt").read_bytes() == b"a\0\0b"


def test_every_row_ends_in_one_place(attack: Attack) -> None:
    ((kept,),) = query(attack.root, "select count(*) from documents")
    ((left_out,),) = query(attack.root, "select count(*) from bad_generations")
    ((read,),) = query(
        attack.root, "select value from backfill_counters where counter = 'rows_draft'"
    )
    assert kept + left_out == read == len(list(hostile_rows(attack.root)))


def test_ids_come_back_as_they_were(attack: Attack) -> None:
    found = documents(attack.root)
    assert set(IDS) <= {document["task_id"] for document in found}
    # All but task ids are trimmed.
    wanted = {value.strip(" \t\r\n") for value in IDS}
    assert wanted <= {document["meta_small"]["combo_id"] for document in found}
    assert wanted <= {document["template_id"] for document in found}
    assert wanted <= {document["model_id"] for document in found}


def test_only_hashed_keys_decide_where_documents_are(attack: Attack) -> None:
    docs = attack.root / "docs"
    folders = {str(path.relative_to(docs)) for path in docs.rglob("*") if path.is_dir()}
    assert all(
        re.fullmatch(r"draft(/[0-9a-z]{16}){0,2}|essay|evaluation", folder)
        for folder in folders
    )
    names = {path.name for path in docs.rglob("*") if not path.is_dir()}
    assert names == {"raw.txt", "parsed.txt", "metadata.json"}
    assert not any(path.is_symlink() for path in docs.rglob("*"))


def test_no_terminal_is_told_what_to_do(attack: Attack) -> None:
    odd = {c for c in attack.said if not c.isprintable() and c not in "\n\t"}
    assert odd == set()
    assert "\\x1b" in attack.said


def test_an_unknown_parser_is_named_without_telling_a_terminal(
    models: Models, tmp_path: Path
) -> None:
    row = draft_row("task", "2025-01-01", "") | {"draft_template_id": ESCAPE}
    write_table(tmp_path, DRAFTS, [row])
    names = [{"template_id": ESCAPE, "parser": f"no{ESCAPE}such"}]
    write_table(tmp_path, "1_raw/draft_templates.csv", names)
    with pytest.raises(duckdb.Error, match="which is not known") as refusal:
        models.build(tmp_path)
    assert {c for c in str(refusal.value) if not c.isprintable()} <= {"\n"}


@pytest.mark.parametrize(
    "target", ["../../outside.csv", "/dev/zero", "/proc/self/maps"]
)
@pytest.mark.parametrize("table", [DRAFTS, "1_raw/draft_templates.csv"])
def test_a_table_that_leads_out_is_refused_without_a_word_of_it(
    models: Models, tmp_path: Path, table: str, target: str
) -> None:
    (tmp_path / "outside.csv").write_text(CANARY)
    root = tmp_path / "root"
    write(root, "7_cross_experiment/essay_generation_results.csv", "essay_task_id\n")
    (root / table).parent.mkdir(exist_ok=True)
    (root / table).symlink_to(target)
    with pytest.raises(DataRootError, match="leads out of the data root") as refusal:
        models.build(root)
    assert CANARY not in str(refusal.value)


def test_a_table_may_be_a_link_within_the_root(models: Models, tmp_path: Path) -> None:
    write_table(tmp_path, "kept/drafts.csv", [draft_row("task", "2025-01-01", "")])
    (tmp_path / DRAFTS).parent.mkdir()
    (tmp_path / DRAFTS).symlink_to("../kept/drafts.csv")
    assert models.build(tmp_path).counters["rows_draft"] == 1


def test_an_endless_path_of_a_link_ends_in_the_bad_list(
    models: Models, tmp_path: Path
) -> None:
    row = draft_row("task", "2025-01-01", "")
    row |= {"link_task_id": "task", "link_template_id": "t"}
    row["response_file"] = "links_responses/" + "a/" * 1_000_000
    write_table(tmp_path, "7_cross_experiment/link_generation_results.csv", [row])
    (bad,) = models.build(tmp_path).bad
    assert bad["reason"] == "missing_response_file"
    assert bad["detail"].endswith("the path is too long")


# Permissions -------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_what_is_written_is_for_those_whom_the_umask_lets_in(
    root: Path, umask: int
) -> None:
    for path in (root, *root.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    before = set(root.rglob("*"))
    with started(root, str(SCRIPT), umask=umask) as process:
        process.communicate()
    assert process.returncode == 0
    made = [path for path in root.rglob("*") if path not in before]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in made}
    let_in = ~(umask | 0o002)  # strangers may never write, whatever the umask
    assert (False, 0o666 & let_in) in modes
    # SQLite asks for 644 itself.
    assert modes <= {
        (True, 0o777 & let_in),
        (False, 0o666 & let_in),
        (False, 0o644 & let_in),
    }


def test_the_databases_of_a_build_are_not_for_strangers_to_write(
    attack: Attack,
) -> None:
    modes = [path.stat().st_mode for path in (attack.root / "db").iterdir()]
    assert len(modes) == 3
    assert not any(mode & stat.S_IWOTH for mode in modes)
