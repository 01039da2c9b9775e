"""The pages name what is there: links lead somewhere, paths and variables exist."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
LAYOUT: Final = ROOT / "docs" / "decisions" / "0019-layout.md"
"""Shows the layout before, too."""

_LINK: Final = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
_PATH: Final = re.compile(
    r"`((?:devtools|docs|genrebot|services|shared|tests|training)/[a-z0-9_./-]*)`"
)


def _names(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=_names)
def test_links_lead_somewhere(page: Path) -> None:
    """Files, and headings of pages."""
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        target, _, heading = link.partition("#")
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {_anchor(line) for line in headings}, link


@pytest.mark.parametrize("page", [page for page in PAGES if page != LAYOUT], ids=_names)
def test_paths_are_there(page: Path) -> None:
    """A file that is renamed is renamed in the pages."""
    paths = _PATH.findall(page.read_text(encoding="utf-8"))
    assert not [path for path in paths if not (ROOT / path).exists()]


@pytest.mark.parametrize("page", PAGES, ids=_names)
def test_variables_are_settings(page: Path) -> None:
    """A variable that nothing reads would be set in vain."""
    known = "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / ".env.example", *ROOT.glob("[st]*/**/*.py"))
    )
    for variable in re.findall(r"GENREBOT_[A-Z_]+", page.read_text(encoding="utf-8")):
        assert variable in known, variable


def test_every_decision_is_listed() -> None:
    """The list of decisions has all of them, each with the title of its page."""
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    for page in sorted(folder.glob("[0-9]*.md")):
        number, _, title = page.read_text(encoding="utf-8").splitlines()[0][2:].partition(": ")
        assert f"| [{number}]({page.name}) | {title} |" in listed


def _anchor(heading: str) -> str:
    """As GitHub makes them."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
