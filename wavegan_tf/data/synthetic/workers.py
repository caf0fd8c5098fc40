"""Synthesise speakers one after the other, or in several processes at once; the files are the same.

The processes are started afresh rather than through multiprocessing, which would run the caller's main module again in
each of them, with all that it imports. They read their speakers from standard input and answer a line for each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from wavegan_tf.data.synthetic.espeak import Installation
from wavegan_tf.data.synthetic.utterance import say
from wavegan_tf.data.synthetic.voices import Speaker
from wavegan_tf.errors import DataError, UserError
from wavegan_tf.files.write_errors import named_errors

__all__ = ["Job", "Rendered", "be_a_process", "render_all"]

_LOOK_S = 0.05


@dataclass(frozen=True)
class Job:
    """A speaker and the sentences to say, by name."""

    speaker: Speaker
    sentences: dict[str, str]


@dataclass(frozen=True)
class Rendered:
    """What was made for one speaker: numbers of utterances and samples."""

    n_utterances: int
    n_samples: int


def render_all(jobs: Sequence[Job], installation: Installation, root: Path, seed: int,
               workers: int) -> Iterator[Rendered]:
    """Write the files of all speakers below `root`; yield a result for each when it is done.

    Raises:
        DataError: a sentence cannot be said word by word, or a process died.
        OSError: the disk is full, for example.
    """
    if workers == 1:
        for job in jobs:
            yield _render(job, installation, root, seed)
        return
    setting = {"installation": {k: str(v) for k, v in asdict(installation).items()}, "root": str(root), "seed": seed}
    shares = [jobs[i::workers] for i in range(workers)]
    answers: SimpleQueue[dict[str, Any]] = SimpleQueue()
    with ExitStack() as stack:
        for share in shares:
            process = _start()
            thread = Thread(target=_talk, args=(process, share, setting, answers), daemon=True)
            thread.start()
            stack.callback(_end, process, thread)
        for _ in jobs:
            answer = answers.get()
            if "error" in answer:
                raise _error(answer)
            yield Rendered(**answer)


def _render(job: Job, installation: Installation, root: Path, seed: int) -> Rendered:
    folder = root / job.speaker.folder
    folder.mkdir(parents=True)
    n_samples = 0
    for sentence, text in job.sentences.items():
        utterance = say(installation, job.speaker, sentence, text, seed)
        n_samples += len(utterance.samples)
        for suffix, content in utterance.files(job.speaker.container).items():
            path = folder / f"{sentence}.{suffix}"
            with named_errors(path, path):
                path.write_bytes(content)
    return Rendered(len(job.sentences), n_samples)


def _start() -> subprocess.Popen[str]:
    # a package that is found through the working directory or an edited path must be found by the process too
    path = os.pathsep.join(str(Path(p).absolute()) for p in sys.path)
    # a session of its own: Ctrl-C reaches the caller, who ends the process
    return subprocess.Popen([sys.executable, "-c", f"from {__name__} import be_a_process; be_a_process({os.getpid()})"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                            env={**os.environ, "PYTHONPATH": path}, start_new_session=True)


def _talk(process: subprocess.Popen[str], share: Sequence[Job], setting: dict[str, Any],
          answers: SimpleQueue[dict[str, Any]]) -> None:
    """Give a process its share and pass its answers on; say so when it dies."""
    assert process.stdin and process.stdout
    n_answers = 0
    try:
        with process.stdin, process.stdout:
            json.dump({**setting, "jobs": [asdict(job) for job in share]}, process.stdin)
            process.stdin.close()
            for line in process.stdout:
                answers.put(json.loads(line))
                n_answers += 1
    except (OSError, ValueError):  # it died while we wrote, or was killed while it wrote
        pass
    if n_answers < len(share):
        answers.put({"error": f"process (={process.pid}) must render {len(share)} speakers; it ended after "
                              f"{n_answers}; try `workers=1`"})


def _end(process: subprocess.Popen[str], thread: Thread) -> None:
    process.kill()  # does nothing to one that has ended
    thread.join()
    process.wait()


def _error(answer: dict[str, Any]) -> Exception:
    if answer.get("errno"):
        return OSError(answer["errno"], answer["error"], answer.get("file"))
    return DataError(answer["error"])


def _end_with(caller: int) -> None:
    """End this process when its caller was killed, so that it does not write files where the next process writes."""
    while os.getppid() == caller:
        time.sleep(_LOOK_S)
    os._exit(1)


def be_a_process(caller: int) -> None:
    """Render the share that comes on standard input; ends with the process `caller`, however that ends."""
    Thread(target=_end_with, args=(caller,), daemon=True).start()
    task = json.load(sys.stdin)
    where = task["installation"]
    installation = Installation(**{**where, "shared_object": Path(where["shared_object"]),
                                   "data_parent": Path(where["data_parent"])})
    for job in task["jobs"]:
        try:
            done = asdict(_render(Job(Speaker(**job["speaker"]), job["sentences"]), installation, Path(task["root"]),
                                  task["seed"]))
        except UserError as error:
            done = {"error": str(error)}
        except OSError as error:
            done = {"error": error.strerror or str(error), "errno": error.errno, "file": error.filename}
        print(json.dumps(done), flush=True)
