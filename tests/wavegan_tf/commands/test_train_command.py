"""`wavegan-tf train`: flags by both names, messages and exit codes; training itself is in tests/.../training."""

import dataclasses

import pytest

from wavegan_tf.cli import build_parser, main
from wavegan_tf.commands.flags import given_settings
from wavegan_tf.config import DataConfig, NetworkConfig, RunConfig, TrainConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.training.options import SessionOptions

SECTIONS = (DataConfig, NetworkConfig, TrainConfig)
ALL = (*SECTIONS, SessionOptions)

# the options of the original's command line that decide something here, from its documentation
ORIGINAL = {
    "data_sample_rate", "data_slice_len", "data_num_channels", "data_overlap_ratio", "data_first_slice", "data_pad_end",
    "data_normalize", "wavegan_latent_dim", "wavegan_kernel_len", "wavegan_dim", "wavegan_batchnorm",
    "wavegan_disc_nupdates", "wavegan_loss", "wavegan_disc_phaseshuffle", "wavegan_genr_upsample", "wavegan_genr_pp",
    "wavegan_genr_pp_len", "train_batch_size", "train_save_secs", "train_summary_secs", "num_categ"}


def parse(*flags):
    return given_settings(build_parser().parse_args(["train", "wavegan", *flags]), *ALL)


def other_value(item, kind):
    if item.metadata["choices"]:
        return next(choice for choice in item.metadata["choices"] if choice != item.default)
    return "x" if kind == "str" else not item.default if kind == "bool" else item.default + 1


@pytest.mark.parametrize("item", [item for section in ALL for item in dataclasses.fields(section)],
                         ids=lambda item: item.name)
def test_every_setting_is_a_flag_by_both_names(item):
    kind = item.type
    value = other_value(item, kind)
    for name in filter(None, (item.name.replace("_", "-"), item.metadata["flag"])):
        flags = [f"--{name}", str(value)] if kind != "bool" else [f"--{'' if value else 'no-'}{name}"]
        given = parse(*flags)
        assert given == {item.name: value} and type(given[item.name]) is type(value)


def test_the_originals_flags_are_all_there():
    flags = {item.metadata["flag"] for section in ALL for item in dataclasses.fields(section)}
    assert flags - {None} == ORIGINAL


def test_only_what_is_given_counts():
    assert parse() == {}
    assert parse("--wavegan_batchnorm") == {"batchnorm": "tf1"}  # the original's flag stands alone
    assert parse("--data_dir", "d", "--train_batch_size", "8") == {"batch_size": 8}


def test_list_prints_every_preset(capsys):
    from wavegan_tf.presets.catalogue import preset_names

    assert main(["train", "--list"]) == 0
    text = capsys.readouterr().out
    assert all(f"\n{name} " in f"\n{text}" for name in preset_names())
    assert "Beguš & Zhou 2022" in text and "code_dim=13" in text


@pytest.mark.parametrize(("flags", "message"), [
    (["wavegan"], "--run must name the folder of the run; it is missing"),
    (["--run", "RUN"], r"PRESET must be given for a new run (RUN is none yet); one of ciwgan, "),
    (["wavegann", "--run", "RUN", "--data", "."], "preset (=wavegann) must be one of ciwgan, "),
    (["wavegan", "--run", "RUN"], "--data must name a folder of audio; it is missing"),
    (["wavegan", "--run", "RUN", "--data", "nowhere"], "nowhere"),
    (["wavegan", "--run", "RUN", "--data", "."], "audio"),
    (["wavegan", "--run", "RUN", "--data", ".", "--num_categ", "5"], "`code_dim` (=5) must be 0 when `code` is none"),
    (["ciwgan", "--run", "RUN", "--data", ".", "--wavegan_loss", "wgan"], "`loss` (=wgan) must be wgan-gp"),
    (["wavegan", "--run", "RUN", "--data", ".", "--keep", "0"], "`keep` (=0) must be positive"),
    (["wavegan", "--run", "RUN", "--data", ".", "--save-secs", "-1"], "`save_secs` (=-1.0) must be 0 or more"),
    (["wavegan", "--run", "RUN", "--data", ".", "--data_slice_len", "16000"], "`slice_len` (=16000) must be one of"),
])
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, monkeypatch, capsys, flags, message):
    monkeypatch.chdir(tmp_path)
    # deterministic operations are a setting of the whole process, and other tests share this one
    assert main(["train", *flags, "--no-deterministic"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("wavegan-tf: error: ") and error.count("\n") == 1 and message in error
    assert not list(tmp_path.iterdir())


def test_a_run_goes_on_with_its_own_settings_and_data(tmp_path, monkeypatch):
    from wavegan_tf.training import devices, loop
    from wavegan_tf.training.runs import create_run, log_session

    config = RunConfig(network=NetworkConfig(dim=3), preset="mine")
    run = create_run(tmp_path / "run", config)
    log_session(run, "start", data="/recordings")
    log_session(run, "end", step=3)
    with (run / "sessions.jsonl").open("a") as file:
        file.write('{"event": "st')  # killed while it wrote
    calls = []

    def train(*args, **options):
        calls.append((args, options["options"]))
        return loop.TrainResult(run, 5, 2, None, 1.0)

    monkeypatch.setattr(loop, "train", train)
    monkeypatch.setattr(devices, "prepare_devices", lambda deterministic: None)
    assert main(["train", "--run", str(run), "--max-steps", "5", "--train_save_secs", "7"]) == 0
    assert calls == [((config, "/recordings", run), SessionOptions(max_steps=5, save_secs=7.0))]
    assert main(["train", "--run", str(run), "--wavegan_dim", "4", "--data", "other"]) == 0
    assert calls[1][0][:2] == (dataclasses.replace(config, network=NetworkConfig(dim=4)), "other")
    log_session(run, "start", data=None)
    assert (run / "sessions.jsonl").read_text().count("\n") == 4  # the half line stays one line


def test_session_options_say_when_to_save():
    options = SessionOptions(save_secs=10.0, save_steps=4, keep_every=6)
    assert [step for step in range(1, 13) if options.save_is_due(step, 0.0)] == [4, 6, 8, 12]
    assert options.save_is_due(1, 10.0) and not SessionOptions(save_secs=0.0).save_is_due(1, 1e9)
    with pytest.raises(ConfigError, match=r"`strategy` .* must be one of one, mirrored, multiworker"):
        SessionOptions(strategy="two")


def test_xla_on_a_cpu_is_warned_of_and_nothing_else_is(tmp_path, capsys, monkeypatch):
    import tensorflow as tf

    def told(*flags):
        assert main(["train", "wavegan", "--data", str(tmp_path / "none"), "--run", str(tmp_path / "run"), *flags]) == 2
        return "--xla makes training on a CPU about five times slower" in capsys.readouterr().err

    gpus = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: gpus)
    monkeypatch.setattr("wavegan_tf.training.devices.prepare_devices", lambda deterministic: None)
    assert told("--xla") and not told() and not told("--no-xla")
    gpus.append("GPU:0")
    assert not told("--xla")
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert "on a CPU a round takes about five times as long" in " ".join(capsys.readouterr().out.split())
