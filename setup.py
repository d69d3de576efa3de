"""Copy data/ and the notebooks into the package that is built: once installed, it has no checkout beside it.

What a notebook's kernel and JupyterLab read goes into the environment, beside the package.

Everything else about the package is said in pyproject.toml. A `package-dir` entry there could map data/
without code, but then every package must be listed by name, each new lesson too. A link inside the package
would break where a checkout cannot hold links.
"""

from pathlib import Path
from typing import ClassVar

from setuptools import Command, Distribution, setup
from setuptools.command.build import build

# A checkout holds more: the text that it makes, and recordings that wait to go on.
CARRIED = ("data/*.json", "data/runs/*.json", "data/checkpoints/*/*", "notebooks/*.ipynb")


class BuildCourseData(Command):
    """Copy what is carried to where `nanogpt_lib.files` looks for it: course_data."""

    description = "copy data/ and the notebooks into the package"
    user_options: ClassVar[list[tuple[str, str, str]]] = []

    def initialize_options(self) -> None:
        self.build_lib: str | None = None
        self.editable_mode = False  # set by an editable install, which reads data/ in the checkout

    def finalize_options(self) -> None:
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        for copy, source in self.get_output_mapping().items():
            self.mkpath(str(Path(copy).parent))
            self.copy_file(source, copy)

    def get_source_files(self) -> list[str]:
        found = (path for pattern in CARRIED for path in Path().glob(pattern))
        return sorted(path.as_posix() for path in found)

    def get_output_mapping(self) -> dict[str, str]:
        if self.editable_mode:
            return {}
        place = Path(self.build_lib, "nanogpt_lib", "course_data")
        return {str(place / source.removeprefix("data/")): source for source in self.get_source_files()}

    def get_outputs(self) -> list[str]:
        return list(self.get_output_mapping())


class Build(build):
    """Build as setuptools does, and the course's data with it."""

    sub_commands = (*build.sub_commands, ("build_course_data", None))


class WithData(Distribution):
    """Answer the question that an editable install asks before it installs data files; it misnames it."""

    def has_data(self) -> bool:
        return self.has_data_files()


# Read by every kernel of this environment as it starts, also one that VS Code or a hub starts; and by every
# JupyterLab of it, which without its file asks each user about news.
BESIDE = sorted(path.as_posix() for path in Path("etc").rglob("*.json"))

setup(
    distclass=WithData,
    cmdclass={"build": Build, "build_course_data": BuildCourseData},
    data_files=[(Path(file).parent.as_posix(), [file]) for file in BESIDE],
)
