"""A hundred kills (SIGKILL) at any moment of a command: nothing half-written, no litter after the next run, same bits.

The moments are drawn from a seed: anywhere in the time that the command takes, or while it writes. The table of counts
is printed in the end (`pytest -s`).
"""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from killed_commands import Commands, content, remove

pytestmark = pytest.mark.slow

KILLS = {"slice": 18, "synth": 10, "export": 10, "generate": 10, "layers": 10, "profile": 8, "gamm": 10,
         "gamm overwrite": 6, "classify": 8}
TRAIN_KILLS = {"start-up": 5, "settings": 4, "saving": 5}
STEPS = 12
TINY = ["--first-slice", "--dim=1", "--kernel-len=5", "--latent-dim=8", "--code=binary", "--num_categ=3",
        "--train_batch_size=4", "--wavegan_disc_nupdates=2", "--seed=3", "--cache=memory", "--summary-secs=0",
        "--summary-steps=2", "--save-steps=3"]
counts: list[dict[str, object]] = []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Commands, Path]]:
    """Inputs of every command: a corpus, slices, a trained run, a table."""
    folder = tmp_path_factory.mktemp("inputs")
    with Commands(folder) as commands:
        commands.must_run(["wavegan-tf", "corpus", "synth", folder / "corpus", "--speakers", "3", "--sentences", "1"])
        (folder / "data").mkdir()
        rng = np.random.default_rng(0)
        for i in range(3):
            soundfile.write(folder / "data" / f"{i}.wav", rng.uniform(-0.5, 0.5, 3000 + 500 * i), 16000)
        pd.DataFrame({"file": [f"{i}.wav" for i in range(3)], "label": ["a", "b", "a"]}).to_csv(folder / "labels.csv",
                                                                                               index=False)
        commands.must_run(["wavegan-tf", "train", "wavegan", "--data", folder / "data", "--run", folder / "run", *TINY,
                           "--max-steps=2"])
        rows = [{"Word": word, "Token": f"{word}{token}", "Sample": step, "Value": value, "Start": step == 0}
                for word in ("ask", "wash") for token in range(5) for step, value in enumerate(rng.normal(size=12))]
        pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
        yield commands, folder
    print("\n\n" + pd.DataFrame(counts).to_string(index=False))
    print(f"{sum(int(row['killed']) for row in counts)} kills in all")


def argv_of(name: str, folder: Path, out: Path) -> list[str]:
    gamm = ["snap-tf", "gamm", folder / "table.csv", "--value", "Value", "--time", "Sample", "--group", "Word",
            "--token", "Token", "--start", "Start", "--k", "5", "--out", out]
    return list(map(str, {
        "slice": ["wavegan-tf", "slice", folder / "corpus", out],
        "synth": ["wavegan-tf", "corpus", "synth", out, "--speakers", "8", "--sentences", "8"],
        "export": ["wavegan-tf", "export", folder / "run", out],
        "generate": ["wavegan-tf", "generate", folder / "run", out, "-n", "8"],
        "layers": ["snap-tf", "layers", folder / "run", folder / "data", out],
        "profile": ["snap-tf", "profile", folder / "run", "--clips", folder / "data", "--out", out],
        "gamm": gamm, "gamm overwrite": [*gamm, "--overwrite"],
        "classify": ["wavegan-tf", "classify", folder / "run", folder / "data", out, "--labels", folder / "labels.csv",
                     "--permutations", "200"],
    }[name]))


class Place:
    """Where a command writes: the folder around its output, and what was there before."""

    def __init__(self, around: Path, name: str) -> None:
        self.around = around
        self.out = around / {"profile": "out.npz", "classify": "out.csv"}.get(name, "out")
        self._is_old = name == "gamm overwrite"

    def begin(self) -> None:
        """Make it as it is before the command."""
        for path in list(self.around.iterdir()):
            if not path.name.startswith("."):  # what a killed one left is for the next one to clear
                remove(path)
        if self._is_old:
            self.out.mkdir()
            (self.out / "old.txt").write_text("old")

    def content(self) -> dict[str, bytes]:
        """Read everything that shows."""
        return {name: data for name, data in content(self.around).items() if not f"/{name}".count("/.")}

    def before(self) -> dict[str, bytes]:
        """Return what shows before the command."""
        return {"out/old.txt": b"old"} if self._is_old else {}

    def at_work(self) -> set[Path]:
        """List the folders in which an output is being written, or was until a kill."""
        return {path for path in self.around.glob(".*") if not path.name.endswith(".claim")}


