"""A file of tensors that is loaded only if it is the one meant, and never as a program."""

import hashlib
import hmac
import io
import json
import pickle
from collections.abc import Callable

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file

from nanogpt_lib.files import sha256 as digest
from nanogpt_lib.kit.exercise import Exercise
from nanogpt_lib.lessons.full_model.files_treated import loaded

ex = Exercise(
    prompt="Write safe_load(path, sha256): return a safetensors file's tensors as a dict, if the SHA-256 of its bytes is the one given. Another hash raises a ValueError before anything is parsed; a pickle is refused, whatever is in it.",
    hints=(
        "Bytes first: read them, hash them, compare. Only then may anybody look at what they mean.",
        "path.read_bytes() and hashlib.sha256(content).hexdigest(), 64 digits. safetensors.torch.load takes bytes, load_file a path; both refuse a pickle.",
        "content = path.read_bytes(); if hashlib.sha256(content).hexdigest() != sha256, raise ValueError(...); return safetensors.torch.load(content).",
    ),
    inputs=lambda seed: [(seed,), (seed + 1,)],
    run=loaded,
    note=lambda values: (
        f"{len(values[0])} questions about it, and {values[0]['flipped'].said[0].lower()}{values[0]['flipped'].said[1:]}"
    ),
)


@ex.right
def safe_load(path: object, sha256: str) -> dict:
    import hashlib

    from safetensors.torch import load

    content = path.read_bytes()  # read once: what is parsed is what was hashed
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"Expected a file with SHA-256 {sha256[:12]}…, got {found[:12]}….")
    return load(content)  # safetensors only: no pickle is ever opened


@ex.also_right
def loaded_in_pieces(path, sha256):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(4096):
            digest.update(piece)
    if not hmac.compare_digest(digest.hexdigest(), sha256):
        raise ValueError(f"the hash of {path} is another")
    return load_file(str(path))


@ex.also_right
def loaded_by_names(path, sha256):
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise ValueError
    with safe_open(path, framework="pt", device="cpu") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


@ex.also_right
def loaded_by_hand(path, sha256):
    """The format is so simple that ten lines read it: a length, a JSON header, and the numbers."""
    content = bytearray(path.read_bytes())
    if int(hashlib.sha256(content).hexdigest(), 16) != int(sha256 or "0", 16):
        raise ValueError("another file")
    size = int.from_bytes(content[:8], "little")
    kinds = {"F32": torch.float32, "F64": torch.float64, "I64": torch.int64, "BOOL": torch.bool}
    return {
        name: torch.frombuffer(content[8 + size :][slice(*one["data_offsets"])], dtype=kinds[one["dtype"]])
        .view(one["shape"])
        .clone()
        for name, one in json.loads(content[8 : 8 + size]).items()
    }


def raises(kind: type[Exception] = ValueError) -> None:
    raise kind("wrong hash")


def hashed(
    parse: Callable = load_file,
    accepted: Callable = lambda content, sha256: digest(content) == sha256,
    refuse: Callable = raises,
) -> Callable:
    """Return safe_load with parse(path), accepted(content, sha256), or another way to refuse."""
    return lambda path, sha256: parse(path) if accepted(path.read_bytes(), sha256) else refuse()


def falls_back(other: Callable) -> Callable:
    """Return a parser that takes other(path) where the file is no safetensors file."""

    def parse(path):
        try:
            return load_file(path)
        except SafetensorError:
            return other(path)

    return parse


def first_tensor(path):
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in list(file.keys())[:1]}


def hash_afterwards(path, sha256):
    tensors = load_file(path)
    return tensors if digest(path.read_bytes()) == sha256 else raises()


