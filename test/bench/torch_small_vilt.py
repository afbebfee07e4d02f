"""The small ViLT of the workbook in PyTorch, with the same parameter names; `load` renames two."""
import torch
from torch import nn
from torch.nn import functional as F

from torch_mmp import CrossAttention, Projection


class Embedding(nn.Module):
    """Pictures [B, size, size, 3] or words int [B, length] to tokens [B, N, d]."""

    def __init__(self, modality, width):
        super().__init__()
        self.patch_size = modality.get("patch")
        if modality["kind"] == "picture":
            tokens = (modality["size"] // self.patch_size) ** 2
            self.patch = nn.Linear(3 * self.patch_size**2, width)
        else:
            tokens = modality["length"]
            self.word = nn.Parameter(torch.zeros(modality["vocabulary"], width))
        self.norm = nn.LayerNorm(width)
        self.position = nn.Parameter(torch.zeros(tokens, width))
        self.modality_type = nn.Parameter(torch.zeros(width))

    def forward(self, x):
        if self.patch_size is None:
            raw = F.embedding(x, self.word)
        else:
            across = x.shape[1] // self.patch_size
            cut = x.unflatten(2, (across, -1)).unflatten(1, (across, -1)).transpose(2, 3)
            raw = self.patch(cut.flatten(3).flatten(1, 2))
        return self.norm(raw) + self.position + self.modality_type


class Block(nn.Module):
    def __init__(self, width, heads, ratio):
        super().__init__()
        self.attentionNorm = nn.LayerNorm(width)
        self.attention = CrossAttention(width, heads)
        self.mlpNorm = nn.LayerNorm(width)
        self.mlp = Projection(width, ratio * width, width)

    def forward(self, x):
        normed = self.attentionNorm(x)
        x = x + self.attention(normed, normed)
        return x + self.mlp(self.mlpNorm(x))


class SmallVilt(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config["width"]
        self.names = [modality["name"] for modality in config["modalities"]]
        self.embed = nn.ModuleDict({m["name"]: Embedding(m, width) for m in config["modalities"]})
        self.class_token = nn.Parameter(torch.zeros(1, width))
        blocks = (Block(width, config["heads"], config["mlpRatio"]) for _ in range(config["layers"]))
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, config["classes"])

    def tokens(self, inputs):
        """The tokens of every modality that `inputs` holds."""
        return {name: self.embed[name](x) for name, x in inputs.items()}

    def fuse(self, tokens):
        """Logits [B, C] from the tokens of every modality."""
        batch = len(tokens[self.names[0]])
        first = self.class_token.expand(batch, 1, -1)
        x = torch.cat([first, *(tokens[name] for name in self.names)], 1)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x[:, 0]))
