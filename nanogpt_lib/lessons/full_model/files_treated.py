"""How an answer treats files: one that is whole, ones that are damaged, and ones that are programs.

Every file here is harmless; the programs among them only note that they ran.
"""

import functools
import hashlib
import io
import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import save

from nanogpt_lib.files import sha256
from nanogpt_lib.kit.outcome import Fact, Refusal
from nanogpt_lib.lessons.full_model.shared import first_line, until_wrong

RAN: list[str] = []  # what the programs among the files write to
NAMES = ("model.pt", "model.safetensors")  # what a pickle is called; a name proves nothing
BEGINNINGS = (1024, 4096, 8192, 65_536)  # bytes; the whole file has more


def spring(name: str) -> str:
    """Note that a pickle of ours was loaded by someone who trusts it."""
    RAN.append(name)
    return name


class _Program:
    def __reduce__(self) -> tuple:
        return spring, ("called while loading",)


@functools.lru_cache(maxsize=32)
def made_files(seed: int) -> tuple[dict[str, bytes], dict[str, torch.Tensor]]:
    """Return the contents by name, and the tensors that are in most of them."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {
        "model/table": torch.randn(160, 130, generator=generator),
        "model/bias": torch.randn(7, generator=generator, dtype=torch.float64),
        "optimizer/step": torch.tensor(seed + 10),
        "model/mask": torch.randn(5, 3, generator=generator) > 0,
    }
    whole = save(tensors)
    flipped = bytearray(whole)
    flipped[-1] ^= 1  # one bit of one number, and the file parses as before
    harmless, program = io.BytesIO(), io.BytesIO()
    torch.save(tensors, harmless)
    torch.save({**tensors, "more": _Program()}, program)
    by_hand = {"model/table": [1.0], "more": _Program()}
    return {
        "whole": whole,
        "flipped": bytes(flipped),
        "garbage": bytes(torch.randint(128, 256, (400,), generator=generator).tolist()),
        "harmless pickle": harmless.getvalue(),
        "program, as torch.save makes it": program.getvalue(),
        "program, as pickle makes it": pickle.dumps(by_hand, protocol=2),  # torch warns of others
    }, tensors


def loaded(safe_load: Callable, seed: int) -> dict[str, Fact]:
    """Return how the answer treats each file, one fact after the other, up to the first that is not right.

    Pickles come under their customary name and under the name of what is asked for, as torch.load
    goes by the name.

    Args:    safe_load: the answer.   seed: of the numbers in the files.
    """
    contents, tensors = made_files(seed)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as box:
        paths = {}
        for number, (what, content) in enumerate(contents.items()):
            for name in NAMES:
                path = paths[what, name] = Path(box, str(number), name)
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(content)
        return until_wrong(_treated(safe_load, paths, contents, tensors))


def _treated(
    safe_load: Callable, paths: dict, contents: dict[str, bytes], tensors: dict[str, torch.Tensor]
) -> Iterator[tuple[str, Fact, bool]]:
    """Yield a fact about each file, and whether it is as it should be."""
    RAN.clear()
    programs = [key for key in paths if key[0].startswith("program")]
    for what, name in programs:
        _asked(safe_load, paths[what, name], sha256(contents[what]))
    said = (
        f"{len(programs)} pickles were given that call a function while they load. It ran {len(RAN)} times."
    )
    yield "code", Fact("ran" if RAN else "did not run", said), not RAN

    right, whole = sha256(contents["whole"]), paths["whole", NAMES[1]]
    try:
        result = safe_load(whole, right)
    except Exception as error:
        if (kind := _what_is_hashed(safe_load, whole, contents["whole"])) is None:
            raise
        fact = Fact(kind, f"A good file with its right hash, {right[:8]}…, raised {type(error).__name__}.")
    else:
        fact = _compared(result, tensors)
    yield "tensors", fact, fact.value == "whole"

    for name in NAMES:
        what = "harmless pickle"
        kind, words = _asked(safe_load, paths[what, name], sha256(contents[what]))
        said = f"A pickle of {len(tensors)} tensors, called {name}, with its right hash, {words}."
        refused = not kind.startswith("returned")  # of a pickle, any error refuses it
        yield what, Fact("refused" if refused else kind, said), refused

    kind, words = _asked(safe_load, paths["whole", NAMES[0]], right)
    said = f"A good file of {len(tensors)} tensors with its right hash, but called {NAMES[0]}, {words}."
    kind = kind if kind.startswith("returned") else "refused"  # whatever is raised
    yield "called otherwise", Fact(kind, said), kind == "returned"

    to_refuse = {
        "flipped": (right, f"A file of {len(contents['whole']):,} bytes, one of them changed,"),
        "beginning": (_other_end(right), "A hash of which the first 32 of 64 digits are right"),
        "end": (_other_end(right[::-1])[::-1], "A hash of which the last 32 of 64 digits are right"),
        "order": (right[::-1], "A hash of the 64 right digits, in another order,"),
        "short": (right[:8], "A hash of 8 digits, all right, instead of 64"),
        "empty": ("", "A hash of 0 digits"),
        "garbage": (right, "400 bytes that are no safetensors file, with another's hash,"),
    }
    for what, (expected, here) in to_refuse.items():
        kind, words = _asked(safe_load, paths.get((what, NAMES[1]), whole), expected)
        refused = kind == "ValueError"
        yield what, Fact("refused" if refused else kind, f"{here} {words}."), refused


def _asked(safe_load: Callable, path: Path, expected: str) -> tuple[str, str]:
    """Return what came of a file and a hash: a kind and the words for it."""
    try:
        result = safe_load(path, expected)
    except Exception as error:
        kind = type(error).__name__
        return kind, f"raised {kind} ({first_line(error)[:60]!r})"
    if result is None:
        return "returned None", "raised nothing and returned None"
    many = f" of {len(result)}" if hasattr(result, "__len__") else ""
    kind = "returned nothing" if many == " of 0" else "returned"
    return kind, f"raised nothing and returned a {type(result).__name__}{many}"


def _other_end(digits: str) -> str:
    return digits[:32] + "".join("1" if digit == "0" else "0" for digit in digits[32:])


def _compared(result: object, tensors: dict[str, torch.Tensor]) -> Fact:
    """Return whether the good file's tensors came back as they are in it."""
    if not isinstance(result, Mapping):
        many = f" of {len(result)}" if hasattr(result, "__len__") else ""
        if isinstance(result, list | tuple | set) and result:
            many += f", the first a {type(next(iter(result))).__name__}"
        raise Refusal(f"Expected a dict of {len(tensors)} tensors, got {type(result).__name__}{many}.")
    missing = [name for name in tensors if name not in result]
    extra = [str(name) for name in result if name not in tensors]
    if missing or extra:
        said = f"Of {len(tensors)} tensors in a good file you return {len(tensors) - len(missing)}"
        said += f", without {missing[0]}" if missing else f", and besides {extra[0]}"
        return Fact(("names", len(missing), len(extra)), f"{said}.")
    odd = [
        name
        for name, right in tensors.items()
        if not (
            isinstance(result[name], torch.Tensor)
            and result[name].dtype == right.dtype
            and torch.equal(result[name], right)
        )
    ]
    said = f"{len(odd)} of the {len(tensors)} tensors of a good file come back changed"
    return Fact("whole" if not odd else ("changed", tuple(odd)), said + (f": {odd[0]}." if odd else "."))


def _what_is_hashed(safe_load: Callable, path: Path, content: bytes) -> str | None:
    """Return with which other hash the good file would have been accepted, or None."""
    digest = hashlib.sha256(content)
    guesses = {
        "any other": ["0" * 64],
        "the path": [sha256(str(name).encode()) for name in (path, path.name, path.resolve())],
        "bytes": [digest.digest()],
        "capitals": [digest.hexdigest().upper()],
        "another function": [
            hashlib.new(name, content, usedforsecurity=False).hexdigest()
            for name in ("md5", "sha1", "sha512", "sha3_256", "blake2b")
        ],
        "the beginning": [sha256(content[:size]) for size in BEGINNINGS],
        "nothing": [sha256(b"")],
        "a text": [
            sha256(content.decode(coding, errors).encode())
            for coding, errors in (("utf-8", "ignore"), ("utf-8", "replace"), ("latin-1", "strict"))
        ],
    }
    for kind, hashes in guesses.items():
        for guess in hashes:
            try:
                if safe_load(path, guess) is not None:
                    return kind
            except Exception:  # not this one either
                continue
    return None
