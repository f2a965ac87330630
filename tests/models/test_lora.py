"""LoRA's additions: what is merged is what was learnt, and the plain network answers the same."""

from importlib.util import find_spec

import pytest
import timm
import torch

from pipeline.models.lora import add_lora, attention_layers, check_lora, merge_lora


def test_additions_are_added_to_their_layer_by_hand() -> None:
    weights = {
        "attn.qkv.base_layer.weight": torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
        "attn.qkv.base_layer.bias": torch.tensor([5.0, 6.0]),
        "attn.qkv.lora_A.default.weight": torch.tensor([[1.0, -1.0]]),
        "attn.qkv.lora_B.default.weight": torch.tensor([[1.0], [2.0]]),
        "head.weight": torch.tensor([[7.0]]),
    }
    merged = merge_lora(weights, scale=0.5)
    assert merged.keys() == {"attn.qkv.weight", "attn.qkv.bias", "head.weight"}
    assert merged["attn.qkv.weight"].tolist() == [[1.5, 1.5], [4.0, 3.0]]
    assert merged["attn.qkv.bias"].tolist() == [5.0, 6.0]
    plain = {"head.weight": torch.tensor([[7.0]])}
    assert merge_lora(plain, scale=0.5) == plain


def test_a_network_without_attention_is_refused() -> None:
    assert attention_layers(timm.create_model("test_vit", num_classes=0))
    with pytest.raises(ValueError, match="has no attention that LoRA can add to; choose a plain"):
        attention_layers(timm.create_model("test_resnet", num_classes=0))


def test_a_missing_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.models.lora.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"lora needs the package peft; type: .*"):
        check_lora("test_vit")


@pytest.mark.skipif(find_spec("peft") is None, reason="peft is not installed here")
def test_the_merged_network_answers_as_the_one_that_learnt() -> None:
    torch.manual_seed(0)
    plain = timm.create_model("test_vit", num_classes=0)
    before = {name: value.clone() for name, value in plain.state_dict().items()}
    learner = timm.create_model("test_vit", num_classes=0)
    learner.load_state_dict(before)
    add_lora(learner, rank=4, alpha=8.0, dropout=0.0)
    batch = torch.rand(2, 3, *plain.patch_embed.img_size)
    torch.testing.assert_close(learner.eval()(batch), plain.eval()(batch))  # they begin at zero
    learning = [parameter for parameter in learner.parameters() if parameter.requires_grad]
    assert 0 < sum(p.numel() for p in learning) < 0.2 * sum(p.numel() for p in plain.parameters())
    optimiser = torch.optim.AdamW(learning, lr=0.05)
    for _ in range(3):
        optimiser.zero_grad()
        learner(batch).square().mean().backward()
        optimiser.step()
    plain.load_state_dict(merge_lora(learner.state_dict(), scale=2.0))
    assert not torch.equal(
        plain.state_dict()["blocks.0.attn.qkv.weight"], before["blocks.0.attn.qkv.weight"]
    )
    torch.testing.assert_close(plain(batch), learner(batch), rtol=1e-4, atol=1e-5)