ex.mistake(
    "the code in a pickle runs",
    "{code} Ours only counts; another's could have done anything that you may do. A right hash says that the file is the one meant, not that it is harmless. Which format has no calls in it?",
    hashed(lambda path: torch.load(path, weights_only=False)),
    hashed(lambda path: pickle.loads(path.read_bytes())),
)
ex.mistake(
    "a harmless pickle is let in",
    "{harmless pickle} weights_only=True, torch's default, keeps a list of what a pickle may call, and such lists have had holes. Open no pickle at all: which loader knows only safetensors?",
    hashed(lambda path: torch.load(path, weights_only=True)),
)
ex.mistake(
    "torch.load for a file of safetensors",
    "A good file whose 64 digits were right raised {kind}: torch.load reads pickles, and this is none. Loosen nothing, whatever its message says: another loader knows safetensors.",
    hashed(lambda path: torch.load(io.BytesIO(path.read_bytes()), weights_only=True)),
    see=lambda case: {"kind": type(case.error).__name__},
    when=lambda case: case.error is not None,
)
ex.mistake(
    "a pickle gives nothing instead of an error",
    "{harmless pickle} Whoever called you goes on with nothing in hand. Let the parser's error through.",
    hashed(falls_back(lambda path: None)),
    hashed(falls_back(lambda path: {})),
)
ex.mistake(
    "the ending of the name decides",
    "{called otherwise} A name proves nothing: a pickle can be called model.safetensors, and a file of tensors anything. The hash and the parser decide.",
    lambda path, sha256: safe_load(path, sha256) if path.suffix == ".safetensors" else raises(),
    lambda path, sha256: safe_load(path, sha256) if path.suffix == ".safetensors" else raises(TypeError),
)
ex.mistake(
    "the hash is not compared",
    "{flipped} It parses as before, and one number is another. What is the argument sha256 for?",
    lambda path, sha256: load_file(path),
)
ex.mistake(
    "the path is hashed",
    "{tensors} You hashed the name of the file. A name stays the same when the content is changed.",
    lambda path, sha256: load_file(path) if digest(path.name.encode()) == sha256 else raises(),
)
ex.mistake(
    "the comparison is upside down",
    "{tensors} Any other hash would have been accepted: your condition looks the wrong way.",
    hashed(accepted=lambda content, sha256: digest(content) != sha256),
)
ex.mistake(
    "the digits are in capitals",
    "{tensors} hexdigest() has small letters, as the hash that you are given. You changed one of the two.",
    hashed(accepted=lambda content, sha256: digest(content).upper() == sha256),
)
ex.mistake(
    "another hash function",
    "{tensors} It would be accepted with a hash that is not SHA-256. Which function of hashlib do you call?",
    hashed(accepted=lambda content, sha256: hashlib.md5(content).hexdigest() == sha256),
)
ex.mistake(
    "bytes are compared with digits",
    "{tensors} digest() gives 32 bytes, and you were given 64 digits as text: they are never equal.",
    hashed(accepted=lambda content, sha256: hashlib.sha256(content).digest() == sha256),
)
ex.mistake(
    "a text is hashed",
    "{tensors} You read the file as a text, and what is no text was lost or changed on the way. Hash its bytes.",
    hashed(accepted=lambda content, sha256: digest(content.decode(errors="ignore").encode()) == sha256),
    hashed(accepted=lambda content, sha256: digest(content.decode("latin-1").encode()) == sha256),
)
ex.mistake(
    "only the beginning of the file is hashed",
    "{tensors} You hashed its first bytes. Where the file goes on, anything could be changed.",
    hashed(accepted=lambda content, sha256: digest(content[:4096]) == sha256),
)
ex.mistake(
    "nothing is hashed",
    "{tensors} You hashed 0 bytes: does anybody read the file before hexdigest()?",
    hashed(accepted=lambda content, sha256: digest(b"") == sha256),
)
ex.mistake(
    "only the beginning of the hash counts",
    "{beginning} All 64 digits count; a file with the same first few is quickly found.",
    hashed(accepted=lambda content, sha256: digest(content)[:8] == sha256[:8]),
)
ex.mistake(
    "only the end of the hash counts",
    "{end} All 64 digits count, from the first on.",
    hashed(accepted=lambda content, sha256: digest(content)[-8:] == sha256[-8:]),
)
ex.mistake(
    "the order of the digits does not count",
    "{order} A hash is a number of 64 digits, and each has its place. Compare them as they are.",
    hashed(accepted=lambda content, sha256: sorted(digest(content)) == sorted(sha256)),
)
ex.mistake(
    "a part of a hash will do",
    "{short} It proves as little as it is short. Compare for equality, not with startswith or in.",
    hashed(accepted=lambda content, sha256: sha256 in digest(content)),
)
ex.mistake(
    "no hash is as good as the right one",
    "{empty} Who gives none has proved nothing. Compare always.",
    hashed(accepted=lambda content, sha256: sha256 in ("", digest(content))),
)
ex.mistake(
    "None instead of an error",
    "{flipped} Whoever called you goes on with nothing in hand, and fails far from here. Raise a ValueError.",
    hashed(refuse=lambda: None),
)
ex.mistake(
    "an empty dict instead of an error",
    "{flipped} Nothing was loaded, and nobody is told. Raise a ValueError.",
    hashed(refuse=dict),
)
ex.mistake(
    "an assert instead of a ValueError",
    "{flipped} python -O leaves asserts out, and then it is loaded. Raise a ValueError.",
    hashed(refuse=lambda: raises(AssertionError)),
)
ex.mistake(
    "another error than a ValueError",
    "{flipped} Refused, but whoever expects a ValueError does not catch it.",
    *(hashed(refuse=lambda kind=kind: raises(kind)) for kind in (RuntimeError, OSError, Exception)),
)
ex.mistake(
    "the hash is compared after the loading",
    "{garbage} That is the parser's error: it had the strange bytes in hand before you compared. First the hash, then the parser.",
    hash_afterwards,
)
ex.mistake(
    "only one tensor",
    "{tensors} What of the others? load_file(path) and load(content) return them all.",
    hashed(first_tensor),
)
ex.mistake(
    "only the names",
    "{error} Those are names. Whose numbers are they?",
    hashed(lambda path: list(load_file(path))),
)
