"""The notebooks as they are committed, held to the rules of notebook_rules.py."""

import tomllib
from pathlib import Path

import pytest

from nanogpt_lib.kit import notebook_rules as rules
from nanogpt_lib.kit import notebook_run as made
from notebook_files import FOLDER, NOTEBOOKS, ROOT, TEXTS, builder, read

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def refuse(path: Path, complaints: list[str]) -> None:
    """Fail with every complaint, a line each."""
    if complaints:
        pytest.fail("\n  ".join([f"{path.relative_to(ROOT)}:", *complaints]), pytrace=False)


def test_every_text_has_a_notebook_and_every_notebook_a_text() -> None:
    texts, notebooks = {path.stem for path in TEXTS}, {path.stem for path in NOTEBOOKS}
    assert texts, "notebooks/source/ is empty"
    assert not texts - notebooks, "run `make notebooks`"
    assert not notebooks - texts, "write the text in notebooks/source/, or delete the notebook"


def test_the_build_keeps_the_metadata_that_jupytext_keeps() -> None:
    """Otherwise an edit in Lab would lose what a build wrote."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["jupytext"]
    assert settings["cell_metadata_filter"] == ",".join([*builder.KEPT, "-all"])


@each_notebook
def test_text_and_notebook_hold_the_same_cells(path: Path) -> None:
    text = builder.jupytext.read(FOLDER / "source" / f"{path.stem}.md", fmt="md:myst")
    refuse(path, made.pairing(text, read(path), builder.KEPT))


@each_notebook
def test_every_cell_was_run_from_top_to_bottom(path: Path) -> None:
    refuse(path, made.execution(read(path)))


@each_notebook
def test_no_value_is_hidden_by_a_semicolon(path: Path) -> None:
    refuse(path, made.semicolons(read(path)))


@each_notebook
def test_no_output_tells_where_or_when_it_was_made(path: Path) -> None:
    refuse(path, builder.machine_facts(read(path), path.stem))


@each_notebook
def test_every_excused_cell_gives_its_reason(path: Path) -> None:
    """00 may excuse more: it shows facts about the reader's own machine."""
    refuse(path, made.excuses(read(path), share=0.5 if path.stem.startswith("00") else 0.25))


EXCUSED = {
    "00_start_here": 5,
    "04_self_attention": 2,
    "06_multi_head": 1,
    "07_feed_forward_and_residuals": 1,
    "08_layernorm": 1,
    "09_dropout": 1,
    "10_full_model": 2,
    "11_sampling": 4,
    "12_experiments": 3,
    "15_faster_and_bigger": 3,
}


def test_the_excused_cells_are_these_many() -> None:
    """One more is one cell less that the tests compare: it is written down here, or there by mistake."""
    excused = {path.stem: len(made.excused(read(path))) for path in NOTEBOOKS}
    assert {name: count for name, count in excused.items() if count} == EXCUSED


@each_notebook
def test_it_opens_with_a_promise_and_closes_with_a_receipt(path: Path) -> None:
    refuse(path, rules.ends(read(path)))


@each_notebook
def test_code_cells_are_short(path: Path) -> None:
    refuse(path, rules.code_sizes(read(path)))


@each_notebook
def test_no_cell_is_a_wall_of_text(path: Path) -> None:
    refuse(path, rules.prose_sizes(read(path)))


@each_notebook
def test_prose_and_code_take_turns(path: Path) -> None:
    refuse(path, rules.alternation(read(path)))


@pytest.mark.parametrize(
    "path", [path for path in NOTEBOOKS if not path.stem.startswith("00")], ids=lambda path: path.stem
)
def test_the_reader_predicts_at_least_five_times(path: Path) -> None:
    refuse(path, rules.predictions(read(path)))


@each_notebook
def test_every_decimal_in_the_prose_is_in_an_output(path: Path) -> None:
    refuse(path, rules.decimals(read(path)))


@each_notebook
def test_every_picture_that_is_described_is_shown(path: Path) -> None:
    refuse(path, rules.pictures(read(path)))


@each_notebook
def test_one_concept_has_one_name(path: Path) -> None:
    refuse(path, rules.banned_words(read(path)))


@each_notebook
def test_every_relative_link_leads_to_a_file(path: Path) -> None:
    refuse(path, rules.links(read(path), FOLDER))


@each_notebook
def test_the_links_to_the_neighbours_follow_the_order_of_the_files(path: Path) -> None:
    refuse(path, rules.neighbours(read(path), path.stem, [notebook.stem for notebook in NOTEBOOKS]))
