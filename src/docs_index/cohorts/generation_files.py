"""Read and write the files of one generation.

If `parsed.txt` exists, the generation is done; if `raw.txt` exists, its answer has been
paid for. Files are published. Nothing outside the generation's own directory is read or
written.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from docs_index.disk.confined import read_file
from docs_index.disk.lock import locked_folder
from docs_index.disk.publish import publish
from docs_index.errors import BlockedError
from docs_index.paths import is_file, is_of_a_path, is_there

PROMPT, RAW, PARSED = "prompt.txt", "raw.txt", "parsed.txt"
RAW_METADATA, PARSED_METADATA = "raw_metadata.json", "parsed_metadata.json"
RAW_RESPONSE = "raw_response.json"  # in the place of raw.txt, if it could not be read
BATCH = "batch.json"
ATTEMPTS = "attempts"
_NO_FILE = "is a link, or not a regular file: put the file itself there"


def parsed_exists(folder: Path) -> bool:
    """Tell whether a generation is done."""
    return is_file(folder / PARSED)


def answer_exists(folder: Path) -> bool:
    """Tell whether a generation's answer is on disk, so that it is not bought."""
    return is_there(folder / RAW) or is_there(folder / RAW_RESPONSE)


def read_bytes(folder: Path, name: str) -> bytes | None:
    """Return a file's content, None where there is no such file.

    Raises:
        BlockedError: it is a link, or not a regular file.
    """
    path = folder / name
    try:
        return read_file(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if not is_of_a_path(error):
            raise
        raise BlockedError(f"{path} {_NO_FILE}") from error


def read_text(folder: Path, name: str) -> str | None:
    """Return a file's text unchanged, None where there is no such file.

    Raises:
        BlockedError: it is a link, not a regular file, or not UTF-8.
    """
    content = read_bytes(folder, name)
    try:
        return None if content is None else content.decode()
    except UnicodeDecodeError as error:
        raise BlockedError(
            f"{folder / name} is not UTF-8 (byte {error.start + 1}): save it as UTF-8"
        ) from error


def write_text(folder: Path, name: str, text: str) -> None:
    """Publish a file of a generation; a lone surrogate becomes `?`."""
    publish(folder / name, text.encode(errors="replace"))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Prevent other processes and threads from writing files of this generation."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked_folder(folder))
        except NotADirectoryError as error:
            raise BlockedError(f"{folder} is a link, or not a directory") from error
        yield
