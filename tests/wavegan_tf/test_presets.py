"""Presets: those that come along, and one's own."""

import json

import pytest

from wavegan_tf.config import RunConfig
from wavegan_tf.errors import ConfigError
from wavegan_tf.presets.catalogue import change_settings, load_preset, preset_names

# name: what the papers and the released code say; see the specification of each
KNOWN = {
    "wavegan": {"slice_len": 16384, "code": "none", "loss": "wgan-gp", "dim": 64, "batch_size": 64, "phaseshuffle": 2},
    "wavegan-32768": {"slice_len": 32768},
    "wavegan-65536": {"slice_len": 65536},
    "wavegan-lsgan": {"loss": "lsgan"},
    "wavegan-dcgan": {"loss": "dcgan"},
    "wavegan-wgan": {"loss": "wgan"},
    "ciwgan": {"code": "onehot", "code_dim": 10},
    "fiwgan": {"code": "binary", "code_dim": 3},
    "ciwgan-65536": {"code": "onehot", "code_dim": 10, "slice_len": 65536},
    "fiwgan-32768": {"code": "binary", "code_dim": 3, "slice_len": 32768},
    "ciwgan-words": {"code": "onehot", "code_dim": 8, "first_slice": True, "dim": 64, "batch_size": 64},
    "fiwgan-timit": {"code": "binary", "code_dim": 13, "first_slice": True, "dim": 64},
    "small": {"first_slice": True, "batch_size": 16, "code": "none"},
}


def flat(config):
    return {**vars(config.data), **vars(config.network), **vars(config.train)}


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_makes_settings(name):
    preset = load_preset(name)
    assert (preset.name, preset.config.preset) == (name, name)
    assert preset.about and preset.source
    assert RunConfig.from_json(preset.config.to_json()) == preset.config
    assert KNOWN.get(name, {}).items() <= flat(preset.config).items()


def test_all_that_are_known_are_there():
    assert set(KNOWN) <= set(preset_names())


def test_ones_own_preset(tmp_path):
    (tmp_path / "mine.json").write_text(json.dumps({"about": "a", "base": "ciwgan-words", "changes": {"dim": 32}}))
    (tmp_path / "child.json").write_text(json.dumps(
        {"about": "b", "base": str(tmp_path / "mine.json"), "changes": {"slice_len": 32768}}))
    config = load_preset(tmp_path / "child.json").config
    assert (config.preset, config.network.dim, config.network.code_dim) == ("child", 32, 8)
    assert config.network.slice_len == config.data.slice_len == 32768


@pytest.mark.parametrize(("text", "message"), [
    ("{", "must be JSON with `about`, `changes` and perhaps"),
    ('{"about": "a"}', "'changes'"),
    ('{"about": "a", "changes": {}, "dim": 3}', "unknown key dim"),
    ('{"about": "a", "changes": {"dims": 3}}', r"setting \(=dims\) must be one of .*dim, disc_nupdates"),
    ('{"about": "a", "changes": {"dim": "x"}}', "`dim` .* must be of type int"),
    ('{"about": "a", "changes": {}, "base": "nothing"}', r"preset \(=nothing\) must be one of ciwgan, "),
])
def test_bad_presets(tmp_path, text, message):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_preset(tmp_path / "bad.json")


def test_a_preset_that_is_its_own_base(tmp_path):
    path = tmp_path / "loop.json"
    path.write_text(json.dumps({"about": "a", "base": str(path), "changes": {}}))
    with pytest.raises(ConfigError, match="must not be its own base"):
        load_preset(path)


def test_changes_reach_every_section_that_has_the_field():
    config = change_settings(RunConfig(), {"channels": 2, "seed": 7})
    assert config.data.channels == config.network.channels == 2 and config.train.seed == 7
