"""docs/adding-a-service.md is true: what it names is there, what it quotes is so, and of what records
needed nothing is left out."""

import os
import pathlib
import re
import subprocess

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "adding-a-service.md"
TEXT = PAGE.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)\)")
WHOLE_LINK = re.compile(r"\[[^\]]+\]\([^)]+\)")
CODE = re.compile(r"`([^`]+)`")

# What only a file has that was touched for records.
OF_RECORDS = re.compile(
    r"\b(InsertRecord|DeleteRecord|insert_record|delete_record|RecordsService|kRecordsQueue|run_records|"
    r"domain::Record|record_(inserted|replaced|deleted)|record_not_found|changed_records|find_record|"
    r"(list|get|read)_records?|RecordEvent|Srn)\b")
SEARCHED = ("api", "cmake", "deploy", "src", "tests/conformance", "tests/simulation")
# The classic interface is a service's past, and its files are not about records alone.
CLASSIC = re.compile(r"classic")


def links(text):
    return [(PAGE.parent / target).resolve() for target in LINK.findall(text)]


def names(text):
    """What is written as code, besides links and blocks."""
    return CODE.findall(WHOLE_LINK.sub("", FENCE.sub("", text)))


def sections():
    return [(part.partition("\n")[0], part) for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]]


def rows(text):
    return [line for line in text.splitlines() if line.startswith("|")]


def contents(paths):
    return "\n".join(path.read_text(encoding="utf-8") for path in paths if path.is_file())


def is_named(name, text):
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)


def quoted():
    """(file, code) of each piece of C++, said to be of the last file that is linked before it."""
    return [(links(TEXT[:match.start()])[-1], match[2])
            for match in FENCE.finditer(TEXT) if match[1] == "cpp"]


def commands():
    script = "\n".join(match[2] for match in FENCE.finditer(TEXT) if match[1] == "sh")
    return [line for line in script.replace("\\\n", "").splitlines() if line]


def targets():
    """What ninja can be asked for."""
    lists = contents(ROOT.glob("src/**/CMakeLists.txt")) + contents(ROOT.glob("tests/**/CMakeLists.txt"))
    tests = re.findall(r"stockroom_test\((\w+)", lists)
    tests += [f"{name}_test" for name, body in
              re.findall(r"stockroom_module\((\w+)\n(.*?)\)$", lists, re.MULTILINE | re.DOTALL)
              if "TESTS" in body]
    services = re.findall(r"stockroom_service_program\((\w+)\)", lists)
    return {"stockroom", *tests, *(f"stockroom-{name}" for name in services)}


def test_every_link_leads_to_a_file():
    assert len(links(TEXT)) > 80
    for path in links(TEXT):
        assert path.is_file(), path


@pytest.mark.parametrize("heading, section", sections(), ids=[heading for heading, _ in sections()])
def test_every_name_is_in_a_file_that_is_linked_beside_it(heading, section):
    """In the same row of a table; else in the same step."""
    for row in rows(section):
        linked = contents(links(row))
        for name in names(row):
            check_name(name, linked)
    for name in names(re.sub(r"^\|.*\n", "", section, flags=re.MULTILINE)):
        check_name(name, contents(links(section)))


def check_name(name, linked):
    if name.startswith("src/"):
        assert (ROOT / name).exists(), name
    elif name.startswith("./dev "):
        check_dev(name.split())
    elif name.startswith("stockroom "):
        assert (ROOT / "src/stockroom" / f"{name.split()[1]}_command.cpp").is_file(), name
    elif re.match(r"[A-Z]+ /", name):
        check_route(*name.split())
    elif name != "--help":
        assert is_named(name, linked), f"{name} is in none of the files that are linked beside it"


def check_dev(words):
    verbs = re.findall(r"^verb_(\w+)\(\)", (ROOT / "dev").read_text(encoding="utf-8"), re.MULTILINE)
    assert words[0] == "./dev" and words[1] in verbs, words


def check_route(method, path):
    spec = yaml.safe_load((ROOT / "api/openapi.yaml").read_text(encoding="utf-8"))
    assert method.lower() in spec["paths"][path]


def test_every_piece_of_code_is_the_codes():
    assert len(quoted()) >= 3
    for path, code in quoted():
        assert code in path.read_text(encoding="utf-8"), f"not in {path}:\n{code}"


@pytest.mark.parametrize("line", commands())
def test_every_command_can_be_given(line):
    words = line.split()
    if words[0] == "ninja":
        assert words[1:3] == ["-C", "build/dev"]
        assert set(words[3:]) <= targets()
    elif words[0] == "ctest":
        check_ctest(re.fullmatch(r"ctest --test-dir build/dev -R '([^']+)'", line)[1])
    elif words[0] == "./dev":
        check_dev(words)
    elif words[0].startswith("build/dev/bin/"):
        assert words[0].removeprefix("build/dev/bin/") in targets()
    else:
        assert words[:2] == ["curl", "-s"]
        check_route("POST", words[2].removeprefix("http://127.0.0.1:8080"))


def check_ctest(tests):
    """Lists what it would run, in the folder of this build."""
    folder = os.environ["STOCKROOM_BUILD"]
    listed = subprocess.run(["ctest", "--test-dir", folder, "-N", "-R", tests], capture_output=True,
                            text=True, check=True).stdout
    assert not listed.rstrip().endswith("Total Tests: 0"), listed


def test_nothing_is_left_out():
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", *SEARCHED], capture_output=True,
                             text=True, check=False).stdout.split("\0")
    files = [ROOT / name for name in tracked if name and not CLASSIC.search(name)]
    if not files:  # not a checkout
        files = [path for folder in SEARCHED for path in (ROOT / folder).rglob("*")
                 if path.is_file() and not CLASSIC.search(str(path.relative_to(ROOT)))]
    told = set(links(TEXT))
    missing = []
    for path in files:
        try:
            if path not in told and path.is_file() and OF_RECORDS.search(path.read_text(encoding="utf-8")):
                missing.append(str(path.relative_to(ROOT)))
        except UnicodeDecodeError:
            pass  # no text
    assert not missing, f"{PAGE.name} does not tell of {missing}"