@pytest.mark.parametrize("name", KILLS)
def test_commands_killed_at_any_moment(name: str, made: tuple[Commands, Path], tmp_path: Path) -> None:
    commands, folder = made
    place, rng = Place(tmp_path, name), random.Random(name)
    argv, straight, seconds = argv_of(name, folder, place.out), [], 0.0
    for _ in range(2):  # twice: what differs between them, such as the time it took, is no matter of the kill
        place.begin()
        seconds = commands.must_run(argv)
        straight.append(place.content())
    same = {key for key in straight[0] if straight[0][key] == straight[1].get(key)}
    assert straight[0].keys() == straight[1].keys() and len(same) >= max(1, len(straight[0]) // 2), straight[0].keys()
    done = {"command": name, "killed": 0, "while it wrote": 0, "result whole": 0, "no litter": 0, "same bits": 0}
    tries = 0
    while done["killed"] < KILLS[name]:
        tries += 1
        assert tries < 5 * KILLS[name], "it ends before it is killed"
        place.begin()
        before = place.at_work()
        moment = at(rng.uniform(0, seconds)) if rng.random() < 0.4 else soon_after(
            place.at_work, rng.uniform(0, 0.6) ** 3 * seconds)
        code, _ = commands.run(argv, moment)
        if code != -9:
            continue
        done["killed"] += 1
        done["while it wrote"] += bool(place.at_work() - before)
        seen = place.content()
        if seen:  # nothing, or what was there before, or everything
            assert seen == place.before() or is_same(seen, straight[0], same), (seen.keys(), straight[0].keys())
            done["result whole"] += seen != place.before()
        if done["killed"] % 2 and done["killed"] < KILLS[name]:
            continue  # the next one is killed too
        place.begin()
        commands.must_run(argv)
        assert is_same(place.content(), straight[0], same)
        left = [*tmp_path.rglob(".*"), *commands.temporary.glob("wavegan-tf-*")]
        assert not left, left
        done["no litter"] += 1
        done["same bits"] += 1
    counts.append(done)


def is_same(seen: dict[str, bytes], straight: dict[str, bytes], names: set[str]) -> bool:
    return seen.keys() == straight.keys() and all(seen[name] == straight[name] for name in names)


def at(seconds: float) -> Callable[[], bool]:
    """Return whether it is so many seconds later than now."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def soon_after(find: Callable[[], set[Path]], seconds: float) -> Callable[[], bool]:
    """Return whether something was found that was not there before, so many seconds ago."""
    before, end = find(), []

    def moment() -> bool:
        if not end and find() - before:
            end.append(time.monotonic() + seconds)
        return bool(end) and time.monotonic() >= end[0]

    return moment


def arrays(run: Path) -> dict[str, np.ndarray]:
    found = {}
    for path in sorted((run / "checkpoints" / f"step-{STEPS:09d}").glob("*.npz")):
        with np.load(path) as stored:
            found |= {f"{path.stem}: {key}": stored[key] for key in stored.files}
    assert found
    return found


def test_training_killed_at_its_start_while_it_writes_settings_and_while_it_saves(
        made: tuple[Commands, Path], tmp_path: Path) -> None:
    commands, folder = made
    rng, run = random.Random("train"), tmp_path / "run"

    def argv(name: str) -> list[str]:
        return list(map(str, ["wavegan-tf", "train", "wavegan", "--data", folder / "data", "--run", tmp_path / name,
                              *TINY, f"--max-steps={STEPS}"]))

    seconds = commands.must_run(argv("straight"))
    straight = arrays(tmp_path / "straight")
    done = {"command": "train", "killed": 0, "while it wrote": 0, "result whole": 0, "no litter": 0, "same bits": 0}

    def kill(moment: Callable[[], bool]) -> None:
        code, _ = commands.run(argv("run"), moment)
        done["killed"] += code == -9
        done["while it wrote"] += any(path.name != ".lock" for path in run.rglob(".*"))
        if (run / "config.json").exists():  # whole, or not there
            assert (run / "config.json").read_bytes() == (tmp_path / "straight" / "config.json").read_bytes()
            done["result whole"] += 1

    for _ in range(TRAIN_KILLS["start-up"]):
        kill(at(rng.uniform(0, 0.5 * seconds)))
    for _ in range(TRAIN_KILLS["settings"]):
        remove(run)  # a new run again
        kill(soon_after(lambda: {*run.glob(".config.json*"), *run.glob("config.json")}, rng.uniform(0, 0.004)))
    for _ in range(TRAIN_KILLS["saving"]):
        kill(soon_after(lambda: set(run.glob("checkpoints/.step-*")), rng.uniform(0, 0.02)))
    commands.must_run(argv("run"))
    ours = arrays(run)
    assert ours.keys() == straight.keys()
    for name, value in straight.items():
        np.testing.assert_array_equal(ours[name], value, err_msg=name)
    rows = [[line.rpartition(",")[0] for line in (tmp_path / name / "metrics.csv").read_text().splitlines()]
            for name in ("run", "straight")]
    assert rows[0] == rows[1]
    assert [path.name for path in run.rglob(".*")] == [".lock"]
    done["no litter"] = done["same bits"] = 1
    assert done["killed"] >= sum(TRAIN_KILLS.values()) - 3  # it may be done before its last checkpoint is seen
    counts.append(done)
